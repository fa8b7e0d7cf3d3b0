"""An image as a variant, by libvips: shrunk while it loads, upright, in sRGB, without metadata.

Runs in a decoder process only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pyvips

from moorage.imaging import headers, heif, levels, pillow, raw, reasons, svg, windows
from moorage.imaging.blocks import BLOCK, Blocks
from moorage.imaging.bounds import need_bounded
from moorage.imaging.directories import Tiff
from moorage.imaging.finishing import box, colours, finish, shrunk, upright_size
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.tap import Tap, field, opened, tapped
from moorage.model.variant import Recipe, Rendered, Words

__all__ = ["Small", "box", "finish", "measure", "prepare", "preview", "small"]

_LOADERS: Final = ("Jpeg", "Png", "Nsgif", "Webp", "Tiff", "Heif", "Svg")
# thumbnail_source ignores its own fail_on (https://github.com/libvips/libvips/issues/5195); the loader's option works.
_FAIL_ON: Final = "fail-on=error"
_FEW: Final = 4_000_000
"""Pixels up to which an image is read in small blocks: a level of a pyramid lies in a few places."""
_REFUSED: Final = {"video": reasons.VIDEO_NOT_IMAGE, "jxl": reasons.NO_JXL}


def prepare() -> None:
    """Leaves libvips only the loaders that Moorage shows, one thread, and no memory of earlier images."""
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)


@dataclass(frozen=True, slots=True)
class Small:
    """A picture that fits its box, not computed yet; size and number of pages of what it was made of."""

    image: Any
    size: tuple[int, int]
    pages: int | None = None


def preview(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """The variant of the image in ``blocks``. Raises Unreadable, and Withheld where bytes were not handed out."""
    recipe = Recipe.of(words)
    with small(blocks, recipe, limits) as made:
        return finish(made.image, recipe, made.size, pages=made.pages)


@contextmanager
def small(blocks: Blocks, recipe: Recipe, limits: Limits, tiff: Tiff | None = None) -> Iterator[Small]:
    """The image in its box, to be computed while this is open. Raises as ``preview`` does.

    ``tiff``: its directories, for who opens several pages.
    """
    kind = _kind_of(blocks)
    tiff = (tiff or Tiff(blocks)) if kind == "tiff" else None
    if tiff and raw.is_raw(blocks, tiff):
        kind = "raw"
    level = levels.chosen(tiff, recipe) if tiff and kind == "tiff" else None
    few = level is not None and level.pixels <= _FEW
    with tapped(blocks if few else blocks.every(BLOCK)) as tap:
        if level is not None:
            yield _of_level(tap, level, recipe, limits)
        elif kind in ("image", "tiff"):
            yield _of_source(tap.source() if kind == "image" else tap.ranges(), recipe, limits)
        else:
            if recipe.page > 1:
                raise Unreadable(reasons.NO_PAGES)
            yield Small(*_OTHERS[kind](blocks, recipe, limits))


def measure(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """Width and height, upright, and no picture; raises as ``preview`` does."""
    del words, limits  # nothing is decoded
    kind = _kind_of(blocks)
    return Rendered(b"", "", *(headers.size_of(blocks.head()) or _measured(blocks, kind)))


def _measured(blocks: Blocks, kind: str) -> tuple[int, int]:
    if kind == "tiff" and raw.is_raw(blocks, Tiff(blocks)):
        kind = "raw"
    ways = {"raw": raw.measure, "svg": svg.measure, "pillow": pillow.measure}
    with tapped(blocks) as tap:
        return ways[kind](blocks) if kind in ways else upright_size(opened(tap.ranges()))


def _kind_of(blocks: Blocks) -> str:
    """What the first bytes say. Raises Unreadable for what is no image that can be shown."""
    if not blocks.size:
        raise Unreadable(reasons.EMPTY)
    kind = reasons.sniff(blocks.head())
    if kind in _REFUSED:
        raise Unreadable(_REFUSED[kind])
    return kind


def _of_level(tap: Tap, level: levels.Level, recipe: Recipe, limits: Limits) -> Small:
    image = opened(tap.ranges(), **level.options)
    need_bounded(image, limits)
    return Small(_fitted(image, recipe), level.size, _many(level.pages))


def _of_source(source: Any, recipe: Recipe, limits: Limits) -> Small:
    image, options = opened(source), _FAIL_ON
    pages = _many(field(image, "n-pages"))
    if recipe.page > 1:
        if recipe.page > (pages or 1):
            raise Unreadable(reasons.no_page(recipe.page, pages or 1))
        image, options = opened(source, page=recipe.page - 1), f"{_FAIL_ON},page={recipe.page - 1}"
    need_bounded(image, limits)
    if windows.applies(image, recipe):
        made = windows.shown(image, recipe)
    else:
        more = colours(image) | box(recipe)
        made = pyvips.Image.thumbnail_source(source, recipe.width, option_string=options, **more)
    return Small(made, upright_size(image), pages)


def _decoded(
    decoder: Callable[[Blocks, Limits], Any],
) -> Callable[[Blocks, Recipe, Limits], tuple[Any, tuple[int, int]]]:
    """By a decoder that gives the whole image, upright."""

    def made(blocks: Blocks, recipe: Recipe, limits: Limits) -> tuple[Any, tuple[int, int]]:
        image = decoder(blocks.every(BLOCK), limits)
        return _fitted(image, recipe), (image.width, image.height)

    return made


_OTHERS: Final = {
    "heic": _decoded(heif.image),
    "pillow": _decoded(pillow.image),
    "raw": raw.small,
    "svg": svg.small,
}


def _fitted(image: Any, recipe: Recipe) -> Any:
    return windows.shown(image, recipe) if windows.applies(image, recipe) else shrunk(image, recipe)


def _many(pages: object) -> int | None:
    return pages if isinstance(pages, int) and pages > 1 else None
