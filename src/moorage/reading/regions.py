"""Regions: look -> cut out of the image itself, or of a pyramid that is made of it once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from moorage.model.region import Look, Looks, Pyramid, Region
from moorage.model.store import Provider
from moorage.model.variant import Rendered, Source, Task, VariantCache
from moorage.reading.content import readable
from moorage.reading.locate import Located
from moorage.reading.variants import Variants

_AT_HAND: Final = (Provider.DISK, Provider.MEMORY)
_PYRAMID: Final = Pyramid()


@dataclass(frozen=True, slots=True)
class Regions:
    """Makes parts of images; what they are cut out of is kept among the conversions, and parts that many ask for."""

    variants: Variants

    async def looks(self, located: Located) -> Looks:
        """How large the image is, and how it is stored. Raises as ``Variants.convert`` does."""
        return Looks.of(await self.variants.convert(located, Task.LOOK, Look(), whole=False))

    async def cut(self, located: Located, looks: Looks, region: Region, *, kept: bool = True) -> Rendered:
        """A part of the image; ``kept``: see ``Variants.convert``, which this raises as."""
        if looks.is_direct(region):
            at_hand = located.store.connection.provider in _AT_HAND
            whole = looks.tile is None or at_hand
            return await self.variants.convert(located, Task.REGION, region, whole=whole, kept=kept)
        item = located.item
        readable(item)
        name = region.name(item.version)
        cache = self.variants.converted if kept else self.variants.lately
        found = await cache.get(item.store, item.key, name)
        if found is not None:
            self.variants.meter.hit(item.store)
            return found
        return await self.variants.once(
            f"{item.store}\0{item.key}\0{name}", lambda: self._from_pyramid(located, region, cache)
        )

    async def _from_pyramid(self, located: Located, region: Region, cache: VariantCache) -> Rendered:
        item, converted = located.item, self.variants.converted
        place = (item.store, item.key, _PYRAMID.name(item.version))
        descriptor, data = await converted.lend(*place), b""
        if descriptor is None:
            data = (await self.variants.convert(located, Task.PYRAMID, _PYRAMID)).data
            descriptor = await converted.lend(*place)
        with _source(descriptor, data) as source:
            rendered = await self.variants.imager.make(Task.REGION, source, region)
        if descriptor is not None:  # else it may be of a version that came meanwhile
            await cache.put(item.store, item.key, region.name(item.version), rendered)
        return rendered


@dataclass(frozen=True, slots=True)
class _Kept:
    """A pyramid as a decoder sees it: a file of the cache, or bytes where the cache takes none."""

    descriptor: int | None
    data: bytes
    media_type: str = _PYRAMID.media_type

    @property
    def size(self) -> int:
        return len(self.data) if self.descriptor is None else os.fstat(self.descriptor).st_size

    async def read(self, start: int, length: int) -> bytes:
        return self.data[start : start + length]


@contextmanager
def _source(descriptor: int | None, data: bytes) -> Iterator[Source]:
    try:
        yield _Kept(descriptor, data)
    finally:
        if descriptor is not None:
            os.close(descriptor)
