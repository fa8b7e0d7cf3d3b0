"""Sources: bytes of one version that can be opened at any place, be it an item or an object of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from moorage.model.errors import RangeUnsatisfiable
from moorage.model.keys import Key, escape
from moorage.model.media import guess
from moorage.model.objects import ByteRange, ObjectBody, ObjectInfo
from moorage.model.store import Store
from moorage.reading.content import Content
from moorage.reading.locate import Located


class Source(Protocol):
    """One version of something that has bytes."""

    @property
    def name(self) -> str:
        """What a browser shall save it as."""

    @property
    def media_type(self) -> str:
        """Empty where it is not known."""

    @property
    def size(self) -> int: ...

    @property
    def version(self) -> str: ...

    @property
    def modified_ms(self) -> int: ...

    async def open(self, wanted: ByteRange | None = None) -> ObjectBody:
        """The bytes of exactly this version. Raises Changed when there is another."""

    async def confirmed(self) -> Self:
        """Itself, if the store has this version; else the one that it has."""

    async def renewed(self) -> Self:
        """The version that the store has now, after a read told that it is another."""

    def unsatisfiable(self) -> RangeUnsatisfiable:
        """The error for a range without a byte in it."""


@dataclass(frozen=True, slots=True)
class ItemBytes:
    """The bytes of an item."""

    content: Content
    located: Located

    @property
    def name(self) -> str:
        return self.located.item.name

    @property
    def media_type(self) -> str:
        return self.located.item.media_type

    @property
    def size(self) -> int:
        return self.located.item.size

    @property
    def version(self) -> str:
        return self.located.item.version

    @property
    def modified_ms(self) -> int:
        return self.located.item.modified_ms

    async def open(self, wanted: ByteRange | None = None) -> ObjectBody:
        return await self.content.exactly(self.located, wanted)

    async def confirmed(self) -> ItemBytes:
        located = await self.content.refresh(self.located)
        return self if located is self.located else ItemBytes(self.content, located)

    async def renewed(self) -> ItemBytes:
        return await self.confirmed()

    def unsatisfiable(self) -> RangeUnsatisfiable:
        return _unsatisfiable(self.name, self.located.store, self.located.item.key, self.size)


@dataclass(frozen=True, slots=True)
class ObjectBytes:
    """The bytes of an object of a store, whether or not an item shows it."""

    content: Content
    store: Store
    info: ObjectInfo

    @classmethod
    async def of(cls, content: Content, store: Store, key: Key) -> ObjectBytes:
        """The version that the store has now. Raises ObjectNotFound."""
        return cls(content, store, await content.adapter(store).stat(key))

    @property
    def name(self) -> str:
        return self.info.key.rstrip("/").rpartition("/")[2]

    @property
    def media_type(self) -> str:
        return guess(self.info.key)[1]

    @property
    def size(self) -> int:
        return self.info.size

    @property
    def version(self) -> str:
        return self.info.version

    @property
    def modified_ms(self) -> int:
        return self.info.modified_ms

    async def open(self, wanted: ByteRange | None = None) -> ObjectBody:
        return await self.content.object(self.store, self.info, wanted)

    async def confirmed(self) -> ObjectBytes:
        return self  # the store was asked when the request came

    async def renewed(self) -> ObjectBytes:
        return await self.of(self.content, self.store, self.info.key)

    def unsatisfiable(self) -> RangeUnsatisfiable:
        return _unsatisfiable(self.info.key, self.store, self.info.key, self.size)


def _unsatisfiable(name: str, store: Store, key: str, size: int) -> RangeUnsatisfiable:
    return RangeUnsatisfiable(
        f"{escape(name)!r} has {size} bytes; the range begins after its end.",
        "Ask for a range within it.",
        store=store.name,
        key=escape(key),
        size=size,
    )
