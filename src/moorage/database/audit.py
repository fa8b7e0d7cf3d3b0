"""The record of changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from moorage.database.tables_people import AUDIT
from moorage.model.access import Principal
from moorage.model.clock import now_ms
from moorage.model.transaction import AuditRow


class Audit:
    """Rows are added and read, never changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, principal: Principal, action: str, subject: str, **detail: object) -> None:
        """Write down what ``principal`` does in this transaction. ``detail`` must be JSON, without secrets."""
        self._connection.execute(
            AUDIT.insert().values(
                at_ms=now_ms(),
                user=principal.user,
                email=principal.email,
                action=action,
                subject=subject,
                detail=detail,
            )
        )

    def all(self, *, before: int | None = None, limit: int = 100) -> list[AuditRow]:
        """Newest first; ``before`` is an id, exclusive."""
        query = select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AUDIT.c.id < before)
        return [_audited(row) for row in self._connection.execute(query)]

    def last(self, action: str, subject: str) -> AuditRow | None:
        """The newest row of that action on that subject."""
        query = select(AUDIT).where(AUDIT.c.action == action, AUDIT.c.subject == subject)
        row = self._connection.execute(query.order_by(AUDIT.c.id.desc()).limit(1)).first()
        return None if row is None else _audited(row)


def _audited(row: Row[Any]) -> AuditRow:
    return AuditRow(row.id, row.at_ms, row.user, row.email, row.action, row.subject, row.detail)
