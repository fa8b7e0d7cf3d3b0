"""Objects as a store tells of them: what a listing, a stat or a read answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, Self, runtime_checkable

from moorage.model.keys import ETag, Key


class Listed(NamedTuple):
    """One object of a listing. A tuple, because a listing makes millions of them."""

    key: Key
    size: int
    """Bytes."""
    etag: ETag
    """Without quotes; empty where the provider has none."""
    modified_ms: int
    """Unix time in milliseconds; 0 where the provider has none."""
    generation: str = ""
    """The provider's own version token; empty where there is none."""


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One page of a listing, in byte order of the keys.

    ``objects`` and ``prefixes`` (only with a delimiter) are each sorted. ``next_after`` is what to
    pass as ``after`` for the following page; None: the listing is complete. ``covered_to`` is the
    greatest key that this page speaks for: a key in (after, covered_to] that it does not name does
    not exist. ``unnameable`` counts keys that the server holds but cannot write down.
    """

    objects: list[Listed]
    prefixes: list[Key] = field(default_factory=list)
    next_after: Key | None = None
    unnameable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a stat, a read or a write says of one object. ``size`` is that of the whole object."""

    key: Key
    size: int
    etag: ETag
    modified_ms: int
    generation: str = ""
    media_type: str = ""
    """As stored; empty where the provider keeps none."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """User metadata, names in lower case."""

    @property
    def version(self) -> str:
        """What names exactly these bytes in caches and validators."""
        return self.generation or self.etag or f"{self.modified_ms:x}-{self.size:x}"

    @property
    def listed(self) -> Listed:
        """The same facts as a listing gives them."""
        return Listed(self.key, self.size, self.etag, self.modified_ms, self.generation)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes asked for. ``start`` None: the last ``length`` bytes. ``length`` None: to the end.

    ``ByteRange(0, 10)`` are bytes 0 to 9; ``ByteRange(None, 10)`` the last ten. Clipped to the object;
    a start at or past its end raises RangeUnsatisfiable. Source: RFC 9110, section 14.1.2.
    """

    start: int | None
    length: int | None = None

    def within(self, size: int) -> tuple[int, int] | None:
        """Offsets [start, stop) of these bytes in an object of ``size`` bytes; None: not one byte lies in it."""
        start = max(0, size - (self.length or 0)) if self.start is None else self.start
        stop = size if self.start is None or self.length is None else min(size, start + self.length)
        return (start, stop) if start < stop else None


class Piece(NamedTuple):
    """Bytes [start, start + length) of an open file; whoever has the piece closes its descriptor."""

    descriptor: int
    start: int
    length: int


class ObjectBody(Protocol):
    """An object being read. Use as an async context manager; leaving it early frees the connection.

    Iterating yields non-empty blocks of at most 1 MiB, ``stop - start`` bytes in all; a body that ends
    early raises BodyBroken, never ends quietly.
    """

    @property
    def info(self) -> ObjectInfo:
        """The object as the answer names it: its version is the version of these bytes."""

    @property
    def start(self) -> int:
        """Offset of the first byte."""

    @property
    def stop(self) -> int:
        """Offset after the last byte (exclusive)."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def read(self) -> bytes:
        """All of the bytes at once; only for ranges known to be small."""

    async def aclose(self) -> None:
        """Stop here; a repeat does nothing."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc_info: object) -> None: ...


@runtime_checkable
class FileBody(ObjectBody, Protocol):
    """A body whose object is a file on this machine. Ask by ``isinstance``."""

    @property
    def descriptor(self) -> int | None:
        """Open read-only descriptor of the whole object; valid while the body is open, then None."""

    def is_unchanged(self) -> bool:
        """Whether the file is still what it was when it was opened, as far as its size and times tell."""
