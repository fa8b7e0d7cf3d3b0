"""TIFFs, animations and measured images made by libvips and Pillow for the tests of pages and windows."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pyvips
from PIL import Image

import media


def values(low: int, high: int, width: int = 512, height: int = 64) -> Any:
    """Grey values of 16 bits that rise from left to right."""
    ramp = pyvips.Image.identity(ushort=True, size=width).linear((high - low) / (width - 1), low)
    return ramp.cast("ushort").embed(0, 0, width, height, extend="copy").copy(interpretation="grey16")


def saved(image: Any, **options: Any) -> bytes:
    """As a TIFF."""
    return bytes(image.tiffsave_buffer(**options))


@cache
def photograph(side: int) -> Any:
    """A real photograph in that width."""
    image = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
    return image.resize(side / image.width).copy_memory()


def pages(count: int, form: str = "TIFF") -> bytes:
    """Pages of 120 x 80 pixels, each of another grey: 0, 10, 20 and so on."""
    made = io.BytesIO()
    first, *others = (Image.new("RGB", (120, 80), (number * 10,) * 3) for number in range(count))
    more: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    first.save(made, form, save_all=True, append_images=others, **more)
    return made.getvalue()
