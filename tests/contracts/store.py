"""What every store adapter promises; each adapter's tests subclass ``StoreContract``."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator

import pytest

from contracts.store_keys import Blocks, all_listed, read
from contracts.store_listing import ListingContract
from moorage.model.errors import (
    AlreadyExists,
    BodyBroken,
    Changed,
    ObjectNotFound,
    RangeUnsatisfiable,
    ReadOnly,
)
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange
from moorage.model.store import Condition, ObjectStore

MIB = 1 << 20
ABSENT = Condition(if_absent=True)
A, B = Key("a"), Key("b")


class StoreContract(ListingContract):
    """Override ``store`` and ``reader``; set ``side_by_side`` False where ``a`` and ``a/b`` exclude each other."""

    @pytest.fixture
    def store(self) -> ObjectStore:
        """An empty store that may be written to."""
        raise NotImplementedError

    @pytest.fixture
    def reader(self, store: ObjectStore) -> ObjectStore:
        """A read-only store on the same objects as ``store``."""
        raise NotImplementedError

    # Whole objects

    async def test_an_object_comes_back_as_it_was_put(self, store: ObjectStore) -> None:
        data = bytes(range(256)) * 40
        put = await store.put(A, data, media_type="image/x-odd", metadata={"Camera": "one", "note": "a b"})
        stat = await store.stat(A)
        listed = (await store.list_page()).objects
        async with await store.get(A) as body:
            assert await body.read() == data
            assert (body.start, body.stop) == (0, len(data))
            got = body.info
        assert put.key == stat.key == got.key == listed[0].key == A
        assert put.size == stat.size == got.size == listed[0].size == len(data)
        assert put.etag == stat.etag == got.etag == listed[0].etag != ""
        assert stat.media_type == got.media_type == "image/x-odd"
        assert dict(stat.metadata) == dict(got.metadata) == {"camera": "one", "note": "a b"}
        assert abs(stat.modified_ms / 1000 - time.time()) < 600
        assert abs(stat.modified_ms - listed[0].modified_ms) < 1000

    async def test_an_empty_object_is_an_object(self, store: ObjectStore) -> None:
        await store.put(A, b"")
        assert (await store.stat(A)).size == 0
        assert await read(store, A) == b""
        assert [(listed.key, listed.size) for listed in await all_listed(store)] == [(A, 0)]

    async def test_a_second_put_replaces_all_of_the_first(self, store: ObjectStore) -> None:
        first = await store.put(A, b"first, and longer", media_type="text/one", metadata={"one": "1"})
        second = await store.put(A, b"second", media_type="text/two")
        stat = await store.stat(A)
        assert first.etag != second.etag == stat.etag
        assert (stat.size, stat.media_type, dict(stat.metadata)) == (6, "text/two", {})
        assert await read(store, A) == b"second"

    async def test_a_body_of_unknown_length_arrives_whole(self, store: ObjectStore) -> None:
        blocks = [bytes([number % 251]) * (300_007 + number) for number in range(40)]
        info = await store.put(A, Blocks(*blocks, b""))
        assert info.size == (await store.stat(A)).size == sum(map(len, blocks))
        assert hashlib.sha256(await read(store, A)).digest() == hashlib.sha256(b"".join(blocks)).digest()

    async def test_a_body_of_known_length_arrives_whole(self, store: ObjectStore) -> None:
        blocks = [b"", b"x" * 7, b"y" * (2 * MIB), b"", b"z"]
        await store.put(A, Blocks(*blocks), length=2 * MIB + 8)
        assert await read(store, A) == b"".join(blocks)

    async def test_what_was_deleted_is_gone_and_absent_keys_are_deleted_already(self, store: ObjectStore) -> None:
        await store.put(A, b"data", metadata={"one": "1"})
        await store.delete(A)
        await store.delete(A)
        await store.delete(Key("never/was/there"))
        for verb in (store.stat, store.get):
            with pytest.raises(ObjectNotFound) as caught:
                await verb(A)
            assert caught.value.key == A
        assert await all_listed(store) == []
        await store.put(A, b"again")
        assert dict((await store.stat(A)).metadata) == {}

    async def test_a_copy_is_equal_and_independent(self, store: ObjectStore) -> None:
        data = b"x" * (MIB + 1)
        await store.put(A, data, media_type="image/png", metadata={"one": "1"})
        copied = await store.copy(A, Key("far/away"))
        await store.delete(A)
        stat = await store.stat(Key("far/away"))
        assert (copied.key, copied.size, copied.etag) == (Key("far/away"), MIB + 1, stat.etag)
        assert (stat.media_type, dict(stat.metadata)) == ("image/png", {"one": "1"})
        assert await read(store, Key("far/away")) == data

    async def test_a_copy_of_nothing_is_no_object(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectNotFound):
            await store.copy(A, B)
        assert await all_listed(store) == []

    async def test_a_tried_multipart_leaves_nothing(self, store: ObjectStore) -> None:
        await store.try_multipart(Key("probe/object"))
        assert await all_listed(store) == []

    async def test_closing_twice_does_no_harm(self, store: ObjectStore) -> None:
        await store.put(A, b"data")
        await store.aclose()
        await store.aclose()

    # Ranges and readers

    @pytest.mark.parametrize(
        ("asked", "start", "stop"),
        [
            (ByteRange(0, 1), 0, 1),
            (ByteRange(5, 1), 5, 6),
            (ByteRange(9, 1), 9, 10),
            (ByteRange(2, 5), 2, 7),
            (ByteRange(0, 10), 0, 10),
            (ByteRange(4), 4, 10),
            (ByteRange(0), 0, 10),
            (ByteRange(8, 100), 8, 10),
            (ByteRange(None, 3), 7, 10),
            (ByteRange(None, 100), 0, 10),
        ],
    )
    async def test_a_range_is_these_bytes(self, store: ObjectStore, asked: ByteRange, start: int, stop: int) -> None:
        whole = await store.put(A, b"0123456789")
        async with await store.get(A, byte_range=asked) as body:
            assert (body.start, body.stop, body.info.size, body.info.etag) == (start, stop, 10, whole.etag)
            assert await body.read() == b"0123456789"[start:stop]

    @pytest.mark.parametrize("size", [0, 10])
    async def test_a_range_without_a_byte_is_unsatisfiable(self, store: ObjectStore, size: int) -> None:
        await store.put(A, b"x" * size)
        asked = [ByteRange(size, 1), ByteRange(size + 1), ByteRange(None, 0)]
        for byte_range in [*asked, ByteRange(None, 5)] if size == 0 else asked:
            with pytest.raises(RangeUnsatisfiable) as caught:
                await store.get(A, byte_range=byte_range)
            assert caught.value.size == size

    async def test_a_long_range_comes_in_bounded_blocks(self, store: ObjectStore) -> None:
        data = bytes(range(251)) * 16_000
        await store.put(A, data)
        async with await store.get(A, byte_range=ByteRange(1000, 3 * MIB)) as body:
            blocks = [block async for block in body]
        assert all(0 < len(block) <= MIB for block in blocks)
        assert b"".join(blocks) == data[1000 : 1000 + 3 * MIB]

    async def test_a_get_names_the_version_that_it_wants(self, store: ObjectStore) -> None:
        old = await store.put(A, b"old")
        new = await store.put(A, b"new!")
        async with await store.get(A, if_match=new.etag, byte_range=ByteRange(0, 3)) as body:
            assert await body.read() == b"new"
        with pytest.raises(Changed):
            await store.get(A, if_match=old.etag)
        with pytest.raises(ObjectNotFound):
            await store.get(B, if_match=old.etag)

    async def test_readers_that_stop_half_way_leave_the_store_usable(self, store: ObjectStore) -> None:
        await store.put(A, b"x" * (3 * MIB))
        for _ in range(70):
            async with await store.get(A) as body:
                async for block in body:
                    assert block
                    break
            await body.aclose()
        unread = await store.get(A)
        await unread.aclose()
        await store.put(B, b"works")
        assert await read(store, B) == b"works"

    async def test_many_readers_at_once_get_all_bytes(self, store: ObjectStore) -> None:
        data = bytes(range(256)) * 8192
        await store.put(A, data)
        assert all(got == data for got in await asyncio.gather(*(read(store, A) for _ in range(8))))

    # Conditions

    async def test_a_put_if_absent_never_replaces(self, store: ObjectStore) -> None:
        await store.put(A, b"first", condition=ABSENT)
        with pytest.raises(AlreadyExists):
            await store.put(A, b"second", condition=ABSENT)
        with pytest.raises(AlreadyExists):
            await store.put(A, Blocks(b"third"), condition=ABSENT)
        assert await read(store, A) == b"first"

    async def test_of_many_puts_if_absent_one_wins(self, store: ObjectStore) -> None:
        puts = [store.put(A, b"%d" % number, condition=ABSENT) for number in range(6)]
        answers = await asyncio.gather(*puts, return_exceptions=True)
        won = [number for number, answer in enumerate(answers) if not isinstance(answer, BaseException)]
        assert len(won) == 1
        assert all(isinstance(answer, AlreadyExists) for answer in answers if isinstance(answer, BaseException))
        assert await read(store, A) == b"%d" % won[0]

    async def test_a_put_names_the_version_that_it_replaces(self, store: ObjectStore) -> None:
        first = await store.put(A, b"first")
        second = await store.put(A, b"second", condition=Condition(if_match=first.etag))
        with pytest.raises(Changed):
            await store.put(A, b"third", condition=Condition(if_match=first.etag))
        with pytest.raises(Changed):
            await store.put(B, b"nothing there", condition=Condition(if_match=first.etag))
        assert (await store.stat(A)).etag == second.etag
        assert [listed.key for listed in await all_listed(store)] == [A]

    async def test_a_delete_names_the_version_that_it_removes(self, store: ObjectStore) -> None:
        first = await store.put(A, b"first")
        second = await store.put(A, b"second")
        with pytest.raises(Changed):
            await store.delete(A, if_match=first.etag)
        assert await read(store, A) == b"second"
        await store.delete(A, if_match=second.etag)
        assert await all_listed(store) == []

    async def test_a_copy_obeys_its_condition(self, store: ObjectStore) -> None:
        source = await store.put(A, b"source")
        target = await store.put(B, b"target")
        with pytest.raises(AlreadyExists):
            await store.copy(A, B, condition=ABSENT)
        with pytest.raises(Changed):
            await store.copy(A, B, condition=Condition(if_match=ETag(f"not-{source.etag}")))
        assert await read(store, B) == b"target"
        await store.copy(A, B, condition=Condition(if_match=target.etag))
        assert await read(store, B) == b"source"

    # Bodies that break

    @pytest.mark.parametrize("known", [True, False])
    @pytest.mark.parametrize("size", [10, 3 * MIB, 12 * MIB])
    async def test_a_body_that_fails_leaves_what_was_there(self, store: ObjectStore, size: int, known: bool) -> None:
        before = await store.put(B, b"before", metadata={"one": "1"})
        length = 2 * size if known else None
        for key in (A, B):
            with pytest.raises(ZeroDivisionError):
                await store.put(key, Blocks(b"x" * size, fault=ZeroDivisionError()), length=length)
        assert [(listed.key, listed.etag) for listed in await all_listed(store)] == [(B, before.etag)]
        assert dict((await store.stat(B)).metadata) == {"one": "1"}

    @pytest.mark.parametrize("length", [0, 1, 9, 11, 3 * MIB])
    async def test_a_body_of_another_length_leaves_what_was_there(self, store: ObjectStore, length: int) -> None:
        before = await store.put(B, b"before")
        for key in (A, B):
            with pytest.raises(BodyBroken):
                await store.put(key, Blocks(b"01234", b"56789"), length=length)
            with pytest.raises(BodyBroken):
                await store.put(key, b"0123456789", length=length)
        assert [(listed.key, listed.etag) for listed in await all_listed(store)] == [(B, before.etag)]

    @pytest.mark.parametrize("known", [True, False])
    async def test_a_cancelled_put_leaves_what_was_there(self, store: ObjectStore, known: bool) -> None:
        before = await store.put(B, b"before")
        reached = asyncio.Event()

        async def stalling() -> AsyncIterator[bytes]:
            yield b"x" * (6 * MIB)
            reached.set()
            await asyncio.Event().wait()

        for key in (A, B):
            reached.clear()
            putting = asyncio.create_task(store.put(key, stalling(), length=7 * MIB if known else None))
            await asyncio.wait_for(reached.wait(), 30)
            putting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await putting
        assert [(listed.key, listed.etag) for listed in await all_listed(store)] == [(B, before.etag)]
        await store.put(A, b"works")

    async def test_of_many_puts_one_is_there_whole(self, store: ObjectStore) -> None:
        bodies = [bytes([number]) * (300_000 + number) for number in range(8)]
        infos = await asyncio.gather(*(store.put(A, Blocks(data[:9], data[9:])) for data in bodies))
        stored = await read(store, A)
        assert stored in bodies
        assert (await store.stat(A)).etag == infos[bodies.index(stored)].etag

    # Read-only

    async def test_a_read_only_store_refuses_each_write_and_changes_nothing(
        self, store: ObjectStore, reader: ObjectStore
    ) -> None:
        before = await store.put(A, b"data", metadata={"one": "1"})
        assert not store.read_only
        assert reader.read_only
        body = Blocks(b"new")
        for write in (
            reader.put(B, body),
            reader.put(A, b"new"),
            reader.put(Key(""), b"new"),
            reader.copy(A, B),
            reader.delete(A),
            reader.delete(B),
            reader.try_multipart(B),
        ):
            with pytest.raises(ReadOnly):
                await write
        assert body.taken == 0
        assert await read(reader, A) == b"data"
        assert [(listed.key, listed.etag) for listed in await all_listed(reader)] == [(A, before.etag)]
