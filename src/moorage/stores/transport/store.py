"""What the verbs of all stores over HTTP have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Mapping
from http import HTTPStatus
from typing import Final, Generic, Protocol, Self, TypeVar

from moorage.model.errors import BodyBroken, Invalid, ObjectNotFound, RangeUnsatisfiable, ReadOnly, Unstorable
from moorage.model.keys import Key
from moorage.model.objects import ByteRange, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Store
from moorage.stores.transport.client import Transport
from moorage.stores.transport.counters import Counters
from moorage.stores.transport.limits import Purpose

LARGEST_PAGE: Final = 1000
LONGEST_LIFE_S: Final = 7 * 24 * 3600
"""Seconds that a signed URL lives at most, at every provider."""
NO_SUCH_RANGE: Final = frozenset({HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})
CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(-?\d+)/(\d+)")
"""Two emulators tell a stop before the start for a range that begins at the end."""
_SIZE_ONLY: Final = re.compile(r"bytes \*/(\d+)")


class Writer(Protocol):
    """One object to be written."""

    async def data(self, data: bytes) -> ObjectInfo: ...

    async def stream(self, stream: AsyncIterable[bytes], length: int | None) -> ObjectInfo: ...


class Viewed(Protocol):
    """A client of one bucket, on the connections of one purpose."""

    def view(self, purpose: Purpose) -> Self: ...


C = TypeVar("C", bound=Viewed)


class HttpStore(ABC, Generic[C]):
    """Base of the adapters. ``_client`` is the provider's own; views of it share all but the pool."""

    _client: C

    def __init__(self, store: Store, transport: Transport) -> None:
        self.read_only = store.read_only
        self._store = store
        self._transport = transport

    @property
    def client(self) -> C:
        """Speaks to the bucket, for what is no verb of a store."""
        return self._client

    @property
    def counters(self) -> Counters:
        """Requests and bytes so far, of all purposes, those for tokens too."""
        return self._transport.counters

    @property
    def clock_offset_s(self) -> float:
        """The server's clock less ours in seconds; warn from 60 s on."""
        return self._transport.clock.offset_s

    def serving(self, purpose: Purpose) -> Self:
        """The same store on the connections of another purpose; closing either closes both."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, _client=self._client.view(purpose))
        return other

    @abstractmethod
    def unstorable(self, key: Key) -> str | None:
        """The reason why the provider cannot hold ``key``; None: it can."""

    @abstractmethod
    def _write(self, key: Key, media_type: str, metadata: Mapping[str, str] | None, condition: Condition) -> Writer:
        """What writes one object."""

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
        """Write the object; see ``ObjectStore``, and ``writing`` for how bodies are sent."""
        self._must_take(key)
        write = self._write(key, media_type, metadata, condition)
        if not isinstance(body, bytes):
            return await write.stream(body, length)
        if length is not None and length != len(body):
            raise BodyBroken(f"The body has {len(body)} bytes, not {length}. Nothing was written.", key=key)
        return await write.data(body)

    async def aclose(self) -> None:
        """Close all connections, those of other purposes too; a repeat does nothing."""
        await self._transport.aclose()

    def _must_take(self, key: Key) -> None:
        """Raises ReadOnly or Unstorable where nothing can be written to ``key``."""
        self._must_be_writable(key)
        reason = self.unstorable(key)
        if reason:
            raise Unstorable(
                f"{reason} Nothing was written.",
                "Choose another key.",
                self._store.name,
                self._store.bucket,
                key,
                reason,
            )

    def _must_be_writable(self, key: Key) -> None:
        if self.read_only:
            raise ReadOnly(
                f"The store {self._store.name!r} is registered read-only. Nothing was written.",
                "Register it as writable, where that is meant.",
                self._store.name,
                self._store.bucket,
                key,
            )

    def _must_be_there(self, key: Key) -> None:
        """Raises ObjectNotFound for a key that no object can have."""
        reason = self.unstorable(key)
        if reason is not None:
            raise ObjectNotFound(f"{reason} So there is no {key!r}.", "", self._store.name, self._store.bucket, key)

    def _no_byte(self, key: Key, size: int) -> RangeUnsatisfiable:
        return RangeUnsatisfiable(
            f"No byte of {key!r} lies in that range; it has {size} bytes.",
            "",
            self._store.name,
            self._store.bucket,
            key,
            size,
        )


def need_page(limit: int) -> None:
    """Raises Invalid for a page that no server gives."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise Invalid("A page has 1 to 1,000 keys.", "Ask for fewer.", field="limit")


def need_life(expires_s: int) -> None:
    """Raises Invalid for a life that no signed URL has."""
    if not 1 <= expires_s <= LONGEST_LIFE_S:
        raise Invalid("A signed URL lives 1 second to 7 days.", "Ask for a shorter life.", field="expires_s")


def range_header(wanted: ByteRange) -> str:
    """The range as a request asks for it. Source: RFC 9110, 14.1.2; the last byte is included there."""
    if wanted.start is None:
        return f"bytes=-{wanted.length}"
    return f"bytes={wanted.start}-{'' if wanted.length is None else wanted.start + wanted.length - 1}"


def size_told(content_range: str) -> int | None:
    """The object's size in the answer to a range that it does not have; None: it is not told."""
    told = _SIZE_ONLY.fullmatch(content_range)
    return int(told[1]) if told else None
