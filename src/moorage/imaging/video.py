"""Videos, opened by FFmpeg, and their frames as images. Runs in a decoder process only."""

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

from moorage.imaging import reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable, Withheld

# PyAV imports av.subtitles only when it opens a container, which is too late for a process without files.

# Demuxers that read one object only; those that follow links in it (HLS, DASH, concat) are not among them.
_CONTAINERS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg"
BUFFER: Final = 64 * 1024
"""Bytes that FFmpeg asks for at a time: with more, a frame near the end of a block costs the next block too."""
_PACKETS: Final = 400
_UNTAGGED: Final = 2
_HD: Final = 720
"""Lines from which on a video that does not name its colours has those of ITU-R BT.709, as players assume."""
_TURNS: Final = {90: "d270", -90: "d90", 180: "d180", -180: "d180"}
"""FFmpeg counts degrees against the clock, libvips with it."""


@contextmanager
def opened(blocks: Blocks, limits: Limits) -> Iterator[tuple[Any, Any]]:
    """The container and its pictures."""
    if not blocks.size:
        raise Unreadable(reasons.EMPTY)
    options = {"format_whitelist": _CONTAINERS}
    buffer = min(BUFFER, blocks.length)
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
        raise Unreadable(reasons.too_many_pixels(width, height, limit, "video"))
    return stream


def duration_ms(container: Any, stream: Any) -> int | None:
    """What the container says, else the stream."""
    seconds = 0.0
    if container.duration:
        seconds = container.duration / av.time_base
    elif stream.duration:
        seconds = float(stream.duration * stream.time_base)
    return round(seconds * 1000) if seconds > 0 else None


def first_frame(container: Any, stream: Any) -> Any:
    """The first frame from here on that decodes, or None within a bounded number of packets."""
    for packet in islice(container.demux(stream), _PACKETS):
        with suppress(av.error.InvalidDataError):
            frames = packet.decode()
            if frames:
                return frames[0]
    return None


def upright(frame: Any, aspect: Fraction | None) -> Any:
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
