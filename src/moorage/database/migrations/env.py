"""What Alembic runs: the steps, on the connection that ``moorage.database.schema`` hands over."""

from __future__ import annotations

from alembic import context

from moorage.database.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite too undoes what it created, because our engine opens its transactions itself.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
