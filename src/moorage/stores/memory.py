"""A store in this process's memory: for tests, and the plainest reading of the port."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import Final, Self

from moorage.model.errors import (
    AlreadyExists,
    BodyBroken,
    Changed,
    ObjectNotFound,
    RangeUnsatisfiable,
    ReadOnly,
    Refused,
    Unstorable,
)
from moorage.model.keys import ETag, Key, key_bytes, key_of
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Provider, Store

_BLOCK_BYTES: Final = 1 << 20


@dataclass(slots=True)
class Shelf:
    """The objects of one bucket, which several stores may share."""

    objects: dict[Key, tuple[ObjectInfo, bytes]] = field(default_factory=dict)
    order: list[bytes] = field(default_factory=list)
    """The keys in byte order."""
    versions: count[int] = field(default_factory=lambda: count(1))


class MemoryBody:
    """An object being read from memory."""

    def __init__(self, info: ObjectInfo, data: bytes, start: int) -> None:
        self.info = info
        self.start = start
        self.stop = start + len(data)
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Blocks of at most 1 MiB."""
        for offset in range(0, len(self._data), _BLOCK_BYTES):
            yield self._data[offset : offset + _BLOCK_BYTES]

    async def read(self) -> bytes:
        """All of the bytes at once."""
        return self._data

    async def aclose(self) -> None:
        """Let go of the bytes."""
        self._data = b""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()


class MemoryStore:
    """An ``ObjectStore`` whose objects end with the process. It can hold any key but the empty one."""

    def __init__(self, store: Store | None = None, *, shelf: Shelf | None = None) -> None:
        self.provider = Provider.MEMORY
        self.read_only = store is not None and store.read_only
        self._name = store.name if store is not None else "memory"
        self._shelf = Shelf() if shelf is None else shelf

    def unstorable(self, key: Key) -> str | None:
        """Only the empty key, and text that is no bytes."""
        try:
            return None if key_bytes(key) else "A key has at least one byte."
        except UnicodeEncodeError:
            return "The key is not text that can be written as bytes."

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = 1000, delimiter: bool = False
    ) -> ListingPage:
        """One page, straight from the sorted keys."""
        begins, last = key_bytes(prefix), key_bytes(after or "")
        order, page = self._shelf.order, ListingPage([])
        told = last
        for raw in islice(order, max(bisect_left(order, begins), bisect_right(order, last)), None):
            if not raw.startswith(begins):
                break
            cut = raw.find(b"/", len(begins)) + 1 if delimiter else 0
            entry = raw[:cut] if cut else raw
            if entry <= told:
                continue
            if len(page.objects) + len(page.prefixes) == limit:
                return replace(page, next_after=key_of(told))
            told = entry
            if cut:
                page.prefixes.append(key_of(entry))
            else:
                page.objects.append(self._shelf.objects[key_of(raw)][0].listed)
        return page

    async def stat(self, key: Key) -> ObjectInfo:
        """What is known of the object."""
        return self._found(key)[0]

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """A body that keeps the bytes of this version, whatever is put later."""
        info, data = self._found(key)
        if if_match not in (None, info.etag):
            raise self._changed(key)
        if byte_range is None:
            return MemoryBody(info, data, 0)
        span = byte_range.within(info.size)
        if span is None:
            raise RangeUnsatisfiable(
                f"The object has {info.size} bytes; none lies in the range asked for.",
                "Ask for a range that begins inside the object.",
                store=self._name,
                key=key,
                size=info.size,
            )
        return MemoryBody(info, data[slice(*span)], span[0])

    async def put(
        self,
        key: Key,
        body: bytes | AsyncIterable[bytes],
        *,
        length: int | None = None,
        media_type: str = "",
        metadata: Mapping[str, str] | None = None,
        condition: Condition = ANYWAY,
    ) -> ObjectInfo:
        """Keep all of the body at once."""
        self._may_write(key)
        self._holds(key, condition)
        data = body if isinstance(body, bytes) else await self._collected(key, body, length)
        if length not in (None, len(data)):
            raise self._broken(key)
        self._holds(key, condition)
        etag = ETag(f"m{next(self._shelf.versions)}")
        names = {name.lower(): value for name, value in (metadata or {}).items()}
        info = ObjectInfo(key, len(data), etag, time.time_ns() // 1_000_000, "", media_type, names)
        if key not in self._shelf.objects:
            insort(self._shelf.order, key_bytes(key))
        self._shelf.objects[key] = (info, data)
        return info

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:
        """Put the same bytes again, metadata with them."""
        self._may_write(destination)
        info, data = self._found(source)
        return await self.put(
            destination, data, media_type=info.media_type, metadata=info.metadata, condition=condition
        )

    async def delete(self, key: Key, *, if_match: ETag | None = None) -> None:
        """Forget the object."""
        self._refuse_read_only(key)
        if key not in self._shelf.objects:
            return
        self._holds(key, Condition(if_match=if_match))
        del self._shelf.objects[key]
        self._shelf.order.remove(key_bytes(key))

    async def try_multipart(self, key: Key) -> None:
        """Nothing has parts here, so only the right to write is asked."""
        self._may_write(key)

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:  # noqa: ARG002 - the port's
        """Always refused: memory has no address."""
        raise Refused("Objects in memory have no URL of their own.", "Read them through the server.")

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _collected(self, key: Key, body: AsyncIterable[bytes], length: int | None) -> bytes:
        data = bytearray()
        async for block in body:
            data += block
            if length is not None and len(data) > length:
                raise self._broken(key)
        return bytes(data)

    def _found(self, key: Key) -> tuple[ObjectInfo, bytes]:
        try:
            return self._shelf.objects[key]
        except KeyError:
            raise ObjectNotFound(
                "There is no object at that key.", "Look at the listing.", store=self._name, key=key
            ) from None

    def _holds(self, key: Key, condition: Condition) -> None:
        found = self._shelf.objects.get(key)
        if condition.if_absent and found is not None:
            raise AlreadyExists(
                "An object is there already; it was left alone.", "Choose another key.", store=self._name, key=key
            )
        if condition.if_match is not None and (found is None or found[0].etag != condition.if_match):
            raise self._changed(key)

    def _may_write(self, key: Key) -> None:
        self._refuse_read_only(key)
        reason = self.unstorable(key)
        if reason is not None:
            raise Unstorable(
                f"Nothing was written: {reason}", "Choose another key.", store=self._name, key=key, reason=reason
            )

    def _refuse_read_only(self, key: Key) -> None:
        if self.read_only:
            raise ReadOnly(
                f"The store {self._name} is read-only; nothing was changed.",
                "Register it as writable if it shall be written to.",
                store=self._name,
                key=key,
            )

    def _changed(self, key: Key) -> Changed:
        return Changed(
            "The object is not the version that was named; nothing was done.",
            "Look at it again and repeat with its present etag.",
            store=self._name,
            key=key,
        )

    def _broken(self, key: Key) -> BodyBroken:
        return BodyBroken(
            "The body has another length than was said; no object was made of it.",
            "Send it again with its exact length.",
            store=self._name,
            key=key,
        )
