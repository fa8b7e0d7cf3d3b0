"""A frame that shows what a video is about. Runs in a decoder process only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import Any, Final

import av
import pyvips

from moorage.imaging import reasons, stills
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable, Withheld
from moorage.imaging.video import duration_ms, first_frame, opened, upright
from moorage.model.variant import Recipe, Rendered, Words

_PLACES: Final = (0.1, 0.3, 0.6, 0.0)
"""Where to look for a picture, in parts of the duration, until one is not blank."""
_BLANK: Final = 6.0
"""A frame whose brightness deviates by less than this (of 255) is black, white or a fade."""
_STEP: Final = 10
_FORWARD: Final = 60
"""Frames that are decoded one by one when all keyframes looked at are blank."""


def poster(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """A frame near a tenth of the video. Raises Unreadable, and Withheld where bytes were not handed out."""
    with opened(blocks, limits) as (container, stream):
        return _poster(container, stream, Recipe.of(words))


def _poster(container: Any, stream: Any, recipe: Recipe) -> Rendered:
    image = _best(_frames(container, stream), stream.sample_aspect_ratio)
    if image is None:
        raise Unreadable(reasons.NO_FRAME)
    small = image.thumbnail_image(recipe.width, **stills.box(recipe))
    return stills.finish(small, recipe, (image.width, image.height), duration_ms(container, stream))


def _best(frames: Iterator[Any], aspect: Fraction | None) -> Any:
    """The first frame that is not blank, else the one with most contrast, else None."""
    best, most = None, -1.0
    try:
        for frame in frames:
            image = upright(frame, aspect)
            contrast = image.colourspace("b-w").deviate()
            if contrast > most:
                best, most = image, contrast
            if contrast > _BLANK:
                break
    except (Withheld, pyvips.Error):
        # The budget ended while a better frame was looked for: the one at hand is good enough.
        if best is None:
            raise
    return best


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    for place in _PLACES if container.duration else (0.0,):
        try:
            if place:
                start = container.start_time or 0
                container.seek(start + int(container.duration * place))
            elif container.duration:
                container.seek(container.start_time or 0)
            frame = first_frame(container, stream)
        except av.error.FFmpegError:
            continue  # an index that leads nowhere; the next place may be better
        if frame is not None:
            yield frame
    yield from _forward(container, stream)


def _forward(container: Any, stream: Any) -> Iterator[Any]:
    """Every tenth frame from the start: a short video may have a single keyframe, and that one blank."""
    with suppress(av.error.FFmpegError):
        container.seek(container.start_time or 0)
        yield from islice(container.decode(stream), _STEP - 1, _FORWARD, _STEP)
