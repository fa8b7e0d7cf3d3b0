"""Heartbeats of executors: a row each, beside DBOS's own tables in PostgreSQL."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

EVERY_S: Final = 5.0
SILENT_AFTER_S: Final = 30.0
"""An executor that was silent for so long is taken for dead."""
_FORGOTTEN_AFTER_S: Final = 3600.0

_table = sa.Table(
    "moorage_executor",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("takes_work", sa.Boolean, nullable=False),
    sa.Column("beat", sa.DateTime(timezone=True), nullable=False),
)


class Beats:
    """This executor's own row, and who else lives. Times are the database's, so clocks need not agree."""

    def __init__(self, database: sa.Engine, *, executor: str, version: str, takes_work: bool) -> None:
        self._database = database
        self._row = {"id": executor, "version": version, "takes_work": takes_work}

    def begin(self) -> None:
        """Make the table where it is missing, and beat once."""
        with self._database.begin() as connection:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(6077213)"))
            _table.create(connection, checkfirst=True)
        self.beat()

    def beat(self) -> None:
        """Say that this executor lives; rows of long dead ones go."""
        old = sa.func.now() - sa.text(f"interval '{_FORGOTTEN_AFTER_S} seconds'")
        with self._database.begin() as connection:
            updated = connection.execute(
                sa.update(_table).where(_table.c.id == self._row["id"]).values(beat=sa.func.now())
            )
            if not updated.rowcount:
                connection.execute(sa.insert(_table).values(**self._row, beat=sa.func.now()))
                connection.execute(sa.delete(_table).where(_table.c.beat < old))

    def living(self) -> dict[str, bool]:
        """Executors that beat within the last 30 s, each with whether it takes work."""
        since = sa.func.now() - sa.text(f"interval '{SILENT_AFTER_S} seconds'")
        with self._database.connect() as connection:
            rows = connection.execute(sa.select(_table.c.id, _table.c.takes_work).where(_table.c.beat >= since))
            return {row.id: row.takes_work for row in rows}

    def end(self) -> None:
        """Take the row away: others need not wait for 30 s of silence."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(_table).where(_table.c.id == self._row["id"]))
