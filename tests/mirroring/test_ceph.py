"""A first index of odd keys on a real server: every one of them becomes an item, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from mirroring.harbour import Harbour
from moorage.mirroring import scanning
from moorage.model.jobs import JobState
from moorage.model.keys import Bucket, Key, key_bytes
from moorage.stores.s3.store import S3Store
from servers import Server, ceph
from stores.s3_bucket import bucket_of, store_at

ODD = [
    "a", "a/b", "a//b", "a/./b", "a/../b", "/lead", " blank ", "plus+plus", "100%", "%20", "q?x=1#y", "é", "e\u0301",
    "漢字/写真.jpg", "😀.png", "tab\there", "line\nbreak", "\x01ctl", "x" * 1022, "d/" + "y" * 1020, "quote\"'&<>",
    "back\\slash", "..", ".", "a/..", "CON", "trail/ ", "fold/er/UPPER", "fold/er/upper",
]  # fmt: skip


@pytest.fixture(scope="session")
def server() -> Server:
    return ceph()


@pytest.fixture
async def reef(harbour: Harbour, server: Server) -> AsyncIterator[S3Store]:
    """The harbour's store is a bucket of the server; what is yielded may write to it."""
    async with bucket_of(server) as bucket:
        facts = store_at(server, bucket)
        connection = replace(facts.connection, id=harbour.store.connection.id)
        harbour.store = replace(harbour.store, connection=connection, bucket=Bucket(bucket))
        await harbour.facts.write(lambda tx: tx.stores.update(harbour.store))
        harbour.opener = S3Store
        writer = S3Store(store_at(server, bucket, read_only=False))
        yield writer
        await writer.aclose()


async def test_every_odd_key_becomes_an_item_and_a_second_look_changes_nothing(harbour: Harbour, reef: S3Store) -> None:
    bodies = {f"p/{key}": str(number).encode() for number, key in enumerate(ODD)}
    bodies |= {"p/marker/": b"", "p/full/": b"bytes", "p/empty": b"", "other/x": b"1"}
    bodies |= {f"p/many/{number:03}": b"m" for number in range(60)}
    for key, body in bodies.items():
        await reef.put(Key(key), body)
    mirror, job = await harbour.mirror("p/")
    expected = {key_bytes(key[2:]): len(body) for key, body in bodies.items() if key.startswith("p/")}
    del expected[b"marker/"]
    rows = await harbour.rows(mirror.id)
    assert {key: row.size for key, row in rows.items()} == expected
    assert (job.state, job.outcome["added"]) == (JobState.SUCCEEDED, len(expected))
    again = await harbour.reindex(mirror)
    assert (again.outcome["added"], again.outcome["changed"], again.outcome["vanished"]) == (0, 0, 0)
    await reef.delete(Key("p/a//b"))
    await reef.put(Key("p/a"), b"another")
    again = await harbour.reindex(mirror)
    assert (again.outcome["added"], again.outcome["changed"], again.outcome["vanished"]) == (0, 1, 1)
    assert {key: row.id for key, row in (await harbour.rows(mirror.id)).items()} == {
        key: row.id for key, row in rows.items() if key != b"a//b"
    }


async def test_partitions_of_a_real_listing_make_the_same_rows(
    harbour: Harbour, reef: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "PAGE", 20)
    keys = [f"d{number % 3}/f{number:05}" for number in range(300)]
    places = asyncio.Semaphore(16)

    async def put(key: str) -> None:
        async with places:
            await reef.put(Key(key), b"1")

    await asyncio.gather(*(put(key) for key in keys))
    mirror, job = await harbour.mirror()
    assert (job.state, job.outcome["added"]) == (JobState.SUCCEEDED, len(keys))
    assert set(await harbour.rows(mirror.id)) == {key.encode() for key in keys}
    works = await harbour.facts.read(lambda tx: tx.jobs.works(job.id, step="list"))
    assert len(works) > 1
