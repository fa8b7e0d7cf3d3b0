"""The contact strip of a video: small frames from all over it, side by side. Runs in a decoder process only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

import av
import pyvips

from moorage.imaging import reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable, Withheld
from moorage.imaging.video import duration_ms, opened, upright
from moorage.model.variant import Rendered, Words
from moorage.model.video import Sprite

_PACKETS: Final = 60
_QUALITY: Final = 60
_Found = dict[float, Any]


def strip(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """A ``Sprite`` as data; of a large video with as many frames as its budget of bytes allows.

    Raises Unreadable, and Withheld where not even one frame could be read.
    """
    with opened(blocks, limits) as (container, stream):
        frames, pixels = int(words["frames"] or 1), int(words["pixels"] or 1)
        found, whole = _found(container, stream, frames, pixels)
        if not found:
            raise Unreadable(reasons.NO_FRAME)
        length = duration_ms(container, stream)
        sprite = _joined(found, (length or 0) / 1000)
        return Rendered(sprite.written(), "", *whole, length)


def _found(container: Any, stream: Any, frames: int, pixels: int) -> tuple[_Found, tuple[int, int]]:
    """Small frames by their times, and the size of a whole one."""
    found: _Found = {}
    whole = (0, 0)
    for place in _order(frames) if container.duration else (0.0,):
        try:
            frame = _frame(container, stream, place)
        except Withheld:
            if not found:
                raise
            break  # what is there is spread over the whole video already
        if frame is None or frame.pts is None:
            continue
        image = upright(frame, stream.sample_aspect_ratio)
        whole = image.width, image.height
        # It is drawn now: a pipeline would keep the whole frame until the end.
        found[_time(container, stream, frame)] = image.thumbnail_image(pixels, height=pixels).copy_memory()
    return found, whole


def _order(frames: int) -> Iterator[float]:
    """Places in parts of the duration, coarse to fine, so that any number of the first are spread evenly enough."""
    taken: set[int] = set()
    step = frames
    while len(taken) < frames:
        for number in range(0, frames, step):
            if number not in taken:
                taken.add(number)
                yield (number + 0.5) / frames
        step = max(1, step // 2)


def _frame(container: Any, stream: Any, place: float) -> Any:
    """The keyframe before a place; without its followers, which a decoder would wait for."""
    with suppress(av.error.FFmpegError):
        container.seek((container.start_time or 0) + int((container.duration or 0) * place))
        for packet in islice(container.demux(stream), _PACKETS):
            frames = packet.decode() or (stream.codec_context.decode(None) if packet.is_keyframe else [])
            if frames:
                return frames[0]
            stream.codec_context.flush_buffers()
    return None


def _time(container: Any, stream: Any, frame: Any) -> float:
    return round(max(0.0, float(frame.pts * stream.time_base) - (container.start_time or 0) / av.time_base), 3)


def _joined(found: _Found, length: float) -> Sprite:
    times = sorted(found)
    width, height = found[times[0]].width, found[times[0]].height
    # A stream may change its size on the way.
    images = [found[time].thumbnail_image(width, height=height, size="force") for time in times]
    row = pyvips.Image.arrayjoin(images, across=len(images))
    return Sprite(tuple(times), width, height, length, row.webpsave_buffer(Q=_QUALITY))
