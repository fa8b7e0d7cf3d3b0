"""Ports to what is recorded beside the facts: the audit, answers to idempotency keys, the installation itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from moorage.model.access import Principal, UserId


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, when. ``detail`` holds no secrets."""

    id: int
    at_ms: int
    user: int
    email: str
    action: str
    subject: str
    detail: Mapping[str, object]


class Audit(Protocol):
    """The record of changes, written in the transaction of the change."""

    def add(self, principal: Principal, action: str, subject: str, **detail: object) -> None: ...

    def all(self, *, before: int | None = None, limit: int = 100) -> list[AuditRow]: ...

    def last(self, action: str, subject: str) -> AuditRow | None:
        """The newest row of that action on that subject."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was given to an idempotency key."""

    request_hash: bytes
    status: int
    body: bytes


class Idempotency(Protocol):
    """Answers by (principal, key), committed with the effect that they tell of."""

    def get(self, user: UserId, key: str, now_ms: int) -> Answered | None: ...

    def add(self, user: UserId, key: str, answered: Answered, expires_ms: int) -> None: ...

    def keep_answer(self, user: UserId, key: str, status: int, body: bytes) -> None:
        """Write down how the request with this key was answered."""


class Instance(Protocol):
    """A few facts of the installation itself, by name, such as the sealed text that proves the key."""

    def get(self, name: str) -> bytes | None: ...

    def set(self, name: str, value: bytes) -> None: ...

    def keep(self, name: str, value: bytes) -> bytes:
        """Write it where nothing is there; the value in force, whoever wrote it first."""

    def holds_seals(self) -> bool:
        """True where any connection has sealed credentials."""
