"""Loans, and the uploads that were begun for them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "v0008"
down_revision: Final = "v0007"


def upgrade() -> None:
    """Add two tables."""
    _loan()
    _loan_upload()


def _loan() -> None:
    op.create_table(
        "loan",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("store", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="names the loan in the provider's own log"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("prefix", sa.LargeBinary(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("access_key", sa.Text(), nullable=False, comment="the public part of what was lent, never a secret"),
        sa.Column("list_uploads", sa.Boolean(), nullable=False),
        sa.Column(
            "revocable",
            sa.Boolean(),
            nullable=False,
            comment="all that was lent can be made useless before its time",
        ),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_loan"),
    )
    op.create_index("ix_loan_expires_ms", "loan", ["expires_ms"], unique=False)
    op.create_index("ix_loan_store_id", "loan", ["store", "id"], unique=False)


def _loan_upload() -> None:
    op.create_table(
        "loan_upload",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("loan", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False, comment="what the provider knows the upload by, sealed"),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_loan_upload"),
        comment="uploads that were begun for loans and are neither completed nor cancelled",
    )
    op.create_index("ix_loan_upload_due_ms", "loan_upload", ["due_ms"], unique=False)
    op.create_index("ix_loan_upload_loan", "loan_upload", ["loan"], unique=False)
