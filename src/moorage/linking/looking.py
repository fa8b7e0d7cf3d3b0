"""Looking: ask the stores for what may become a link, whether it is there, how large, and how wide and high.

No object is read as a whole: of an image or video its first 64 KiB, and more where these do not tell its size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from moorage.linking.judging import Judged
from moorage.linking.naming import kind_of
from moorage.model.catalogue import Kind, Measured
from moorage.model.errors import Changed, MoorageError, ObjectNotFound, TryAgain
from moorage.model.keys import Key
from moorage.model.links import Verdict
from moorage.model.objects import ByteRange, ObjectInfo
from moorage.model.store import ObjectStore, Store
from moorage.model.variant import Source

LOOKS: Final = 16
"""Objects that are looked for side by side."""
HEAD: Final = 64 * 1024
"""Bytes that tell the size of nearly every image."""


class Measure(Protocol):
    """Reads what an image or a video tells of itself. Raises MoorageError where it tells nothing."""

    async def __call__(self, source: Source, *, video: bool) -> Measured: ...


@dataclass(frozen=True, slots=True)
class _Beginning:
    """An object whose first bytes are at hand. Implements ``Source``."""

    store: ObjectStore
    info: ObjectInfo
    head: bytes
    descriptor: int | None = None

    @property
    def size(self) -> int:
        return self.info.size

    @property
    def media_type(self) -> str:
        return self.info.media_type

    async def read(self, start: int, length: int) -> bytes:
        if start + length <= len(self.head):
            return self.head[start : start + length]
        return await _part(self.store, self.info, start, length)


class Looking:
    """Looks for objects. ``measure`` None: nothing is told of how wide and high they are."""

    def __init__(self, adapter: Callable[[Store], ObjectStore], measure: Measure | None) -> None:
        self._adapter = adapter
        self._measure = measure
        self._places = asyncio.Semaphore(LOOKS)
        self._turn = asyncio.Semaphore(1)  # one process opens images for imports; the others are for readers

    async def look(self, judged: Sequence[Judged]) -> None:
        """Note what the stores say of those that may become links, some side by side.

        Raises TryAgain where a store does not answer; a web server that does not is the trouble of its own lines.
        """
        looked = await asyncio.gather(
            *(self._one(one, one.store) for one in judged if one.good and one.store is not None and one.store.id),
            return_exceptions=True,
        )
        for error in looked:
            if error is not None:
                raise error

    async def _one(self, one: Judged, store: Store) -> None:
        async with self._places:
            try:
                adapter = self._adapter(store)
                one.info = await adapter.stat(one.key)
                one.measured = await self._measured(adapter, one, one.info)
            except ObjectNotFound:
                one.turn(Verdict.MISSING, "The store has no such object.", "Correct the key, or leave it out.")
            except MoorageError as error:
                if isinstance(error, TryAgain) and not one.web:
                    raise
                one.fail(Verdict.MISSING, error)

    async def _measured(self, adapter: ObjectStore, one: Judged, info: ObjectInfo) -> Measured:
        """What the object tells of itself; nothing where it is no image or video, or tells too late."""
        kind, _ = kind_of(one.name, one.path)
        if self._measure is None or kind is Kind.FILE or not info.size:
            return Measured()
        try:
            head = await _part(adapter, info, 0, HEAD)
        except Changed:
            return Measured()  # it was written a moment ago: its first preview measures it
        source = _Beginning(adapter, info, head)
        async with self._turn:
            try:
                return await self._measure(source, video=kind is Kind.VIDEO)
            except MoorageError:
                return Measured()  # it is there all the same, and its preview will say what is wrong with it


async def _part(store: ObjectStore, info: ObjectInfo, start: int, length: int) -> bytes:
    """The bytes [start, start + length) of that version, fewer only at its end."""
    body = await store.get(Key(info.key), byte_range=ByteRange(start, length), if_match=info.etag or None)
    async with body:
        return await body.read()


__all__ = ["Looking", "Measure"]
