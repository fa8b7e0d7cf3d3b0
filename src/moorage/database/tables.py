"""Every table of the catalogue: importing this fills ``METADATA``."""

from __future__ import annotations

from moorage.database import (
    tables_aliases,
    tables_catalogue,
    tables_costs,
    tables_inviting,
    tables_jobs,
    tables_links,
    tables_loans,
    tables_mirrors,
    tables_people,
    tables_stores,
)
from moorage.database.metadata import METADATA

__all__ = [
    "METADATA",
    "tables_aliases",
    "tables_catalogue",
    "tables_costs",
    "tables_inviting",
    "tables_jobs",
    "tables_links",
    "tables_loans",
    "tables_mirrors",
    "tables_people",
    "tables_stores",
]
