"""An index and an upload that write the same row in the same moment: both go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest

from mirroring.harbour import Harbour, TaskRunner, opened_at
from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.model.jobs import JobState
from moorage.model.transaction import NewRow, Transaction, UploadedRow
from servers import postgres

T = TypeVar("T")


class Racing:
    """A catalogue in which an upload's row is committed just before an index inserts its own, once."""

    def __init__(self, database: Database, name: bytes) -> None:
        self._database = database
        self._name = name
        self.raced = 0

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self._database.read(work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        return await self._database.write(lambda tx: work(self._between(tx)))

    def _between(self, tx: Transaction) -> Transaction:
        insert = tx.items.insert

        def late(project: Any, rows: Sequence[NewRow]) -> None:
            found = [row for row in rows if row.name == self._name]
            if found and not self.raced:
                self.raced += 1
                row = UploadedRow(*found[0], media_type=None)
                self._database._runner.write(lambda other: other.items.add(project, row)).result()
            insert(project, rows)

        tx.items.insert = late  # type: ignore[method-assign]  # between the look and the insert
        return tx


@pytest.mark.parametrize("partitions", [1, 40])
async def test_an_index_that_is_overtaken_looks_again(postgres_cluster: postgres.Cluster, partitions: int) -> None:
    with postgres_cluster.database() as url:
        upgrade(url)

        def prepare(harbour: Harbour) -> None:
            racing = Racing(harbour.facts, b"f0333")
            harbour.facts = racing  # type: ignore[assignment]  # it reads and writes as the other
            harbour.page = 1000 // partitions
            harbour.wire(TaskRunner())

        async with opened_at(url, prepare=prepare) as harbour:
            await harbour.put(f"f{number:04}" for number in range(700))
            mirror, job = await harbour.mirror()
            assert (job.state, job.outcome["seen"]) == (JobState.SUCCEEDED, 700)
            assert harbour.facts.raced == 1  # type: ignore[attr-defined]
            await harbour.assert_same(mirror)
