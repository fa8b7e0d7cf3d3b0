"""Parts of an image at any scale, by libvips: open the level that suffices -> cut -> scale -> turn -> write.

Runs in a decoder process only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from moorage.imaging import finishing, reasons, scales
from moorage.imaging.blocks import BLOCK, Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.scales import Scales
from moorage.model.region import TILE, Pyramid, Quality, Region, RegionFormat
from moorage.model.variant import Rendered, Words

_JPEG_QUALITY: Final = 88
_WEBP_QUALITY: Final = 85
_FINE_QUALITY: Final = 90
"""Of a pyramid: what is cut out of it is compressed once more."""
_FINE_PIXELS: Final = 60_000_000
_COARSE_QUALITY: Final = 80
"""Of a pyramid of more pixels, so that it stays below the length of an answer."""
_TILE_STEP: Final = 16
_MID_GREY: Final = 128
_WHITE: Final = (255, 255, 255)
_QUARTERS: Final = {90.0: "rot90", 180.0: "rot180", 270.0: "rot270"}
_UPRIGHT: Final = {
    2: ("fliphor",), 3: ("rot180",), 4: ("flipver",), 5: ("rot90", "fliphor"), 6: ("rot90",),
    7: ("rot270", "fliphor"), 8: ("rot270",),
}  # fmt: skip
"""What brings an image upright, by its orientation. Source: EXIF 2.32, tag 274."""


def look(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """How large an image is, and at which sizes it is stored; nothing is decoded. Raises Unreadable."""
    del words
    with scales.opened(blocks, limits) as found:
        found.header()
        return found.looks.pack()


def cut(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """The part that was wished for. Raises Unreadable, and Withheld where bytes were not handed out."""
    region = Region.of(words)
    if reasons.sniff(blocks.head()) != "tiff":  # of a TIFF, tiles here and there are read
        blocks = blocks.every(BLOCK)
    with scales.opened(blocks, limits) as found:
        looks = found.looks
        made = _coloured(_turned(_scaled(found, region), region), region)
        return Rendered(_written(made, region), region.media_type, looks.width, looks.height)


def pyramid(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """The whole image, upright and in sRGB, as a tiled TIFF with its halves. Raises as ``cut`` does."""
    del words
    with scales.opened(blocks, limits) as found:
        limit = limits.most_pixels(limits.whole_pixels)
        looks = found.looks
        if found.pixels > limit:
            raise Unreadable(reasons.too_large_to_cut(looks.width, looks.height, limit))
        image = found.load(found.stored[0])
        image = _fitted(image, image.width, image.height)
        image = _upright(image.copy_memory() if found.orientation in _UPRIGHT else image, found.orientation)
        data = image.tiffsave_buffer(
            tile=True,
            pyramid=True,
            tile_width=_tile_side(image.width),
            tile_height=_tile_side(image.height),
            compression="webp" if image.hasalpha() else "jpeg",  # JPEG would drop what is transparent
            Q=_FINE_QUALITY if found.pixels <= _FINE_PIXELS else _COARSE_QUALITY,
            keep="none",
        )
        return Rendered(data, Pyramid().media_type, looks.width, looks.height)


def _tile_side(pixels: int) -> int:
    """No longer than the image, in the steps of a TIFF: a strip of few pixels is not filled up to whole tiles."""
    return min(TILE, -(-pixels // _TILE_STEP) * _TILE_STEP)


@dataclass(frozen=True, slots=True)
class _Box:
    left: int
    top: int
    width: int
    height: int


def _scaled(found: Scales, region: Region) -> Any:
    """The part at its size, upright, in memory. Raises Unreadable for one that is not all in the image."""
    full, box, looks = found.stored[0], _place(region, found), found.looks
    if region.x + region.part_width > looks.width or region.y + region.part_height > looks.height:
        raise Unreadable(reasons.NO_SUCH_PART)
    width, height = (region.height, region.width) if found.sideways else (region.width, region.height)
    share = max(width / box.width, height / box.height)
    image = found.load(found.sufficient(share, whole=looks.is_whole(region)))
    across, down = image.width / full.width, image.height / full.height
    left, top = math.floor(box.left * across), math.floor(box.top * down)
    right = min(image.width, max(left + 1, math.ceil((box.left + box.width) * across)))
    bottom = min(image.height, max(top + 1, math.ceil((box.top + box.height) * down)))
    left, top = min(left, right - 1), min(top, bottom - 1)
    part = image.crop(left, top, right - left, bottom - top)
    return _upright(_fitted(part, width, height).copy_memory(), found.orientation)


def _place(region: Region, found: Scales) -> _Box:
    """Where the part lies in the image as it is stored, which may be turned or mirrored."""
    x, y, width, height = region.x, region.y, region.part_width, region.part_height
    looks = found.looks
    right, bottom = looks.width - x - width, looks.height - y - height
    left, top = {
        1: (x, y), 2: (right, y), 3: (right, bottom), 4: (x, bottom),
        5: (y, x), 6: (y, right), 7: (bottom, right), 8: (bottom, x),
    }[found.orientation]  # fmt: skip
    return _Box(left, top, height, width) if found.sideways else _Box(left, top, width, height)


def _fitted(image: Any, width: int, height: int) -> Any:
    """Exactly that size, in sRGB with 8 bits."""
    if (image.width, image.height) == (width, height) and not finishing.colours(image):
        return finishing.in_srgb(image)
    small = image.thumbnail_image(width, height=height, size="force", no_rotate=True, **finishing.colours(image))
    return finishing.in_srgb(small)


def _upright(image: Any, orientation: int) -> Any:
    """The image turned and mirrored; a TIFF made of it does not say again that it has to be."""
    for way in _UPRIGHT.get(orientation, ()):
        image = getattr(image, way)()
    plain = image.copy()
    plain.remove("orientation")
    return plain


def _turned(image: Any, region: Region) -> Any:
    if region.mirrored:
        image = image.fliphor()
    if not region.degrees:
        return image
    if region.degrees in _QUARTERS:
        return getattr(image, _QUARTERS[region.degrees])()
    if not image.hasalpha():
        image = image.addalpha()
    return image.premultiply().similarity(angle=region.degrees).unpremultiply().cast("uchar")


def _coloured(image: Any, region: Region) -> Any:
    if region.quality is Quality.BITONAL:
        return (_opaque(image).colourspace("b-w") >= _MID_GREY).copy(interpretation="b-w")
    if region.format is RegionFormat.JPG:
        image = _opaque(image)
    return image.colourspace("b-w") if region.quality is Quality.GRAY else image


def _opaque(image: Any) -> Any:
    return image.flatten(background=_WHITE[: image.bands - 1]) if image.hasalpha() else image


def _written(image: Any, region: Region) -> bytes:
    """The finished image in its format, without metadata."""
    bits = 1 if region.quality is Quality.BITONAL else 8
    made: bytes
    if region.format is RegionFormat.PNG:
        made = image.pngsave_buffer(bitdepth=bits, keep="none")
    elif region.format is RegionFormat.WEBP:
        made = image.webpsave_buffer(Q=_WEBP_QUALITY, lossless=bits == 1, effort=2, keep="none")
    elif region.format is RegionFormat.GIF:
        made = image.gifsave_buffer(effort=3, keep="none")
    elif region.format is RegionFormat.TIF:
        ways = {"compression": "ccittfax4"} if bits == 1 else {"compression": "lzw", "predictor": "horizontal"}
        made = image.tiffsave_buffer(**ways, bitdepth=bits, keep="none")
    else:
        made = image.jpegsave_buffer(Q=_JPEG_QUALITY, optimize_coding=True, keep="none")
    return made
