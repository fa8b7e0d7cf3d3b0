"""Regions: a part of an image, scaled, mirrored, turned and in other colours, as IIIF viewers ask for it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from moorage.model.variant import Rendered, Words, wish_name

TILE: Final = 512
"""Width and height of the tiles that viewers are told to ask for, and of those in a pyramid."""
DIRECT_PIXELS: Final = 4_000_000
"""Parts of an image with more are cut out of a pyramid of it: to decode all of it for each takes too long."""
_TILED_PIXELS: Final = 16_000_000
"""As many are decoded at most of an image in tiles, for one part of it."""
_REVISION: Final = 1
"""Raised when the same wish begins to make other bytes."""


class Quality(StrEnum):
    """Colours of what is made."""

    COLOR = "color"
    GRAY = "gray"
    BITONAL = "bitonal"


class RegionFormat(StrEnum):
    """Formats of regions, as addresses name them."""

    JPG = "jpg"
    PNG = "png"
    WEBP = "webp"
    GIF = "gif"
    TIF = "tif"

    @property
    def media_type(self) -> str:
        """Its media type."""
        return {"jpg": "image/jpeg", "tif": "image/tiff"}.get(self.value, f"image/{self.value}")


@dataclass(frozen=True, slots=True)
class Region:
    """A wish: the part of the upright image whose upper left corner is (x, y), scaled to ``width`` x ``height``.

    Then it is mirrored, then turned clockwise by ``degrees``, from 0 to below 360; unless these are quarters, what
    comes out is larger.
    """

    x: int
    y: int
    part_width: int
    part_height: int
    width: int
    height: int
    mirrored: bool = False
    degrees: float = 0.0
    quality: Quality = Quality.COLOR
    format: RegionFormat = RegionFormat.JPG

    @property
    def media_type(self) -> str:
        """Of the finished image."""
        return self.format.media_type

    def name(self, version: str) -> str:
        """The cache name of this part of the source ``version``."""
        return wish_name(version, "region", _REVISION, *asdict(self).values())

    def words(self) -> Words:
        """For the decoder process."""
        return asdict(self)

    @classmethod
    def of(cls, words: Words) -> Region:
        """The inverse of ``words``."""
        x, y, part_width, part_height, width, height = (
            int(words[one] or 0) for one in ("x", "y", "part_width", "part_height", "width", "height")
        )
        return cls(
            x,
            y,
            part_width,
            part_height,
            width,
            height,
            mirrored=bool(words["mirrored"]),
            degrees=float(words["degrees"] or 0),
            quality=Quality(str(words["quality"])),
            format=RegionFormat(str(words["format"])),
        )


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A wish: the upright image in sRGB as tiles, and as tiles of half, a quarter, ... of its size."""

    media_type: str = "image/tiff"

    def name(self, version: str) -> str:
        """The cache name of the pyramid of the source ``version``."""
        return wish_name(version, "pyramid", _REVISION)

    def words(self) -> Words:
        """Nothing: there is one way only."""
        return {}


@dataclass(frozen=True, slots=True)
class Look:
    """A wish: what is known of an image without decoding it."""

    media_type: str = "application/json"

    def name(self, version: str) -> str:
        """The cache name of what is known of the source ``version``."""
        return wish_name(version, "look", _REVISION)

    def words(self) -> Words:
        """Nothing: there is one way only."""
        return {}


@dataclass(frozen=True, slots=True)
class Looks:
    """What a look at an image told: its upright size, and how it is stored."""

    width: int
    height: int
    tile: tuple[int, int] | None = None
    """Width and height of the tiles, upright, where it is stored in tiles."""
    levels: tuple[tuple[int, int], ...] = ()
    """Upright sizes at which it is stored, the largest first."""

    def is_direct(self, region: Region) -> bool:
        """Whether a part is best made of the image itself, not of a pyramid of it.

        So it is where all of the image is wanted, where there is not much of it, and where tiles spare the rest.
        """
        if self.width * self.height <= DIRECT_PIXELS or self.is_whole(region):
            return True
        share = max(region.width / region.part_width, region.height / region.part_height)
        scale = min((w / self.width for w, _ in self.levels if w + 1 >= share * self.width), default=1.0)
        read = region.part_width * scale * region.part_height * scale
        return self.tile is not None and read <= _TILED_PIXELS

    def is_whole(self, region: Region) -> bool:
        """Whether the part is all of it."""
        return (region.part_width, region.part_height) == (self.width, self.height)

    def pack(self) -> Rendered:
        """As a variant, which a cache can keep."""
        return Rendered(json.dumps([self.tile, self.levels]).encode(), Look().media_type, self.width, self.height)

    @classmethod
    def of(cls, rendered: Rendered) -> Looks:
        """The inverse of ``pack``."""
        tile, levels = json.loads(rendered.data)
        tiles = None if tile is None else (int(tile[0]), int(tile[1]))
        return cls(rendered.source_width, rendered.source_height, tiles, tuple((w, h) for w, h in levels))
