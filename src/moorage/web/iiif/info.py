"""``info.json``: what an image is and what can be asked of it, in versions 2 and 3 of the Image API."""

from __future__ import annotations

from typing import Any, Final

from moorage.model.region import TILE, Looks, Quality, RegionFormat
from moorage.web.iiif.parse import LONGEST, MOST_PIXELS

CONTEXTS: Final = {version: f"http://iiif.io/api/image/{version}/context.json" for version in (2, 3)}
PROFILES: Final = {version: f"http://iiif.io/api/image/{version}/level2.json" for version in (2, 3)}
_PROTOCOL: Final = "http://iiif.io/api/image"
_FEATURES: Final = ["canonicalLinkHeader", "mirroring", "profileLinkHeader", "rotationArbitrary"]
_BEYOND_2: Final = [*_FEATURES, "regionSquare", "sizeAboveFull"]
_BEYOND_3: Final = [*_FEATURES, "sizeUpscaling"]
_TILES: Final = range(128, 1025)
"""Widths and heights of stored tiles that the grid of viewers is laid over; others are a bad bargain over a network."""
REVISION: Final = 2
"""Raised when the same image is told of in another way."""


def info(version: int, address: str, looks: Looks) -> dict[str, Any]:
    """The document. ``address``: the image's own, without a final slash."""
    size = {"width": looks.width, "height": looks.height}
    shared = {"protocol": _PROTOCOL, **size, "sizes": _sizes(looks), "tiles": [_tiles(looks)]}
    bounds = {"maxWidth": LONGEST, "maxHeight": LONGEST, "maxArea": MOST_PIXELS}
    if version == 2:  # noqa: PLR2004 - the version
        more = {"formats": list(RegionFormat), "qualities": list(Quality), "supports": _BEYOND_2, **bounds}
        return {"@context": CONTEXTS[2], "@id": address, **shared, "profile": [PROFILES[2], more]}
    return {
        "@context": CONTEXTS[3],
        "id": address,
        "type": "ImageService3",
        **shared,
        "profile": "level2",
        **bounds,
        "extraFormats": [one for one in RegionFormat if one not in (RegionFormat.JPG, RegionFormat.PNG)],
        "extraQualities": list(Quality),
        "extraFeatures": _BEYOND_3,
    }


def factors(looks: Looks) -> list[int]:
    """By how much tiles are scaled down, until one of them shows all of the image."""
    width, height = tile_of(looks)
    found = [1]
    while looks.width > found[-1] * width or looks.height > found[-1] * height:
        found.append(found[-1] * 2)
    return found


def tile_of(looks: Looks) -> tuple[int, int]:
    """Width and height of the tiles that viewers are told to ask for: of small stored ones, several together.

    What an answer costs besides its pixels is as much as some stored tiles.
    """
    if looks.tile is None or any(side not in _TILES for side in looks.tile):
        return TILE, TILE
    width, height = (side * max(1, TILE // side) for side in looks.tile)
    return width, height


def _tiles(looks: Looks) -> dict[str, Any]:
    width, height = tile_of(looks)
    square = {} if width == height else {"height": height}
    return {"width": width, **square, "scaleFactors": factors(looks)}


def _sizes(looks: Looks) -> list[dict[str, int]]:
    """The sizes at which it is stored, or else its halves, the smallest first; none that is too large to be sent."""
    halves = ((-(-looks.width // by), -(-looks.height // by)) for by in factors(looks))
    sizes = looks.levels if len(looks.levels) > 1 else halves
    allowed = [(w, h) for w, h in sizes if max(w, h) <= LONGEST and w * h <= MOST_PIXELS]
    return [{"width": width, "height": height} for width, height in sorted(allowed)]
