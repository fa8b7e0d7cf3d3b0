"""Tables of links: imports, their lines, what lists said of links, and links that are broken."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, false

from moorage.database.metadata import METADATA, Id, JsonText, KeyText, Millis, Serial
from moorage.database.tables_catalogue import ITEM

LINK_IMPORT: Final = Table(
    "link_import",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("project", Id, nullable=False, index=True),
    Column("folder", Id, nullable=False),
    Column("below", KeyText, nullable=False, comment="folders in it that are still to be made"),
    Column("source", Text, nullable=False, comment="the file that holds the list"),
    Column("place", Text, nullable=False, comment="the data directory that holds that file"),
    Column("name", JsonText, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("probe", Boolean, nullable=False),
    Column("directories", Text, nullable=False),
    Column("csv", Boolean, nullable=False, server_default=false()),
    Column("asker", JsonText, nullable=False, comment="who asked, with the rights of that moment"),
    Column("created_ms", Millis, nullable=False),
    Column("size", Id, nullable=False),
    Column("lines", Id, nullable=False),
    Column("job", Id, nullable=False, index=True),
    Column("counts", JsonText, nullable=False),
    Column("applied", Id, comment="the import that carried this dry run out"),
    sqlite_autoincrement=True,
)
LINK_LINE: Final = Table(
    "link_line",
    METADATA,
    Column("list", Id, primary_key=True, autoincrement=False),
    Column("line", Id, primary_key=True, autoincrement=False),
    Column("verdict", Text, nullable=False),
    Column("address", KeyText, nullable=False),
    Column("reason", Text, nullable=False),
    Column("mark", BigInteger, comment="stands for the object; only in a dry run"),
    Index("ix_link_line_verdict", "list", "verdict", "line"),
)
LINE_MARKS: Final = Index(
    "ix_link_line_mark",
    LINK_LINE.c.list,
    LINK_LINE.c.mark,
    sqlite_where=LINK_LINE.c.mark.is_not(None),
    postgresql_where=LINK_LINE.c.mark.is_not(None),
)
LINK_METADATA: Final = Table(
    "link_metadata",
    METADATA,
    Column("item", Id, primary_key=True, autoincrement=False),
    Column("facts", JsonText, nullable=False),
    comment="what a list said of a link beside its address",
)
BROKEN_LINK: Final = Table(
    "broken_link",
    METADATA,
    Column("item", Id, primary_key=True, autoincrement=False),
    Column("project", Id, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since_ms", Millis, nullable=False),
    Column("checked_ms", Millis, nullable=False),
    Index(None, "project", "item"),
)
_LINKS: Final = ITEM.c.store.is_not(None) & ITEM.c.owned.is_(None)
ITEM_LINKS: Final = Index("ix_item_link", ITEM.c.project, ITEM.c.id, sqlite_where=_LINKS, postgresql_where=_LINKS)
