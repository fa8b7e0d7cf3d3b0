"""The canary: a known text under seal in the catalogue, which tells at start whether the key is the right one."""

from __future__ import annotations

from typing import Final

from moorage.model.errors import SealBroken
from moorage.model.secrecy import Sealer

_PLAIN: Final = b"moorage"


def new_canary(sealer: Sealer) -> bytes:
    """What to store in a new catalogue, and again after a rotation or a reset."""
    return sealer.seal(_PLAIN)


def check_canary(sealer: Sealer, stored: bytes | None) -> None:
    """Return when the ring opens ``stored``, or when nothing is stored yet.

    Raises SealBroken, naming both ways out, when the catalogue was made with another key.
    """
    if stored is None:
        return
    try:
        plain = sealer.open(stored)
    except SealBroken as exc:
        raise _another_key() from exc
    if plain != _PLAIN:
        raise _another_key()


def _another_key() -> SealBroken:
    return SealBroken(
        "The credentials in this catalogue are sealed with a key that is not at hand. Nothing was changed.",
        "Bring back the key (the file secret.key of the data directory, or MOORAGE_SECRET_KEY); or run "
        "`moorage secrets reset`, which forgets the credentials of stores, only those, and lists the stores to "
        "fill in again.",
    )
