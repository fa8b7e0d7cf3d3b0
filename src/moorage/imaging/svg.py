"""Drawings, rasterised by librsvg. Runs in a decoder process only.

The drawing is handed over as bytes without an address, so that what it names beside it has no place to be looked
for; and the process has no network and opens no file.
"""

from __future__ import annotations

from typing import Any, Final

import pyvips

from moorage.imaging import confinement, finishing, reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.model.variant import Recipe

_MOST_BYTES: Final = 16 * 1024 * 1024
_WITHOUT_LETTERS: Final = "stylesheet='text{display:none !important}'"
"""A process that opens no file has no fonts, and would draw a box for each letter."""


def small(blocks: Blocks, recipe: Recipe, limits: Limits) -> tuple[Any, tuple[int, int]]:
    """The drawing in its box, which it fills also where it says that it is smaller, and the size that it says."""
    data = _all_of(blocks)
    confinement.allow_cpu(min(limits.cpu_seconds, limits.drawing_seconds + (len(data) >> 20)))
    size = _size(data)
    options = finishing.box(recipe) | {"size": "both"}
    return pyvips.Image.thumbnail_buffer(data, recipe.width, option_string=_WITHOUT_LETTERS, **options), size


def measure(blocks: Blocks) -> tuple[int, int]:
    """Width and height that the drawing asks for."""
    return _size(_all_of(blocks))


def _all_of(blocks: Blocks) -> bytes:
    if blocks.size > _MOST_BYTES:
        raise Unreadable(reasons.LARGE_SVG)
    blocks.seek(0)
    return blocks.read()


def _size(data: bytes) -> tuple[int, int]:
    try:
        header: Any = pyvips.Image.svgload_buffer(data)
    except pyvips.Error as exc:
        raise Unreadable(reasons.NOT_A_DRAWING) from exc
    return header.width, header.height
