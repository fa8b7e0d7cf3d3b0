"""Writes: bytes or a stream -> one request, or a session of chunks; whatever fails leaves what was there."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from moorage.model.errors import BodyBroken, MoorageError, ObjectNotFound
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.google.client import Call, Client
from moorage.stores.google.errors import error_of, not_google, problem_in
from moorage.stores.google.facts import FIELDS, described, generation_of, info_of
from moorage.stores.google.sessions import CHUNK, Session
from moorage.stores.transport import Answer, BytesBody
from moorage.stores.transport.conditions import condition_failed
from moorage.stores.transport.cutting import Cut, chained
from moorage.stores.transport.digests import md5_of

CUT: Final = Cut(CHUNK)
LARGEST_SINGLE: Final = 64 * 1024 * 1024
"""Bytes at hand that still go in one request."""
FAILED: Final = frozenset({HTTPStatus.PRECONDITION_FAILED})
"""The status of conditions that do not hold."""


@dataclass(frozen=True, slots=True)
class Write:
    """One object to be written: where, with what facts, on what condition."""

    client: Client
    key: Key
    media_type: str
    metadata: Mapping[str, str] | None
    condition: Condition

    async def data(self, data: bytes) -> ObjectInfo:
        """Write bytes at hand: the server checks their MD5, and they are sent again after a passing fault."""
        query = condition_query(self.client, self.key, self.condition)
        if len(data) > LARGEST_SINGLE:
            return await self._in_chunks(CUT.whole(data), query)
        md5 = await md5_of(data)
        description = described(self.key, self.media_type, self.metadata) | {"md5Hash": md5}
        boundary = secrets.token_hex(16)
        kind = f"Content-Type: {self.media_type}\r\n" if self.media_type else ""
        head = (
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(description)}\r\n"
            f"--{boundary}\r\n{kind}\r\n"
        ).encode()
        body = BytesBody(b"".join((head, data, f"\r\n--{boundary}--\r\n".encode())))
        call = Call(
            "put",
            "POST",
            self.client.place.upload((("uploadType", "multipart"), ("fields", FIELDS), *query)),
            self.key,
            {"Content-Type": f"multipart/related; boundary={boundary}"},
            body,
            admit=FAILED,
        )
        answer = await self.client.call(call)
        return await self._made(answer, md5, unsure=answer.unsure_tries > 0)

    async def stream(self, stream: AsyncIterable[bytes], length: int | None) -> ObjectInfo:
        """Write a stream; two chunks of it are in memory at most."""
        query = condition_query(self.client, self.key, self.condition)
        chunks = aiter(CUT.stream(stream, length))
        first = await anext(chunks)
        second = await anext(chunks, None)
        if second is None:
            return await self.data(first)
        return await self._in_chunks(chained(first, second, chunks), query)

    async def _in_chunks(self, chunks: AsyncIterator[bytes], query: tuple[tuple[str, str], ...]) -> ObjectInfo:
        description = described(self.key, self.media_type, self.metadata)
        async with Session(self.client, self.key, description, (("fields", FIELDS), *query)) as session:
            held = await anext(chunks)
            async for data in chunks:
                await session.send(held)
                held = data
            answer = await session.finish(held, FAILED)
            return await self._made(answer, base64.b64encode(session.md5).decode(), unsure=session.unsure)

    async def _made(self, answer: Answer, md5: str, *, unsure: bool) -> ObjectInfo:
        """The object that was made. Where an earlier answer was lost, a failed condition may be our own doing."""
        if answer.ok:
            resource = self.client.parsed(answer)
            self._check(resource, md5)
        else:
            found = await look(self.client, self.key) if unsure else None
            if found is None or found.get("md5Hash") != md5:
                raise refused(self.client, self.key, self.condition, answer)
            resource = found
        return info(self.client, self.key, resource)

    def _check(self, resource: Mapping[str, Any], md5: str) -> None:
        told = resource.get("md5Hash")
        if told is not None and told != md5:
            raise BodyBroken("The store holds other bytes than were sent.", "Write the object again.", key=self.key)


async def look(client: Client, key: Key) -> Mapping[str, Any] | None:
    """The document of the object at ``key``, or None. Raises StoreUnreachable where the bucket is gone."""
    call = Call("stat", "GET", client.place.object(key, (("fields", FIELDS),)), key)
    try:
        document = await client.document(call)
    except ObjectNotFound:
        await client.bucket_must_be_there()
        return None
    client.see_bucket()
    return document


def info(client: Client, key: Key, resource: Mapping[str, Any]) -> ObjectInfo:
    """The object that a document describes. Raises StoreUnreachable where it describes none."""
    try:
        return info_of(key, resource)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise not_google(client.names, "the description of an object without its facts") from error


def condition_query(client: Client, key: Key, condition: Condition) -> tuple[tuple[str, str], ...]:
    """The words that ask the server to hold the condition. Raises Changed for an ETag that no object can have."""
    if condition.if_absent:
        return (("ifGenerationMatch", "0"),)
    if not condition.if_match:
        return ()
    generation = generation_of(condition.if_match)
    if generation is None:
        raise condition_failed(client.names, key, condition)
    return (("ifGenerationMatch", generation),)


def refused(client: Client, key: Key, condition: Condition, answer: Answer) -> MoorageError:
    """The error for an answer with a status of ``FAILED``."""
    if condition.if_absent or condition.if_match:
        return condition_failed(client.names, key, condition)
    return error_of("put", key, answer, problem_in(answer), client.names)
