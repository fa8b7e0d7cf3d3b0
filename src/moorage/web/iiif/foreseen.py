"""Parts of an image that its ``info.json`` and its manifest tell viewers to ask for: those are kept.

There are about as many as the image has tiles, in each format; of all that can be asked for there are more than any
cache holds.
"""

from __future__ import annotations

from typing import Final

from moorage.model.region import Looks, Quality, Region
from moorage.model.variant import SIZES
from moorage.web.iiif.info import factors, tile_of
from moorage.web.iiif.parse import largest

_SKEW: Final = 1
"""Pixels by which sides differ from their exact part: some viewers round up, some down."""


def is_foreseen(looks: Looks, region: Region) -> bool:
    """Whether it is a tile as told, or all of the image at a size as told or at one of those of previews."""
    if region.mirrored or region.degrees or region.quality is not Quality.COLOR:
        return False
    return _is_usual(looks, region) if looks.is_whole(region) else _is_tile(looks, region)


def _is_tile(looks: Looks, region: Region) -> bool:
    width, height = tile_of(looks)
    for factor in factors(looks):
        across, down = width * factor, height * factor
        if region.x % across or region.y % down:
            continue
        part = min(across, looks.width - region.x), min(down, looks.height - region.y)
        if (region.part_width, region.part_height) == part:
            return _near(region, (part[0] / factor, part[1] / factor))
    return False


def _is_usual(looks: Looks, region: Region) -> bool:
    told = [*looks.levels, largest(looks.width, looks.height)]
    told += [(looks.width // factor, looks.height // factor) for factor in factors(looks)]
    if any(_near(region, size) for size in told):
        return True
    share = max(region.width / looks.width, region.height / looks.height)
    even = _near(region, (looks.width * share, looks.height * share))
    return even and not {region.width, region.height}.isdisjoint(SIZES)


def _near(region: Region, size: tuple[float, float]) -> bool:
    return abs(region.width - size[0]) <= _SKEW and abs(region.height - size[1]) <= _SKEW
