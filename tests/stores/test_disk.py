"""The disk adapter and the contract of stores."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.store import StoreContract
from contracts.store_keys import all_listed, read
from moorage.model.errors import BodyBroken, Changed, ObjectNotFound, ReadOnly, Refused, Unstorable
from moorage.model.keys import ETag, Key, key_of
from moorage.model.objects import ByteRange, FileBody
from moorage.model.store import ObjectStore
from moorage.stores.disk.faults import Place
from moorage.stores.disk.records import Described, Records
from moorage.stores.disk.tree import Tree
from moorage.stores.disk.workshop import Workshop
from moorage.stores.memory import MemoryStore
from stores.disk_roots import disk, everything, leftovers, make, names_in, records_in


class TestWholeRoot(StoreContract):
    side_by_side = False

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[ObjectStore]:
        opened = disk(tmp_path)
        yield opened
        await opened.aclose()
        assert leftovers(tmp_path) == []

    @pytest.fixture
    async def reader(self, store: ObjectStore, tmp_path: Path) -> AsyncIterator[ObjectStore]:
        opened = disk(tmp_path, read_only=True)
        yield opened
        await opened.aclose()


class TestBucketInRoot(TestWholeRoot):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[ObjectStore]:
        (tmp_path / "reef-public").mkdir()
        opened = disk(tmp_path, bucket="reef-public", follow=True)
        yield opened
        await opened.aclose()
        assert leftovers(tmp_path) == []

    @pytest.fixture
    async def reader(self, store: ObjectStore, tmp_path: Path) -> AsyncIterator[ObjectStore]:
        opened = disk(tmp_path, read_only=True, bucket="reef-public")
        yield opened
        await opened.aclose()


class TestForeignFiles:
    """Files that other tools write and change are objects like any."""

    async def test_the_guides_example(self, tmp_path: Path) -> None:
        root = tmp_path / "data" / "datasets"
        make(root, "persons/image1.jpg", b"a person")
        store = disk(root, read_only=True)
        page = await store.list_page()
        assert [(listed.key, listed.size) for listed in page.objects] == [("persons/image1.jpg", 8)]
        async with await store.get(Key("persons/image1.jpg")) as body:
            assert await body.read() == b"a person"
            assert body.info.etag == page.objects[0].etag

    async def test_a_read_only_store_writes_nothing_at_all(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"data")
        before = everything(tmp_path)
        store = disk(tmp_path, read_only=True)
        await all_listed(store)
        await read(store, Key("a"))
        await store.stat(Key("a"))
        with pytest.raises(ReadOnly):
            await store.put(Key("b"), b"data")
        with pytest.raises(ReadOnly):
            await store.try_multipart(Key("b"))
        assert everything(tmp_path) == before

    async def test_the_tree_looks_like_the_bucket(self, tmp_path: Path) -> None:
        make(tmp_path, "reef-public/")
        store = disk(tmp_path, bucket="reef-public")
        await store.put(Key("2021/site 1/a.jpg"), b"data", media_type="image/jpeg", metadata={"one": "1"})
        assert set(everything(tmp_path / "reef-public")) == {"2021", "2021/site 1", "2021/site 1/a.jpg"}
        assert (tmp_path / "reef-public/2021/site 1/a.jpg").read_bytes() == b"data"
        assert names_in(tmp_path / ".moorage") == {"reef-public"}
        await store.delete(Key("2021/site 1/a.jpg"))
        assert everything(tmp_path / "reef-public") == {}
        assert records_in(tmp_path) == []

    async def test_folders_that_hold_something_stay_when_an_object_goes(self, tmp_path: Path) -> None:
        store = disk(tmp_path)
        await store.put(Key("a/b/c"), b"")
        (tmp_path / "a" / "kept").mkdir()
        await store.delete(Key("a/b/c"))
        assert names_in(tmp_path / "a") == {"kept"}

    async def test_what_lies_in_moorage_is_never_an_object(self, tmp_path: Path) -> None:
        store = disk(tmp_path)
        await store.put(Key("a"), b"data", metadata={"one": "1"})
        (record,) = records_in(tmp_path)
        hidden = Key(str(record.relative_to(tmp_path)))
        assert [listed.key for listed in await all_listed(store)] == ["a"]
        assert await all_listed(store, ".moorage/") == []
        assert await all_listed(store, ".moorage/.root/records/") == []
        assert (await store.list_page(delimiter=True)).prefixes == []
        with pytest.raises(ObjectNotFound):
            await store.get(hidden)
        await store.delete(hidden)
        assert record.exists()

    async def test_a_file_that_another_tool_changed_is_another_version(self, tmp_path: Path) -> None:
        store = disk(tmp_path)
        put = await store.put(Key("a"), b"data", media_type="image/png", metadata={"one": "1"})
        os.utime(tmp_path / "a", ns=(1, 1))
        stat = await store.stat(Key("a"))
        assert stat.etag != put.etag
        assert (stat.media_type, dict(stat.metadata)) == ("", {})
        with pytest.raises(Changed):
            await store.get(Key("a"), if_match=put.etag)
        (tmp_path / "new").write_bytes(b"atad")
        (tmp_path / "new").rename(tmp_path / "a")
        assert (await store.stat(Key("a"))).etag not in (put.etag, stat.etag)

    async def test_a_spoilt_record_costs_the_metadata_only(self, tmp_path: Path) -> None:
        store = disk(tmp_path)
        await store.put(Key("a"), b"data", metadata={"one": "1"})
        for spoilt in (b"", b"[1]", b'{"x": 1}', b"\xff"):
            records_in(tmp_path)[0].write_bytes(spoilt)
            assert dict((await store.stat(Key("a"))).metadata) == {}
            assert await read(store, Key("a")) == b"data"

    async def test_a_link_in_the_place_of_a_record_is_not_followed(self, tmp_path: Path) -> None:
        await disk(tmp_path).put(Key("a"), b"data", metadata={"one": "1"})
        (record,) = records_in(tmp_path)
        record.rename(tmp_path / "elsewhere")
        record.symlink_to(tmp_path / "elsewhere")
        stat = await disk(tmp_path, read_only=True).stat(Key("a"))
        assert (stat.size, dict(stat.metadata)) == (4, {})

    async def test_an_announced_version_that_never_came_leaves_the_old_metadata(self, tmp_path: Path) -> None:
        store = disk(tmp_path)
        old = await store.put(Key("a"), b"data", metadata={"one": "1"})
        records = Records(Workshop(Tree(Place("local", str(tmp_path), ""), follow=False)))
        records.announce(b"a", ETag("never"), Described("", {"two": "2"}), before=old.etag)
        assert dict((await store.stat(Key("a"))).metadata) == {"one": "1"}

    async def test_undecodable_names_are_keys(self, tmp_path: Path) -> None:
        make(tmp_path, os.fsdecode(b"d\xff/\xfe.jpg"), b"odd")
        store = disk(tmp_path)
        key = key_of(b"d\xff/\xfe.jpg")
        assert [listed.key for listed in await all_listed(store)] == [key]
        assert [listed.key for listed in await all_listed(store, key_of(b"d\xff/\xfe"))] == [key]
        assert await read(store, key) == b"odd"
        await store.copy(key, key_of(b"\xfd"))
        await store.delete(key)
        assert [listed.key for listed in await all_listed(store)] == [key_of(b"\xfd")]
        assert store.unstorable(Key("\ud800")) is not None

    async def test_pipes_sockets_and_folders_are_no_objects(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "empty" / "below").mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "socket"))
            store = disk(tmp_path, follow=True)
            assert await all_listed(store) == []
            assert (await store.list_page(delimiter=True)).prefixes == []
            for key in map(Key, ("pipe", "socket", "empty", "empty/below")):
                for verb in (store.get, store.stat):
                    with pytest.raises(ObjectNotFound):
                        await asyncio.wait_for(verb(key), 5)
                with pytest.raises(Unstorable):
                    await store.put(key, b"data")
                await store.delete(key)
            assert (tmp_path / "pipe").is_fifo()

    async def test_a_file_that_shrinks_under_its_reader_is_a_broken_body(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"x" * (3 << 20))
        async with await disk(tmp_path).get(Key("a")) as body:
            blocks = aiter(body)
            assert len(await anext(blocks)) == 1 << 20
            os.truncate(tmp_path / "a", 2 << 20)
            with pytest.raises(BodyBroken):
                await anext(blocks)

    async def test_a_file_rewritten_under_its_reader_is_a_broken_body(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"x" * (3 << 20))
        async with await disk(tmp_path).get(Key("a")) as body:
            blocks = aiter(body)
            await anext(blocks)
            (tmp_path / "a").write_bytes(b"y" * (3 << 20))
            with pytest.raises(BodyBroken):
                await anext(blocks)

    async def test_a_reader_keeps_the_version_that_it_opened(self, tmp_path: Path) -> None:
        store = disk(tmp_path)
        await store.put(Key("a"), b"x" * (3 << 20))
        async with await store.get(Key("a")) as body:
            await store.put(Key("a"), b"y" * (3 << 20))
            assert set(await body.read()) == {ord("x")}

    async def test_a_body_lends_its_descriptor_while_it_is_open(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"0123456789")
        body = await disk(tmp_path).get(Key("a"), byte_range=ByteRange(3, 1))
        assert isinstance(body, FileBody)
        descriptor = body.descriptor or -1
        assert os.pread(descriptor, 100, 0) == b"0123456789"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(descriptor, b"x")
        await body.aclose()
        await body.aclose()
        assert body.descriptor is None
        memory = MemoryStore()
        await memory.put(Key("a"), b"data")
        assert not isinstance(await memory.get(Key("a")), FileBody)

    async def test_a_disk_has_no_urls(self, tmp_path: Path) -> None:
        with pytest.raises(Refused):
            await disk(tmp_path).presign(Key("a"), expires_s=60)
