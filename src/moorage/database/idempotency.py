"""Answers that were given to idempotency keys."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from moorage.database.tables_people import IDEMPOTENCY_KEY
from moorage.database.upsert import insert
from moorage.model.access import UserId
from moorage.model.clock import now_ms
from moorage.model.errors import Conflict
from moorage.model.transaction import Answered

_COLUMNS = IDEMPOTENCY_KEY.c


class Idempotency:
    """One answer for each (user, key), until it expires."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, user: UserId, key: str, now_ms: int) -> Answered | None:
        """The answer, or None when there is none or its time is over."""
        row = self._connection.execute(
            select(IDEMPOTENCY_KEY).where(_COLUMNS.user == user, _COLUMNS.key == key, _COLUMNS.expires_ms > now_ms)
        ).first()
        return None if row is None else Answered(row.request_hash, row.status, row.body)

    def add(self, user: UserId, key: str, answered: Answered, expires_ms: int) -> None:
        """Keep the answer with the effect. Conflict when another request with the key was first."""
        self._connection.execute(delete(IDEMPOTENCY_KEY).where(_COLUMNS.expires_ms <= now_ms()))
        added = self._connection.execute(
            insert(self._connection, IDEMPOTENCY_KEY)
            .values(
                user=user,
                key=key,
                request_hash=answered.request_hash,
                status=answered.status,
                body=answered.body,
                expires_ms=expires_ms,
            )
            .on_conflict_do_nothing()
            .returning(_COLUMNS.key)
        )
        if added.first() is None:
            raise Conflict(
                "Another request with this idempotency key was first. Nothing was changed.",
                "Send the request again: it answers what the first one did.",
            )

    def keep_answer(self, user: UserId, key: str, status: int, body: bytes) -> None:
        """Write down how the request with this key was answered."""
        self._connection.execute(
            update(IDEMPOTENCY_KEY).where(_COLUMNS.user == user, _COLUMNS.key == key).values(status=status, body=body)
        )
