"""Credentials as sealed JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final, get_args

from moorage.model.credentials import Anonymous, Credentials, Forgotten
from moorage.model.secrecy import Sealer

_KINDS: Final[dict[str, type[Credentials]]] = {
    kind.__dataclass_fields__["kind"].default: kind for kind in get_args(Credentials)
}


def sealed(credentials: Credentials, sealer: Sealer) -> bytes | None:
    """What is stored; None for those that hold no secret."""
    if isinstance(credentials, Anonymous | Forgotten):
        return None
    return sealer.seal(json.dumps(asdict(credentials)).encode())


def opened(kind: str, stored: bytes | None, sealer: Sealer) -> Credentials:
    """The credentials of what is stored. SealBroken when no key at hand opens them."""
    if stored is None:
        return Forgotten() if kind == Forgotten().kind else Anonymous()
    fields = json.loads(sealer.open(bytes(stored)))
    return _KINDS[fields.pop("kind")](**fields)
