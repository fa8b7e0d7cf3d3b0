"""When credentials end: what has an end, and how many days are left. Of a session token nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from moorage.model.credentials import ConnectionString, Credentials, RolesAnywhere, Sas

DAY_MS: Final = 24 * 3600 * 1000
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
    if isinstance(credentials, RolesAnywhere):
        found += [Ending("certificate", at_ms) for at_ms in certificates(credentials.certificate)]
        found += [Ending("intermediate certificate", at_ms) for at_ms in certificates(credentials.chain)]
    if authorities := certificates(ca):
        found.append(Ending("certificate authority", max(authorities)))
    return tuple(sorted(found, key=lambda one: one.at_ms))


def expires_ms(credentials: Credentials, ca: str = "", *, certificates: CertificateEnds) -> int | None:
    """When the first of it ends (Unix milliseconds); None where nothing tells an end."""
    found = endings(credentials, ca, certificates=certificates)
    return found[0].at_ms if found else None


def days_left(at_ms: int, now_ms: int) -> int:
    """Whole days until then; 0 on the last day, less than 0 when it is over."""
    return (at_ms - now_ms) // DAY_MS
