"""Writes: bytes or a stream -> one PUT, or parts; whatever fails leaves what was there."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import BodyBroken
from moorage.model.keys import ETag, Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.s3.client import Call, Client
from moorage.stores.s3.conditions import FAILED, head_or_none, look_first, refused
from moorage.stores.s3.dates import http_ms
from moorage.stores.s3.facts import is_md5, meta_headers
from moorage.stores.s3.uploading import MOST_PARTS, PART, Multipart
from moorage.stores.transport import Answer, BytesBody, StreamBody, side_by_side
from moorage.stores.transport.conditions import condition_headers
from moorage.stores.transport.cutting import Cut, chained
from moorage.stores.transport.facts import etag_of

LARGEST_SINGLE: Final = 64 * 1024 * 1024
"""Bytes of a body of known length that still goes in one PUT."""
_IN_FLIGHT: Final = 32 * 1024 * 1024
CUT: Final = Cut(PART, MOST_PARTS, grows_every=1000)
"""Streams of unknown length reach 400 GiB."""


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
            return await self._in_parts(CUT.whole(data), len(data))
        if self.client.google:
            await look_first(self.client, self.key, self.condition)
        answer = await self.client.call(self._put(BytesBody(data)))
        if answer.status in FAILED:
            answered = await self._resolved(answer, data)
            return self._info(answered, len(data), answer)
        return self._info(etag_of(answer.headers), len(data), answer)

    async def stream(self, stream: AsyncIterable[bytes], length: int | None) -> ObjectInfo:
        """Write a stream; parts of 32 MiB together, and three more, are in memory at most."""
        if length is not None and PART < length <= LARGEST_SINGLE:
            return await self._as_it_comes(stream, length)
        parts = aiter(CUT.stream(stream, length))
        first = await anext(parts)
        second = await anext(parts, None)
        if second is None:
            return await self.data(first)
        return await self._in_parts(chained(first, second, parts), length)

    async def _as_it_comes(self, stream: AsyncIterable[bytes], length: int) -> ObjectInfo:
        if self.client.google:
            await look_first(self.client, self.key, self.condition)
        digest = hashlib.md5(usedforsecurity=False)

        async def hashed() -> AsyncIterator[bytes]:
            async for block in stream:
                digest.update(block)
                yield block

        answer = await self.client.call(self._put(StreamBody(hashed(), length)))
        if answer.status in FAILED:
            raise refused(self.client, self.key, self.condition, answer)
        etag = etag_of(answer.headers)
        if is_md5(etag, answer.headers) and etag != digest.hexdigest():
            raise BodyBroken("The store holds other bytes than were sent.", "Write the object again.", key=self.key)
        return self._info(etag, length, answer)

    async def _in_parts(self, parts: AsyncIterator[bytes], length: int | None) -> ObjectInfo:
        async with Multipart(self.client, self.key, meta_headers(self.media_type, self.metadata)) as upload:

            async def jobs() -> AsyncIterator[Coroutine[None, None, None]]:
                number = 0
                async for data in parts:
                    number += 1
                    yield upload.put_part(number, data)

            await side_by_side(jobs(), max(1, _IN_FLIGHT // CUT.size(length)))
            await look_first(self.client, self.key, self.condition)
            answer = await upload.complete(condition_headers(self.condition), FAILED)
            # Looked at in any case: Ceph 16 answers with an empty ETag.
            found = await head_or_none(self.client, self.key) if answer.ok or answer.unsure_tries else None
            if not found or not (answer.ok or upload.made(found.etag)):
                raise refused(self.client, self.key, self.condition, answer)
            return found

    def _put(self, body: BytesBody | StreamBody) -> Call:
        headers = meta_headers(self.media_type, self.metadata) | condition_headers(self.condition)
        conditional = self.condition.if_absent or self.condition.if_match
        return Call("put", "PUT", self.key, (), headers, body, admit=FAILED if conditional else frozenset())

    async def _resolved(self, answer: Answer, data: bytes) -> ETag:
        """A condition failed; where the answer to an earlier try was lost, that try may have been the writer."""
        found = await head_or_none(self.client, self.key) if answer.unsure_tries else None
        if not found or found.etag != hashlib.md5(data, usedforsecurity=False).hexdigest():
            raise refused(self.client, self.key, self.condition, answer)
        return found.etag

    def _info(self, etag: ETag, size: int, answer: Answer) -> ObjectInfo:
        return ObjectInfo(
            self.key,
            size,
            etag,
            http_ms(answer.headers.get("Date")),
            answer.headers.get("x-amz-version-id", ""),
            self.media_type,
            {name.lower(): value for name, value in (self.metadata or {}).items()},
        )
