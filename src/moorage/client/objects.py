"""Calls about objects of stores, whether or not an item shows them: their bytes, and where an address leads."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.client.fetching import Note, chunks, save
from moorage.client.shapes import Resolved
from moorage.client.transport import Query
from moorage.model.keys import ESCAPED, escape, needs_escape


class ObjectCalls(Calls):
    """Objects of stores."""

    async def object_content(
        self, store: str, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The object's bytes from ``start`` (inclusive) to ``end`` (exclusive; None: its end), in chunks.

        Raises: ObjectNotFound, RangeUnsatisfiable, TryAgain when the connection breaks, BodyBroken.
        """
        path, query = _place(store, key)
        async with aclosing(chunks(self._transport, path, query=query, start=start, end=end)) as found:
            async for chunk in found:
                yield chunk

    async def download_object(self, store: str, key: str, to: Path | str, *, note: Note | None = None) -> int:
        """Write the object to the file ``to``, as ``download`` does an item; how many bytes it has."""
        path, query = _place(store, key)
        return await save(self._transport, path, to, query=query, note=note)

    async def resolve(self, address: str) -> Resolved:
        """The registered store that an address such as ``s3://bucket/key`` lies in. Raises: NotFound, Conflict."""
        return decode(Resolved, await self._transport.get("/resolve", _named("address", address)))


def _place(store: str, key: str) -> tuple[str, Query]:
    return f"/stores/{part(store)}/content", _named("key", key)


def _named(field: str, text: str) -> Query:
    odd = needs_escape(text)
    return query_of(**{field: escape(text) if odd else text}, key_encoding=ESCAPED if odd else None)
