"""An image at the sizes at which it is stored: pages or sub-images of a pyramid TIFF, shrinking loads of a JPEG.

Runs in a decoder process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Final

import pyvips

from moorage.imaging import heif, levels, pillow, raw, reasons, tap, windows
from moorage.imaging.blocks import Blocks
from moorage.imaging.bounds import need_bounded, need_size
from moorage.imaging.directories import Directory, Tiff
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
_TILE_WIDTH: Final = 322
_TILE_HEIGHT: Final = 323
_COLOURS: Final = 3
_WHITE: Final = 255.0
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

    stored: tuple[Scale, ...]
    tap: Tap
    orientation: int = 1
    """How it is to be turned, as EXIF counts; 1: not at all."""
    tile: tuple[int, int] | None = None
    """Width and height of the tiles that it is stored in."""
    is_tiff: bool = False
    decoded: Any = None
    """The image, where all of it is in memory already."""

    def header(self) -> Any:
        """As libvips sees it. Raises Unreadable and pyvips.Error where it cannot be opened."""
        return self.decoded if self.decoded is not None else _opened(self.tap, {}, ranges=True)

    @property
    def pixels(self) -> int:
        """How many it has."""
        return self.stored[0].width * self.stored[0].height

    @property
    def sideways(self) -> bool:
        """Whether width and height change places when it is turned upright."""
        return self.orientation in _SIDEWAYS

    @property
    def looks(self) -> Looks:
        """What is told of it."""
        sizes = tuple((one.width, one.height) for one in self.stored if not one.by_loading)
        tile = self.tile
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
        window = self._window if windows.applies(image, _PLAIN) else None
        if window is None:
            return image
        low, high = window
        factor = _WHITE / (high - low)
        seen = _bands(image).linear(factor, -low * factor, uchar=True)
        if seen.get_typeof("icc-profile-data"):  # it speaks of the stored values, not of these
            seen = seen.copy()
            seen.remove("icc-profile-data")
        return seen.copy(interpretation="srgb" if seen.bands > 1 else "b-w")

    def _load(self, scale: Scale) -> Any:
        if self.decoded is not None:
            return self.decoded
        access = "sequential" if self.tile is None else "random"
        return _opened(self.tap, scale.options, ranges=self.is_tiff, access=access)

    @cached_property
    def _window(self) -> tuple[float, float] | None:
        """Which values are black and white, by the smallest size: the same for every part of the image."""
        return windows.automatic(_bands(self._load(self.stored[-1])).copy_memory())


@contextmanager
def opened(blocks: Blocks, limits: Limits) -> Iterator[Scales]:
    """The image in ``blocks``. Raises Unreadable, also for what libvips says meanwhile, and Withheld."""
    if not blocks.size:
        raise Unreadable(reasons.EMPTY)
    kind = reasons.sniff(blocks.head())
    tiff = Tiff(blocks) if kind == "tiff" else None
    if tiff and raw.is_raw(blocks, tiff):
        kind = "raw"
    if kind in _REFUSED:
        raise Unreadable(_REFUSED[kind])
    with tap.tapped(blocks) as one:
        if kind in ("heic", "pillow"):
            image = (heif if kind == "heic" else pillow).image(blocks, limits)
            yield Scales((Scale(image.width, image.height, {}),), one, decoded=image)
            return
        page = next(tiff.chain(), None) if tiff else None
        if tiff and page and all(levels.stored(page)):
            yield _of_directories(tiff, page, one, limits)
            return
        first = _opened(one, {}, ranges=True)  # its header alone is read
        need_bounded(first, limits)
        yield Scales(_of_header(first), one, _turn(tap.field(first, "orientation")), is_tiff=tiff is not None)


def _opened(of: Tap, options: dict[str, int], *, ranges: bool, access: str = "sequential") -> Any:
    source = of.ranges() if ranges else of.source()
    if access == "sequential":
        return tap.opened(source, **options)
    return pyvips.Image.new_from_source(source, "", access=access, fail_on="error", **options)


def _of_header(first: Any) -> tuple[Scale, ...]:
    """All sizes at which it is stored, the largest first; of a JPEG those that its loader can shrink to."""
    steps = _JPEG_STEPS if str(tap.field(first, "vips-loader")).startswith("jpegload") else ()
    smaller = (Scale(-(-first.width // by), -(-first.height // by), {"shrink": by}) for by in steps)
    return (Scale(first.width, first.height, {}), *smaller)


def _of_directories(tiff: Tiff, page: Directory, of: Tap, limits: Limits) -> Scales:
    """A TIFF, of which libvips opens no more than the level that is needed: each opening costs as much as a tile."""
    found = [Scale(*levels.stored(page), {})]
    need_size(found[0].width, found[0].height, limits.pixels, limits)
    for scale in _below(tiff):
        if not _is_smaller(scale, found[-1]):
            break
        found.append(scale)
    tile = page.number(_TILE_WIDTH), page.number(_TILE_HEIGHT)
    turn = _turn(page.number(levels.ORIENTATION, 1))
    return Scales(tuple(found), of, turn, tile if all(tile) else None, is_tiff=True)


def _turn(said: object) -> int:
    return said if isinstance(said, int) and 1 <= said <= _SIDEWAYS[-1] else 1


def _below(tiff: Tiff) -> Iterator[Scale]:
    """Where it may keep its smaller sizes: below its first page, or as the pages that follow."""
    pages = islice(tiff.chain(), _MOST_SCALES)
    first = next(pages, None)
    inner = list(islice(tiff.below(first), _MOST_SCALES)) if first else []
    found = enumerate(inner) if inner else enumerate(pages, start=1)
    for number, each in found:
        yield Scale(*levels.stored(each), {"subifd" if inner else "page": number})


def _is_smaller(scale: Scale, larger: Scale) -> bool:
    """Whether it can be the same picture, smaller: other pages of a document are not."""
    if not (0 < scale.width < larger.width and 0 < scale.height < larger.height):
        return False
    return abs(scale.width * larger.height - scale.height * larger.width) <= larger.width + larger.height


def _bands(image: Any) -> Any:
    return image.extract_band(0, n=_COLOURS if image.bands >= _COLOURS else 1)
