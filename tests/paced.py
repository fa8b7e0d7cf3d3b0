"""Videos whose frames are not shown at an even pace, or not in the order in which they are stored."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

FRAMES: Final = 60
_MILLISECOND: Final = Fraction(1, 1000)


def made(place: Path, codec: str, times: list[int], options: dict[str, str], movflags: str = "") -> Path:
    """A small video whose frames are shown at these milliseconds."""
    with av.open(str(place), "w", options={"movflags": movflags} if movflags else {}) as container:
        stream: Any = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if codec != "mpeg4":
            stream.codec_context.time_base = _MILLISECOND
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 4 % 256, np.uint8), format="rgb24")
            if codec != "mpeg4":
                frame.pts, frame.time_base = time, _MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return place


def even() -> list[int]:
    """25 frames a second."""
    return [number * 40 for number in range(FRAMES)]


def uneven() -> list[int]:
    """Frames that come when something happens, the first one late."""
    return [500 + number * 40 + (number * 7919) % 37 for number in range(FRAMES)]


def cut(place: Path, whole: bytes, milliseconds: int) -> Path:
    """The same mp4 with an edit list that begins later."""
    at = whole.index(b"elst")
    (scale,) = struct.unpack_from(">I", whole, whole.index(b"mdhd") + 16)
    (start,) = struct.unpack_from(">i", whole, at + 16)
    later = struct.pack(">i", start + milliseconds * scale // 1000)
    place.write_bytes(whole[: at + 16] + later + whole[at + 20 :])
    return place


def content(place: Path) -> bytes:
    """Its bytes."""
    return place.read_bytes()


def frames(data: bytes) -> list[Any]:
    """All frames of a video, decoded."""
    container: Any
    with av.open(io.BytesIO(data)) as container:
        return list(container.decode(video=0))


def decoded(place: Path) -> list[float]:
    """When each frame is shown, by decoding all of them."""
    with av.open(str(place)) as container:
        stream: Any = container.streams.video[0]
        start = (container.start_time or 0) / av.time_base
        return [round(float(frame.pts * stream.time_base) - start, 6) for frame in container.decode(stream)]
