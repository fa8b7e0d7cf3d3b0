"""Credentials of every kind, as requests bring them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Final

from moorage.model.credentials import Anonymous, Credentials


@dataclass(frozen=True, slots=True)
class ServiceAccountPath:
    """The key file of a Google service account on the server's machine, which reads it once; for admins."""

    path: str
    kind: str = field(default="service_account", init=False)


AnyCredentials = Credentials | ServiceAccountPath
ANONYMOUS: Final = Anonymous()


def credentials_body(credentials: AnyCredentials) -> dict[str, str]:
    """Credentials as a request brings them: their kind, and the fields that are not empty."""
    return {name: value for name, value in asdict(credentials).items() if value}
