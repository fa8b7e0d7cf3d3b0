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
from moorage.stores.s3.conditions import FAILED, condition_headers, head_or_none, look_first, refused
from moorage.stores.s3.dates import http_ms
from moorage.stores.s3.facts import etag_of, is_md5, meta_headers
from moorage.stores.s3.uploading import MOST_PARTS, PART, Multipart
from moorage.stores.transport import Answer, BytesBody, StreamBody, side_by_side

LARGEST_SINGLE: Final = 64 * 1024 * 1024
"""Bytes of a body of known length that still goes in one PUT."""
_IN_FLIGHT: Final = 32 * 1024 * 1024
_MIB: Final = 1024 * 1024
_GROWS_EVERY: Final = 1000


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
            return await self._in_parts(_slices(data), len(data))
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
        parts = aiter(_parts(stream, length))
        first = await anext(parts)
        second = await anext(parts, None)
        if second is None:
            return await self.data(first)
        return await self._in_parts(_chained(first, second, parts), length)

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

            await side_by_side(jobs(), max(1, _IN_FLIGHT // part_size(length)))
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


def part_size(length: int | None) -> int:
    """Bytes of a part, so that ``length`` needs at most 10,000 of them."""
    return max(PART, -(-(length or 0) // MOST_PARTS // _MIB) * _MIB)


async def _parts(stream: AsyncIterable[bytes], length: int | None) -> AsyncIterator[bytes]:
    """The stream cut into parts, at least one; of unknown length they grow, to reach 400 GiB.

    Raises BodyBroken where the stream has not ``length`` bytes, before the last part is given.
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
            if given >= MOST_PARTS:
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
