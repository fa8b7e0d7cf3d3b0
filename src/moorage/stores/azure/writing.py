"""Writes: bytes or a stream -> one Put Blob, or blocks; whatever fails leaves what was there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import BodyBroken
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.azure.client import Call, Client, md5_of
from moorage.stores.azure.conditions import FAILED, condition_headers, made_by_us, refused
from moorage.stores.azure.dates import http_ms
from moorage.stores.azure.facts import etag_of, fact_headers
from moorage.stores.azure.uploading import MOST_BLOCKS, Blocks
from moorage.stores.transport import Answer, BytesBody, StreamBody, side_by_side

LARGEST_SINGLE: Final = 64 * 1024 * 1024
"""Bytes of a body of known length that still goes in one Put Blob."""
PART: Final = 8 * 1024 * 1024
"""Bytes of a block where nothing asks for larger ones."""
_IN_FLIGHT: Final = 32 * 1024 * 1024
_MIB: Final = 1024 * 1024
_GROWS_EVERY: Final = 5000


@dataclass(frozen=True, slots=True)
class Write:
    """One object to be written: where, with what facts, on what condition."""

    client: Client
    key: Key
    media_type: str
    metadata: Mapping[str, str] | None
    condition: Condition

    async def data(self, data: bytes) -> ObjectInfo:
        """Write bytes at hand; checksummed, and sent again after a passing fault."""
        if len(data) > LARGEST_SINGLE:
            return await self._in_blocks(_slices(data), len(data))
        answer = await self.client.call(self._put(BytesBody(data)))
        if answer.status not in FAILED:
            return self._info(len(data), answer)
        found = await made_by_us(self.client, self.key, await md5_of(data), len(data)) if answer.unsure_tries else None
        if not found:
            raise refused(self.client, self.key, self.condition, answer)
        return found

    async def stream(self, stream: AsyncIterable[bytes], length: int | None) -> ObjectInfo:
        """Write a stream; blocks of 32 MiB together, and three more, are in memory at most."""
        if length is not None and PART < length <= LARGEST_SINGLE:
            return await self._as_it_comes(stream, length)
        parts = aiter(_parts(stream, length))
        first = await anext(parts)
        second = await anext(parts, None)
        if second is None:
            return await self.data(first)
        return await self._in_blocks(_chained(first, second, parts), length)

    async def _as_it_comes(self, stream: AsyncIterable[bytes], length: int) -> ObjectInfo:
        digest = hashlib.md5(usedforsecurity=False)

        async def hashed() -> AsyncIterator[bytes]:
            async for block in stream:
                digest.update(block)
                yield block

        answer = await self.client.call(self._put(StreamBody(hashed(), length)))
        if answer.status in FAILED:
            raise refused(self.client, self.key, self.condition, answer)
        told = answer.headers.get("Content-MD5")
        if told and told != base64.b64encode(digest.digest()).decode():
            raise BodyBroken("The store holds other bytes than were sent.", "Write the object again.", key=self.key)
        return self._info(length, answer)

    async def _in_blocks(self, parts: AsyncIterator[bytes], length: int | None) -> ObjectInfo:
        upload = Blocks(self.client, self.key)
        whole = hashlib.md5(usedforsecurity=False)
        size = 0

        async def jobs() -> AsyncIterator[Coroutine[None, None, None]]:
            nonlocal size
            number = 0
            async for data in parts:
                number += 1
                size += len(data)
                await asyncio.to_thread(whole.update, data)
                yield upload.put(number, data)

        await side_by_side(jobs(), max(1, _IN_FLIGHT // part_size(length)))
        # Azure makes no checksum of an object of blocks; this one is kept with it, and tells ours from another's.
        md5 = base64.b64encode(whole.digest()).decode()
        headers = fact_headers(self.media_type, self.metadata) | {"x-ms-blob-content-md5": md5}
        answer = await upload.commit(headers | condition_headers(self.condition), self._admitted())
        if answer.status not in FAILED:
            return self._info(size, answer)
        found = await made_by_us(self.client, self.key, md5, size) if answer.unsure_tries else None
        if not found:
            raise refused(self.client, self.key, self.condition, answer)
        return found

    def _put(self, body: BytesBody | StreamBody) -> Call:
        headers = fact_headers(self.media_type, self.metadata) | condition_headers(self.condition)
        return Call("put", "PUT", self.key, (), headers | {"x-ms-blob-type": "BlockBlob"}, body, admit=self._admitted())

    def _admitted(self) -> frozenset[int]:
        return FAILED if self.condition.if_absent or self.condition.if_match else frozenset()

    def _info(self, size: int, answer: Answer) -> ObjectInfo:
        return ObjectInfo(
            self.key,
            size,
            etag_of(answer.headers),
            http_ms(answer.headers.get("Last-Modified")),
            answer.headers.get("x-ms-version-id", ""),
            self.media_type,
            {name.lower(): value for name, value in (self.metadata or {}).items()},
        )


def part_size(length: int | None) -> int:
    """Bytes of a block, so that ``length`` needs at most 50,000 of them."""
    return max(PART, -(-(length or 0) // MOST_BLOCKS // _MIB) * _MIB)


async def _parts(stream: AsyncIterable[bytes], length: int | None) -> AsyncIterator[bytes]:
    """The stream cut into blocks, at least one; of unknown length they grow, to reach 2 TiB.

    Raises BodyBroken where the stream has not ``length`` bytes, before the last block is given.
    """
    held = bytearray()
    taken = given = 0
    size = part_size(length)
    async for block in stream:
        taken += len(block)
        if length is not None and taken > length:
            raise BodyBroken(f"The body has more than the {length} bytes announced. Nothing was written.")
        held += block
        while len(held) > size:
            yield bytes(memoryview(held)[:size])
            del held[:size]
            given += 1
            if given >= MOST_BLOCKS:
                raise BodyBroken("The body is too long. Nothing was written.", "Say how long it is.")
            if length is None:
                size = PART * (1 + given // _GROWS_EVERY)
    if length is not None and taken != length:
        raise BodyBroken(f"The body ended after {taken} of {length} bytes. Nothing was written.")
    yield bytes(held)


async def _slices(data: bytes) -> AsyncIterator[bytes]:
    size = part_size(len(data))
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def _chained(first: bytes, second: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    yield second
    async for data in rest:
        yield data
