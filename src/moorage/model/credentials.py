"""Credentials by kind. They are sealed at rest and never appear in a repr, log or answer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credentials: public buckets, disks."""

    kind: str = field(default="anonymous", init=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """Access key and secret of the S3 family, with a session token where they are temporary."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    kind: str = field(default="keys", init=False)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """There were credentials, until a reset of the key took them away: a store with these cannot be opened."""

    kind: str = field(default="forgotten", init=False)


Credentials = Anonymous | Keys | Forgotten
