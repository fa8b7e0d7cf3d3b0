"""A contact sheet of an image with several pages or frames. Runs in a decoder process only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import pyvips

from moorage.imaging import finishing, reasons, stills, tap
from moorage.imaging.blocks import BLOCK, Blocks
from moorage.imaging.bounds import need_bounded
from moorage.imaging.directories import Tiff
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.model.sheet import Mosaic, Sheet
from moorage.model.variant import Recipe, Rendered, Words

_WHITE: Final = (255, 255, 255)
_ANIMATIONS: Final = (b"GIF8", b"RIFF")


@dataclass(frozen=True, slots=True)
class _Cells:
    """What is put on a sheet."""

    images: list[Any]
    size: tuple[int, int]
    pages: int


def sheet(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """The sheet of the image in ``blocks``. Raises as ``stills.preview`` does."""
    wish = Sheet.of(words)
    recipe = Recipe(wish.cell, wish.cell)
    with tap.tapped(blocks.every(BLOCK)) as source:
        cells = _frames(source, wish, recipe, limits) or _pages(blocks, wish, recipe, limits)
        return Rendered(_joined(cells.images, wish), wish.media_type, *cells.size, pages=cells.pages)


def mosaic(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """The sheet of previews that lie one behind the other."""
    del limits  # they were held when the previews were made
    wish = Mosaic.of(words)
    blocks.seek(0)
    with tap.tapped(blocks):
        previews = [blocks.read(length) for length in wish.lengths]
        images = [_flat(pyvips.Image.webpload_buffer(each)) if each else None for each in previews]
        return Rendered(_joined(images, wish.sheet), wish.media_type, 0, 0)


def _joined(images: list[Any], wish: Sheet) -> bytes:
    """In rows of squares, each in the middle of its own; None leaves one empty."""
    blank = pyvips.Image.black(1, 1, bands=3).linear(1, list(_WHITE), uchar=True).copy(interpretation="srgb")
    seen = [blank if each is None else each for each in images] or [blank]
    squares = [each.gravity("centre", wish.cell, wish.cell, background=_WHITE) for each in seen]
    joined = pyvips.Image.arrayjoin(squares, across=min(wish.columns, len(squares)), background=_WHITE)
    return finishing.written(joined, wish.format)


def _pages(blocks: Blocks, wish: Sheet, recipe: Recipe, limits: Limits) -> _Cells:
    """Each opened by itself."""
    tiff = Tiff(blocks)
    with stills.small(blocks, recipe, limits, tiff) as first:
        images = [_flat(first.image)]
    for number in wish.chosen(first.pages or 1)[1:]:
        with stills.small(blocks, replace(recipe, page=number + 1), limits, tiff) as made:
            images.append(_flat(made.image))
    return _Cells(images, first.size, first.pages or 1)


def _frames(source: tap.Tap, wish: Sheet, recipe: Recipe, limits: Limits) -> _Cells | None:
    """Those of an animation, read in one go: each is made of the one before it. None for what is no animation."""
    if not source.head().startswith(_ANIMATIONS):
        return None
    first = tap.opened(source.source())
    need_bounded(first, limits)
    pages = tap.field(first, "n-pages")
    if not isinstance(pages, int):
        return None
    if first.width * first.height * pages > limits.pixels:
        raise Unreadable(reasons.too_many_pixels(first.width, first.height * pages, limits.pixels))
    roll = tap.opened(source.source(), n=-1)
    frames = (roll.crop(0, number * first.height, first.width, first.height) for number in wish.chosen(pages))
    return _Cells([_flat(finishing.shrunk(each, recipe)) for each in frames], (first.width, first.height), pages)


def _flat(image: Any) -> Any:
    """In memory, in sRGB and opaque, so that all have the same bands."""
    made = finishing.in_srgb(image)
    return (made.flatten(background=_WHITE) if made.hasalpha() else made).copy_memory()
