"""Levels of a pyramid: the smallest picture of a TIFF that is still as large as the preview.

libvips looks for it too, by opening every page anew; here the directories alone are read, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from moorage.imaging.directories import Directory, Tiff
from moorage.model.variant import Fit, Recipe

_WIDTH: Final = 256
_HEIGHT: Final = 257
_SUBTYPE: Final = 254
ORIENTATION: Final = 274
_REDUCED: Final = 1
_MASK: Final = 4
_SIDEWAYS: Final = range(5, 9)
_SKEW: Final = 2
"""Pixels by which the sides of a level may differ from their exact part: some round up, some down."""


@dataclass(frozen=True, slots=True)
class Level:
    """Where a picture of a TIFF is found, and what it shows."""

    options: dict[str, Any]
    """For libvips' loader."""
    size: tuple[int, int]
    """Of the whole image, upright."""
    pixels: int
    """How many are read for it."""
    pages: int
    """How many pictures there are that are no levels of another."""


def chosen(tiff: Tiff, recipe: Recipe) -> Level | None:
    """What to open for a preview; None where there is no such page, or libvips has to judge what this is."""
    pictures = list(tiff.chain())
    wholes = _wholes(pictures)
    if recipe.page > len(wholes):
        return None
    number = wholes[recipe.page - 1]
    first = pictures[number]
    if not all(stored(first)):
        return None
    best, options = stored(first), {"page": number} if number else {}
    share = _share(first, recipe)
    for size, found in _levels(tiff, pictures, number):
        if size[0] < best[0] and _covers(size, stored(first), share):
            best, options = size, found
    return Level(options, upright(first), best[0] * best[1], len(wholes))


def stored(picture: Directory) -> tuple[int, int]:
    """Width and height as the pixels lie in the file."""
    return picture.number(_WIDTH), picture.number(_HEIGHT)


def upright(picture: Directory) -> tuple[int, int]:
    """Width and height as it is looked at."""
    width, height = stored(picture)
    return (height, width) if picture.number(ORIENTATION, 1) in _SIDEWAYS else (width, height)


def _wholes(pictures: list[Directory]) -> list[int]:
    """The numbers of those that are no levels and no masks."""
    sizes = [stored(each) for each in pictures]
    if len(sizes) > 1 and all(_halves(larger, smaller) for larger, smaller in pairwise(sizes)):
        return [0]
    return [number for number, each in enumerate(pictures) if not number or not _is_part(each)]


def _levels(tiff: Tiff, pictures: list[Directory], number: int) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """Sizes of the levels of a picture, and how they are opened: below it, or, of the first one, behind it."""
    for place, each in enumerate(tiff.below(pictures[number])):
        if each.number(_SUBTYPE) & _REDUCED:
            yield stored(each), {"page": number, "subifd": place} if number else {"subifd": place}
    if number == 0:
        others = set(_wholes(pictures))
        for place, each in enumerate(pictures):
            if place not in others and not each.number(_SUBTYPE) & _MASK:
                yield stored(each), {"page": place}


def _is_part(picture: Directory) -> bool:
    return bool(picture.number(_SUBTYPE) & (_REDUCED | _MASK))


def _halves(larger: tuple[int, int], smaller: tuple[int, int]) -> bool:
    return all(abs(one - 2 * other) <= _SKEW for one, other in zip(larger, smaller, strict=True))


def _share(picture: Directory, recipe: Recipe) -> float:
    """How much of its sides the preview has."""
    shares = [box / side for box, side in zip((recipe.width, recipe.height), upright(picture), strict=True)]
    return min(1.0, max(shares) if recipe.fit is Fit.COVER else min(shares))


def _covers(size: tuple[int, int], whole: tuple[int, int], share: float) -> bool:
    """True for a level with the proportions of the whole that has no fewer pixels than the preview."""
    width, height = whole
    even = abs(size[0] * height - size[1] * width) <= _SKEW * max(width, height)
    return even and size[0] >= width * share and size[1] >= height * share
