"""Limits of the settings reach what they limit."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from moorage.model.transaction import Transaction
from moorage.settings import Settings
from moorage.stores.s3 import Limits
from moorage.wiring import open_offline
from moorage.wiring.adapters import Openings
from servers import postgres


class Crowd:
    """Counts how many transactions are inside at the same time."""

    def __init__(self) -> None:
        self.most = 0
        self._inside = 0
        self._lock = threading.Lock()

    def __call__(self, tx: Transaction) -> None:
        tx.projects.all()
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        time.sleep(0.02)
        with self._lock:
            self._inside -= 1


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("pool", [1, 3])
async def test_no_more_transactions_read_side_by_side_than_the_pool_holds(
    tmp_path: Path, postgres_cluster: postgres.Cluster, engine: str, pool: int
) -> None:
    with postgres_cluster.database() as url:
        flags = {"data": tmp_path / "data", "database_pool": pool}
        if engine == "postgresql":
            flags["database_url"] = url
        async with open_offline(Settings.load(flags, {}, tmp_path)) as offline:
            crowd = Crowd()
            await asyncio.gather(*(offline.facts.read(crowd) for _ in range(12)))
            assert crowd.most == pool


def test_connections_to_a_store_are_limited_for_each_purpose(tmp_path: Path) -> None:
    flags = {"data": tmp_path, "connections_reading": 5, "connections_jobs": 3, "connections_admin": 2}
    openings = Openings(Settings.load(flags, {}, tmp_path))
    assert openings._limits == Limits(reading=5, jobs=3, admin=2)
