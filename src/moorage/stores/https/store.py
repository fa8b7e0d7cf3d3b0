"""The https adapter: the verbs of a store over plain web servers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterable, Callable, Mapping
from http import HTTPStatus
from typing import Final, NoReturn

from moorage.model.errors import Changed, MoorageError, ReadOnly, Refused, StoreDenied
from moorage.model.keys import ETag, Key
from moorage.model.media import guess
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Provider, Store
from moorage.stores.https.body import HttpsBody
from moorage.stores.https.errors import Names
from moorage.stores.https.facts import Span, info_of, length_of, packed, size_only, span_of, type_of, versions_of
from moorage.stores.https.following import Following, Found
from moorage.stores.https.limits import HttpsLimits
from moorage.stores.https.place import Base, Place
from moorage.stores.transport import Counters, Guard, Limits, Purpose, Transport

_NO_HEAD: Final = frozenset({400, 401, 403, 405, 406, 500, 501})
"""Servers that answer GET answer HEAD so where they do not know it, or where an address is signed for GET."""
_FIRST_BYTE: Final = {"Range": "bytes=0-0"}


class HttpsStore:
    """Objects behind web addresses. Implements ``ObjectStore``, of which it only reads.

    A key is a whole address, or what comes after the connection's endpoint. Every place is checked by the guard, each
    redirect too. A version is compared with the validators of the answer: web servers hold conditions as they like.
    """

    provider = Provider.HTTPS
    read_only = True

    def __init__(
        self,
        store: Store,
        *,
        guard: Guard,
        limits: Limits | None = None,
        bounds: HttpsLimits | None = None,
        counters: Counters | None = None,
        purpose: Purpose = Purpose.READING,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._base = Base(store.connection.endpoint)
        self._bounds = bounds or HttpsLimits()
        self._names = Names(store.name)
        self._now_s = now_s
        self._transport = Transport(limits=limits, ca=store.connection.ca, counters=counters, guard=guard)
        self._following = Following(self._transport, guard, self._names, self._bounds, purpose)

    @property
    def counters(self) -> Counters:
        """Requests and bytes so far."""
        return self._transport.counters

    def unstorable(self, key: Key) -> str | None:
        """The reason why ``key`` names no place; None: it does."""
        try:
            self._base.place(key)
        except ValueError as exc:
            return f"It is no web address: {exc}."
        return None

    async def list_page(
        self,
        prefix: str = "",
        *,
        after: Key | None = None,  # noqa: ARG002 - the port's
        limit: int = 1000,  # noqa: ARG002 - the port's
        delimiter: bool = False,  # noqa: ARG002 - the port's
    ) -> ListingPage:
        """Always refused: the web has no listing."""
        raise StoreDenied(
            f"The store {self._store.name} reads web addresses, and web servers do not list what they have.",
            "Link the addresses one by one, or from a file.",
            self._store.name,
            key=prefix,
            permission="list",
            code="NoListing",
        )

    async def stat(self, key: Key) -> ObjectInfo:
        """What is told of the object: by HEAD, or by a GET of one byte where that is refused or tells no length."""
        place = self._place(key)
        found = await self._following.ask("HEAD", key, place, {})
        headers = found.answer.headers
        try:
            size = length_of(headers) if found.answer.status == HTTPStatus.OK and not packed(headers) else None
            if size is not None:
                return self._info(key, found, size)
            if not found.answer.ok and found.answer.status not in _NO_HEAD:
                raise self._names.refused(key, found.place, found.answer)
        finally:
            found.answer.close()
        return await self._stat_by_get(key, place)

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """Open the object for reading. Changed where none of the answer's validators is ``if_match``."""
        if byte_range is not None and byte_range.length == 0:
            raise self._names.no_byte(key, (await self.stat(key)).size)
        found = await self._following.ask("GET", key, self._place(key), _asked(byte_range))
        try:
            if byte_range is not None:
                await self._must_have_a_byte(key, found)
            return self._opened(key, found, byte_range, if_match)
        except BaseException:
            found.answer.close()
            raise

    async def put(
        self,
        key: Key,
        body: bytes | AsyncIterable[bytes],  # noqa: ARG002 - the port's
        *,
        length: int | None = None,  # noqa: ARG002 - the port's
        media_type: str = "",  # noqa: ARG002 - the port's
        metadata: Mapping[str, str] | None = None,  # noqa: ARG002 - the port's
        condition: Condition = ANYWAY,  # noqa: ARG002 - the port's
    ) -> ObjectInfo:
        """Always refused."""
        self._refuse(key)

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:  # noqa: ARG002 - the port's
        """Always refused."""
        self._refuse(destination)

    async def delete(self, key: Key, *, if_match: ETag | None = None) -> None:  # noqa: ARG002 - the port's
        """Always refused."""
        self._refuse(key)

    async def try_multipart(self, key: Key) -> None:
        """Always refused."""
        self._refuse(key)

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:  # noqa: ARG002 - the port's
        """The address itself, which needs no signature. Refused with a disposition, which it cannot carry."""
        if disposition:
            raise Refused("A web address carries no instruction to the browser.", "Serve the store by proxy.")
        return self._place(key).url

    async def aclose(self) -> None:
        """Close all connections; a repeat does nothing."""
        await self._transport.aclose()

    async def _stat_by_get(self, key: Key, place: Place) -> ObjectInfo:
        found = await self._following.ask("GET", key, place, _FIRST_BYTE)
        try:
            if found.answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                if (size := size_only(found.answer.headers)) == 0:
                    return self._info(key, found, size)
                raise self._names.other_bytes(key, found.place, "no size")
            return self._info(key, found, self._span(key, found, ByteRange(0, 1)).size)
        finally:
            found.answer.close()

    async def _must_have_a_byte(self, key: Key, found: Found) -> None:
        if found.answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            size = size_only(found.answer.headers)
            raise self._names.no_byte(key, (await self.stat(key)).size if size is None else size)

    def _opened(self, key: Key, found: Found, byte_range: ByteRange | None, if_match: ETag | None) -> HttpsBody:
        span = self._span(key, found, byte_range)
        info = self._info(key, found, span.size, if_match)
        start, stop, skip = span.start, span.stop, 0
        if byte_range is not None and found.answer.status == HTTPStatus.OK:
            within = byte_range.within(span.size)
            if within is None:
                raise self._names.no_byte(key, span.size)
            start, stop = within
            skip = start
            if skip > self._bounds.skip_bytes:
                raise self._names.ranges_ignored(key, found.place)
        return HttpsBody(
            found.answer,
            info,
            found.place,
            start=start,
            stop=stop,
            skip=skip,
            names=self._names,
            time_s=self._bounds.time_s,
        )

    def _span(self, key: Key, found: Found, byte_range: ByteRange | None) -> Span:
        """The bytes that come. Raises for an answer that is no object, and for bytes that were not asked for."""
        answer, place = found.answer, found.place
        if not answer.ok:
            raise self._names.refused(key, place, answer)
        if packed(answer.headers):
            raise self._names.packed(key, place)
        length = length_of(answer.headers)
        if answer.status == HTTPStatus.OK:
            if length is None:
                raise self._names.no_length(key, place)
            return Span(0, length, length)
        span = span_of(answer.headers) if answer.status == HTTPStatus.PARTIAL_CONTENT else None
        if span is None or byte_range is None:
            raise self._names.other_bytes(key, place, "an answer that names no part of it")
        if byte_range.within(span.size) != (span.start, span.stop):
            raise self._names.other_bytes(key, place, f"the bytes from {span.start} to {span.stop} of {span.size}")
        if length is not None and length != span.stop - span.start:
            raise self._names.other_bytes(key, place, f"{length} bytes that it calls {span.stop - span.start}")
        return span

    def _info(self, key: Key, found: Found, size: int, if_match: ETag | None = None) -> ObjectInfo:
        headers, place = found.answer.headers, found.place
        if size > self._bounds.max_bytes:
            raise self._names.too_large(key, size, self._bounds.max_bytes)
        # The address that was linked makes the promise, not the one to which it redirects.
        promised = guess(key.partition("?")[0])[1].partition("/")[0]
        if promised in ("image", "video") and type_of(headers) in ("text/html", "application/xhtml+xml"):
            raise self._names.page(key, place)
        versions = versions_of(headers, size, self._now_s(), self._bounds.version_s)
        if if_match and if_match not in versions:
            raise self._changed(key, place)
        return info_of(key, headers, size, if_match or versions[0])

    def _changed(self, key: Key, place: Place) -> MoorageError:
        return Changed(
            f"What lies at {place.shown} is not the version that was named.",
            "Look at it again.",
            self._store.name,
            key=key,
        )

    def _place(self, key: Key) -> Place:
        try:
            return self._base.place(key)
        except ValueError as exc:
            raise self._names.no_address(key, str(exc)) from exc

    def _refuse(self, key: Key) -> NoReturn:
        raise ReadOnly(
            f"The store {self._store.name} reads web addresses, which are never written to. Nothing was changed.",
            "Put it into another store.",
            self._store.name,
            key=key,
        )


def _asked(byte_range: ByteRange | None) -> dict[str, str]:
    """The header that asks for a part. Source: RFC 9110, section 14.2."""
    if byte_range is None:
        return {}
    if byte_range.start is None:
        return {"Range": f"bytes=-{byte_range.length or 0}"} if byte_range.length is not None else {}
    last = "" if byte_range.length is None else str(byte_range.start + byte_range.length - 1)
    return {"Range": f"bytes={byte_range.start}-{last}"}
