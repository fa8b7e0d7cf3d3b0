"""Bounds of images, held before a pixel is decoded. Runs in a decoder process only."""

from __future__ import annotations

from typing import Any, Final

from moorage.imaging import reasons
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.tap import field

_WHOLE: Final = ("gifload", "webpload", "heifload")


def need_bounded(image: Any, limits: Limits) -> None:
    """Raise Unreadable for an image, as its loader opened it, that is larger than one of its kind may be."""
    limit = limits.most_pixels(limits.whole_pixels) if _needs_all(image) else limits.pixels
    need_size(image.width, image.height, limit, limits)


def need_size(width: int, height: int, limit: int, limits: Limits) -> None:
    """Raise Unreadable for more than ``limit`` pixels, or for sides that are too long. Sizes are as stored."""
    if width * height > limit:
        raise Unreadable(reasons.too_many_pixels(width, height, limit))
    if width > limits.line_pixels:
        raise Unreadable(reasons.too_wide(width, height, limits.line_pixels))
    if height > limits.lines:
        raise Unreadable(reasons.too_high(width, height, limits.lines))


def _needs_all(image: Any) -> bool:
    """Whether it has to be in memory as a whole."""
    loader = str(field(image, "vips-loader"))
    return loader.startswith(_WHOLE) or bool(field(image, "jpeg-multiscan")) or bool(field(image, "interlaced"))
