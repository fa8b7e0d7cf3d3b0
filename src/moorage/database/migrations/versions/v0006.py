"""Imports of links."""

from __future__ import annotations

from typing import Final

revision: Final = "v0006"
down_revision: Final = "v0005"


def upgrade() -> None:
    """Nothing yet."""
