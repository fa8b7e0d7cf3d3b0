"""Connections that stand for themselves, credentials that can be taken back, roles for loans."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0005"
down_revision: Final = "v0004"

_CONNECTION: Final = (
    ("name", sa.Text(), "''", "empty: it goes with its last store"),
    ("origin", sa.Text(), "''", "where it was declared; empty: by a person"),
    ("open_buckets", sa.Text(), None, "buckets whose stores links may make; empty: all; null: none"),
    ("scope", sa.Text(), None, "who may use the stores that links make; null: everyone"),
    ("former_kind", sa.Text(), None, "kind of the credentials before the last replacement"),
    ("former", sa.LargeBinary(), None, "those credentials, sealed, until the new ones have worked"),
    ("former_ms", sa.BigInteger(), None, "when they were replaced; null: there are none"),
)


def upgrade() -> None:
    """Add columns; no row is written anew."""
    for name, kind, default, comment in _CONNECTION:
        _add("connection", name, kind, default, comment)
    _add("store", "loan_role_arn", sa.Text(), "''", "S3: the role that loans assume")


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], default: str | None, comment: str) -> None:
    column: sa.Column[Any] = sa.Column(
        name,
        kind,
        nullable=default is None,
        server_default=None if default is None else sa.text(default),
        comment=comment,
    )
    op.add_column(table, column)
