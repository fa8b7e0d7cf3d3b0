"""Looking at what came out of a decoder."""

from __future__ import annotations

from typing import Any

import pyvips

from moorage.imaging import DecoderPool
from moorage.model.errors import Undecodable
from moorage.model.variant import Recipe, Rendered, Source

QUARTERS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (240, 240, 30))


def decoded(rendered: Rendered) -> Any:
    """The picture."""
    return pyvips.Image.new_from_buffer(rendered.data, "")


def near(image: Any, across: float, down: float, colour: tuple[int, ...], tolerance: int = 6) -> bool:
    """Whether the picture has that colour there; places are parts of its sides."""
    found = image.getpoint(int(image.width * across), int(image.height * down))
    return all(abs(is_ - should) <= tolerance for is_, should in zip(found, colour, strict=False))


def shows_the_quarters(image: Any) -> bool:
    """Whether it is ``media.quarters``, upright."""
    places = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    return all(near(image, *place, colour) for place, colour in zip(places, QUARTERS, strict=True))


async def reason_of(pool: DecoderPool, source: Source, recipe: Recipe) -> str:
    """Why there is no preview; nothing where there is one."""
    try:
        await pool.preview(source, recipe)
    except Undecodable as exc:
        return exc.reason
    return ""
