"""Tables of long work: jobs and their work rows."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, false

from moorage.database.metadata import METADATA, Id, JsonText, Millis, Serial


def _count(name: str) -> Column[int]:
    return Column(name, Id, nullable=False, server_default="0")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=false())


JOB: Final = Table(
    "job",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Id, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", JsonText, nullable=False),  # it may name a key, which may hold any byte
    Column("created_ms", Millis, nullable=False),
    Column("project", Id),
    Column("folder", Id),
    Column("asked_by", Id),
    Column("question", JsonText),
    Column("answer", Text),
    _count("done"),
    Column("total", Id),
    _count("bytes"),
    Column("unit", Text, nullable=False),
    Column("errors", JsonText, nullable=False),
    Column("outcome", JsonText, nullable=False),
    Column("message", JsonText, nullable=False),
    Column("started_ms", Millis),
    Column("progress_ms", Millis),
    Column("ended_ms", Millis),
    _flag("cancel_asked"),
    _flag("pause_asked"),
    Index(None, "state", "id"),
    Index(None, "project", "id"),
    Index(None, "kind", "subject", "id"),
    Index(None, "ended_ms"),
    sqlite_autoincrement=True,
)
# sqlite_autoincrement: an id that came back would name an old workflow.
WORK: Final = Table(
    "work",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("job", Id, ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("after", LargeBinary),
    Column("upto", LargeBinary),
    Column("cursor", LargeBinary),
    _flag("done"),
    Column("runnable_ms", Millis, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Index(None, "job", "id"),
    sqlite_autoincrement=True,
)
OPEN_WORK: Final = Index(
    "ix_work_open",
    WORK.c.job,
    WORK.c.id,
    sqlite_where=WORK.c.done.is_(False),
    postgresql_where=WORK.c.done.is_(False),
)
