"""When credentials end: what has an end, how many days are left, and when people are warned."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from moorage.model.credentials import ConnectionString, Credentials, Keys, RolesAnywhere, Sas

AUTHORITY: Final = "certificate authority"
DAY_MS: Final = 24 * 3600 * 1000
STAGES: Final = (0, 1, 7, 30)
"""Days before the end at which people are warned."""
_LATEST_S: Final = 1 << 37
"""Beyond the year 6000: no time that anybody meant."""
CertificateEnds = Callable[[str], Sequence[int]]
"""When each certificate of a PEM text ends (Unix milliseconds); nothing for one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that a connection needs ends then (Unix milliseconds)."""

    what: str
    at_ms: int


def endings(credentials: Credentials, ca: str, *, certificates: CertificateEnds) -> tuple[Ending, ...]:
    """All that ends, the earliest first. ``ca`` is the PEM text of a connection's authorities.

    Of several authorities the last one counts: old and new stand side by side while they are changed.
    """
    found = []
    if isinstance(credentials, Sas | ConnectionString) and (at_ms := credentials.expires_ms) is not None:
        found.append(Ending("SAS token", at_ms))
    if isinstance(credentials, Keys) and (at_ms := _token_ends(credentials.session_token)) is not None:
        found.append(Ending("session token", at_ms))
    if isinstance(credentials, RolesAnywhere):
        found += [Ending("certificate", at_ms) for at_ms in certificates(credentials.certificate)]
        found += [Ending("intermediate certificate", at_ms) for at_ms in certificates(credentials.chain)]
    if authorities := certificates(ca):
        found.append(Ending(AUTHORITY, max(authorities)))
    return tuple(sorted(found, key=lambda one: one.at_ms))


def expires_ms(credentials: Credentials, ca: str = "", *, certificates: CertificateEnds) -> int | None:
    """When the first of it ends (Unix milliseconds); None where nothing tells an end."""
    found = endings(credentials, ca, certificates=certificates)
    return found[0].at_ms if found else None


def days_left(at_ms: int, now_ms: int) -> int:
    """Whole days until then; 0 on the last day, less than 0 when it is over."""
    return (at_ms - now_ms) // DAY_MS


def stage(at_ms: int, now_ms: int) -> int | None:
    """The least of 0, 1, 7 and 30 days within which it ends; None while it is farther away."""
    return next((days for days in STAGES if at_ms - now_ms <= days * DAY_MS), None)


def _token_ends(token: str) -> int | None:
    """When a session token ends that is a JSON Web Token, as MinIO makes them; of others nobody can tell.

    Source: RFC 7519, section 4.1.4.
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return None
    try:
        ends = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))["exp"]
    except (ValueError, KeyError, TypeError):
        return None
    told = isinstance(ends, int | float) and not isinstance(ends, bool) and 0 < ends < _LATEST_S
    return round(ends * 1000) if told else None
