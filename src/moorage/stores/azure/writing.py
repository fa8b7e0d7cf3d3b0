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
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.conditions import FAILED, made_by_us, refused
from moorage.stores.azure.dates import http_ms
from moorage.stores.azure.facts import fact_headers
from moorage.stores.azure.uploading import MOST_BLOCKS, Blocks
from moorage.stores.transport import Answer, BytesBody, StreamBody, side_by_side
from moorage.stores.transport.conditions import condition_headers
from moorage.stores.transport.cutting import Cut, chained
from moorage.stores.transport.digests import md5_of
from moorage.stores.transport.facts import etag_of

LARGEST_SINGLE: Final = 64 * 1024 * 1024
"""Bytes of a body of known length that still goes in one Put Blob."""
PART: Final = 8 * 1024 * 1024
"""Bytes of a block where nothing asks for larger ones."""
_IN_FLIGHT: Final = 32 * 1024 * 1024
CUT: Final = Cut(PART, MOST_BLOCKS, grows_every=5000)
"""Streams of unknown length reach 2 TiB."""


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
            return await self._in_blocks(CUT.whole(data), len(data))
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
        parts = aiter(CUT.stream(stream, length))
        first = await anext(parts)
        second = await anext(parts, None)
        if second is None:
            return await self.data(first)
        return await self._in_blocks(chained(first, second, parts), length)

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

        await side_by_side(jobs(), max(1, _IN_FLIGHT // CUT.size(length)))
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
