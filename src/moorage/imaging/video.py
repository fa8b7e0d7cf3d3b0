"""A frame and the duration of a video, by FFmpeg. Runs in a decoder process only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import islice
from typing import Any, Final

import av
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle
import pyvips

from moorage.imaging import reasons, stills
from moorage.imaging.blocks import BLOCK, Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable, Withheld
from moorage.model.variant import Recipe, Rendered, Words

# PyAV imports av.subtitles only when it opens a container, which is too late for a process without files.

# Demuxers that read one object only; those that follow links in it (HLS, DASH, concat) are not among them.
_CONTAINERS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg"
_PLACES: Final = (0.1, 0.3, 0.6, 0.0)
"""Where to look for a picture, in parts of the duration, until one is not blank."""
_BLANK: Final = 6.0
"""A frame whose brightness deviates by less than this (of 255) is black, white or a fade."""
_PACKETS: Final = 400
_STEP: Final = 10
_FORWARD: Final = 60
"""Frames that are decoded one by one when all keyframes looked at are blank."""
_UNTAGGED: Final = 2
_HD: Final = 720
"""Lines from which on a video that does not name its colours has those of ITU-R BT.709, as players assume."""
_TURNS: Final = {90: "d270", -90: "d90", 180: "d180", -180: "d180"}
"""FFmpeg counts degrees against the clock, libvips with it."""


def poster(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """A frame near a tenth of the video. Raises Unreadable, and Withheld where bytes were not handed out."""
    with _opened(blocks, limits) as (container, stream):
        return _poster(container, stream, Recipe.of(words))


def measure(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """Width, height and duration, and no picture; by the first frame, because only a frame says that it is turned."""
    del words  # a video is measured in one way
    with _opened(blocks, limits) as (container, stream):
        frame = _next(container, stream)
        if frame is None:
            raise Unreadable(reasons.NO_FRAME)
        width, height = round(frame.width * float(stream.sample_aspect_ratio or 1)), frame.height
        if abs(frame.rotation) == 90:  # noqa: PLR2004 - degrees
            width, height = height, width
        return Rendered(b"", "", width, height, _duration_ms(container, stream))


@contextmanager
def _opened(blocks: Blocks, limits: Limits) -> Iterator[tuple[Any, Any]]:
    """The container and its pictures."""
    if not blocks.size:
        raise Unreadable(reasons.EMPTY)
    options = {"format_whitelist": _CONTAINERS}
    buffer = min(BLOCK // 4, blocks.length)
    try:
        with av.open(blocks, container_options=options, buffer_size=buffer, metadata_errors="ignore") as container:
            yield container, _pictures(container, limits)
    except Withheld:
        raise
    except (av.error.FFmpegError, ValueError, OSError) as exc:
        damaged = reasons.sniff(blocks.head()) == "video"
        raise Unreadable(reasons.NO_FRAME if damaged else reasons.NOT_A_VIDEO) from exc


def _pictures(container: Any, limits: Limits) -> Any:
    if not container.streams.video:
        raise Unreadable(reasons.NO_PICTURES)
    stream = container.streams.video[0]
    stream.thread_type = "NONE"
    width, height = stream.codec_context.width, stream.codec_context.height
    limit = limits.most_pixels(limits.frame_pixels)
    if width * height > limit:
        raise Unreadable(reasons.too_many_pixels(width, height, limit))
    return stream


def _poster(container: Any, stream: Any, recipe: Recipe) -> Rendered:
    image = _best(_frames(container, stream), stream.sample_aspect_ratio)
    if image is None:
        raise Unreadable(reasons.NO_FRAME)
    small = image.thumbnail_image(recipe.width, **stills.box(recipe))
    return stills.finish(small, recipe, (image.width, image.height), _duration_ms(container, stream))


def _duration_ms(container: Any, stream: Any) -> int | None:
    seconds = 0.0
    if container.duration:
        seconds = container.duration / av.time_base
    elif stream.duration:
        seconds = float(stream.duration * stream.time_base)
    return round(seconds * 1000) if seconds > 0 else None


def _best(frames: Iterator[Any], aspect: Fraction | None) -> Any:
    """The first frame that is not blank, else the one with most contrast, else None."""
    best, most = None, -1.0
    try:
        for frame in frames:
            image = _upright(frame, aspect)
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
            frame = _next(container, stream)
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


def _next(container: Any, stream: Any) -> Any:
    """The first frame from here on that decodes, or None within a bounded number of packets."""
    for packet in islice(container.demux(stream), _PACKETS):
        with suppress(av.error.InvalidDataError):
            frames = packet.decode()
            if frames:
                return frames[0]
    return None


def _upright(frame: Any, aspect: Fraction | None) -> Any:
    """A frame as an image: in sRGB, turned as its track says, with square pixels."""
    untagged_hd = frame.colorspace == _UNTAGGED and frame.height >= _HD
    rgb = frame.reformat(format="rgb24", src_colorspace="ITU709" if untagged_hd else None, threads=1)
    plane, row = rgb.planes[0], rgb.width * 3
    stored = memoryview(plane)
    rows = b"".join(stored[number * plane.line_size :][:row] for number in range(rgb.height))
    image = pyvips.Image.new_from_memory(rows, rgb.width, rgb.height, 3, "uchar").copy(interpretation="srgb")
    if aspect and aspect != 1:
        image = image.resize(float(aspect), vscale=1)
    turn = _TURNS.get(frame.rotation)
    return image.rot(turn) if turn else image
