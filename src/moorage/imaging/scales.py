"""An image at the sizes at which it is stored: pages or sub-images of a pyramid TIFF, shrinking loads of a JPEG.

Runs in a decoder process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pyvips

from moorage.imaging import heif, pillow, raw, reasons, tap, windows
from moorage.imaging.blocks import Blocks
from moorage.imaging.directories import Tiff
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.tap import Tap
from moorage.model.region import Looks
from moorage.model.variant import Recipe

_MOST_SCALES: Final = 24
_JPEG_STEPS: Final = (2, 4, 8)
_JPEG_MARGIN: Final = 2.0
"""A JPEG is loaded twice as large as needed: its own shrinking is coarser than libvips'."""
_SIDEWAYS: Final = range(5, 9)
_COLOURS: Final = 3
_WHITE: Final = 255.0
_WHOLE: Final = ("gifload", "webpload", "heifload")
_PLAIN: Final = Recipe(1, 1)
_REFUSED: Final = {
    "video": reasons.VIDEO_NOT_IMAGE, "jxl": reasons.NO_JXL, "svg": reasons.NO_PARTS, "raw": reasons.NO_PARTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scale:
    """A size at which an image is stored, not turned yet, and the loader's options for it."""

    width: int
    height: int
    options: dict[str, int]

    @property
    def by_loading(self) -> bool:
        """Whether the loader shrinks to it."""
        return "shrink" in self.options


@dataclass
class Scales:
    """An image whose header was read. Sizes are those in the file, before it is turned upright."""

    first: Any
    stored: tuple[Scale, ...]
    tap: Tap
    is_tiff: bool = False
    decoded: bool = False
    """Whether all of it is in memory already."""

    @property
    def pixels(self) -> int:
        """How many it has."""
        return self.stored[0].width * self.stored[0].height

    @property
    def orientation(self) -> int:
        """How it is to be turned, as EXIF counts; 1: not at all."""
        found = tap.field(self.first, "orientation")
        return found if isinstance(found, int) and 1 <= found <= _SIDEWAYS[-1] else 1

    @property
    def sideways(self) -> bool:
        """Whether width and height change places when it is turned upright."""
        return self.orientation in _SIDEWAYS

    @property
    def looks(self) -> Looks:
        """What is told of it."""
        sizes = tuple((one.width, one.height) for one in self.stored if not one.by_loading)
        tile = self._tile
        if self.sideways:
            sizes = tuple((height, width) for width, height in sizes)
            tile = None if tile is None else (tile[1], tile[0])
        return Looks(*sizes[0], tile, sizes)

    def sufficient(self, share: float, *, whole: bool) -> Scale:
        """The smallest that has ``share`` of the full width; a loader's shrinking serves a whole image only."""
        found = self.stored[0]
        for one in self.stored:
            least = share * (_JPEG_MARGIN if one.by_loading else 1.0) * self.stored[0].width
            if one.width < found.width and one.width + 1 >= least and (whole or not one.by_loading):
                found = one
        return found

    def load(self, scale: Scale) -> Any:
        """The image at that size, through its window where its values are those of an instrument."""
        image = self._load(scale)
        if self._window is None:
            return image
        low, high = self._window
        factor = _WHITE / (high - low)
        seen = _bands(image).linear(factor, -low * factor, uchar=True)
        if seen.get_typeof("icc-profile-data"):  # it speaks of the stored values, not of these
            seen = seen.copy()
            seen.remove("icc-profile-data")
        return seen.copy(interpretation="srgb" if seen.bands > 1 else "b-w")

    def _load(self, scale: Scale) -> Any:
        if self.decoded:
            return self.first
        access = "sequential" if self._tile is None else "random"
        return _opened(self.tap, scale.options, ranges=self.is_tiff, access=access)

    @property
    def _tile(self) -> tuple[int, int] | None:
        width, height = tap.field(self.first, "tile-width"), tap.field(self.first, "tile-height")
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None

    @cached_property
    def _window(self) -> tuple[float, float] | None:
        """Which values are black and white, by the smallest size: the same for every part of the image."""
        if not windows.applies(self.first, _PLAIN):
            return None
        return windows.automatic(_bands(self._load(self.stored[-1])).copy_memory())


@contextmanager
def opened(blocks: Blocks, limits: Limits) -> Iterator[Scales]:
    """The image in ``blocks``. Raises Unreadable, also for what libvips says meanwhile, and Withheld."""
    if not blocks.size:
        raise Unreadable(reasons.EMPTY)
    kind = reasons.sniff(blocks.head())
    if kind == "tiff" and raw.is_raw(blocks, Tiff(blocks)):
        kind = "raw"
    if kind in _REFUSED:
        raise Unreadable(_REFUSED[kind])
    with tap.tapped(blocks) as one:
        if kind in ("heic", "pillow"):
            image = (heif if kind == "heic" else pillow).image(blocks, limits)
            yield Scales(image, (Scale(image.width, image.height, {}),), one, decoded=True)
            return
        first = _opened(one, {}, ranges=True)  # its header alone is read
        limit = limits.most_pixels(limits.whole_pixels) if _needs_all(first) else limits.pixels
        if first.width * first.height > limit:
            raise Unreadable(reasons.too_many_pixels(first.width, first.height, limit))
        yield Scales(first, _stored(first, one), one, is_tiff=kind == "tiff")


def _opened(of: Tap, options: dict[str, int], *, ranges: bool, access: str = "sequential") -> Any:
    source = of.ranges() if ranges else of.source()
    if access == "sequential":
        return tap.opened(source, **options)
    return pyvips.Image.new_from_source(source, "", access=access, fail_on="error", **options)


def _stored(first: Any, of: Tap) -> tuple[Scale, ...]:
    """All sizes at which it is stored, the largest first."""
    whole = Scale(first.width, first.height, {})
    if str(tap.field(first, "vips-loader")).startswith("jpegload"):
        return (whole, *(Scale(-(-whole.width // by), -(-whole.height // by), {"shrink": by}) for by in _JPEG_STEPS))
    found = [whole]
    for options in _below(first):
        image = _opened(of, options, ranges=True)
        scale = Scale(image.width, image.height, options)
        if not _is_smaller(scale, found[-1]):
            break
        found.append(scale)
    return tuple(found)


def _below(first: Any) -> Iterator[dict[str, int]]:
    """Where a TIFF may keep its smaller sizes: below its first page, or as the pages that follow."""
    inner, pages = tap.field(first, "n-subifds"), tap.field(first, "n-pages")
    if not str(tap.field(first, "vips-loader")).startswith("tiffload"):
        return
    if isinstance(inner, int) and inner > 0:
        yield from ({"subifd": number} for number in range(min(inner, _MOST_SCALES)))
    elif isinstance(pages, int):
        yield from ({"page": number} for number in range(1, min(pages, _MOST_SCALES)))


def _is_smaller(scale: Scale, larger: Scale) -> bool:
    """Whether it can be the same picture, smaller: other pages of a document are not."""
    if not (0 < scale.width < larger.width and 0 < scale.height < larger.height):
        return False
    return abs(scale.width * larger.height - scale.height * larger.width) <= larger.width + larger.height


def _needs_all(image: Any) -> bool:
    loader = str(tap.field(image, "vips-loader"))
    return loader.startswith(_WHOLE) or bool(tap.field(image, "jpeg-multiscan")) or bool(tap.field(image, "interlaced"))


def _bands(image: Any) -> Any:
    return image.extract_band(0, n=_COLOURS if image.bands >= _COLOURS else 1)
