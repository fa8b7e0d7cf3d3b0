"""The audit and idempotency keys, on every database."""

from __future__ import annotations

from contracts.audit import AuditContract, IdempotencyContract


class TestAudit(AuditContract):
    """Rows of changes."""


class TestIdempotency(IdempotencyContract):
    """Answers that were given."""
