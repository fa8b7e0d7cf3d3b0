"""The videos of the tests: a second of black, then two coloured halves over a strip of noise."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

WIDTH: Final = 480
HEIGHT: Final = 270
RATE: Final = 25
LEFT: Final = (200, 60, 40)
RIGHT: Final = (40, 80, 190)
_OPTIONS: Final[dict[str, dict[str, str]]] = {
    "libx264": {"preset": "ultrafast", "qp": "12"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "10", "b": "8M"},
    "mpeg4": {"qscale": "3"},
}
_IDENTITY: Final = struct.pack("!9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def film(place: Path, codec: str, *, seconds: int = 6, movflags: str = "", between: int = 0) -> None:
    """A video of some megabytes, black for its first half second, a keyframe each second.

    ``between``: frames that refer to later ones, as nearly every encoder but the quickest makes them.
    """
    with av.open(str(place), "w", options={"movflags": movflags} if movflags else {}) as container:
        stream: Any = container.add_stream(codec, rate=RATE, options=_OPTIONS[codec])
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = RATE
        stream.codec_context.max_b_frames = between
        noise = np.random.default_rng(7)
        for number in range(seconds * RATE):
            frame = av.VideoFrame.from_ndarray(_picture(number, noise), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _picture(number: int, noise: np.random.Generator) -> npt.NDArray[np.uint8]:
    made = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    if number < RATE // 2:
        return made
    made[:, : WIDTH // 2] = LEFT
    made[:, WIDTH // 2 :] = RIGHT
    made[HEIGHT * 2 // 3 :] = noise.integers(0, 255, (HEIGHT - HEIGHT * 2 // 3, WIDTH, 3), np.uint8)
    return made


def moved(place: Path, whole: bytes) -> None:
    """The same pictures in another container, by its name; of an mp4 the index lies at the end."""
    source: Any
    container: Any
    with av.open(io.BytesIO(whole)) as source, av.open(str(place), "w") as container:
        stream = container.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                container.mux(packet)


def turned(place: Path, upright: bytes) -> None:
    """The same video with a matrix in its track header that turns it a quarter clockwise, as telephones write it."""
    quarter = struct.pack("!9i", 0, 0x10000, 0, -0x10000, 0, 0, HEIGHT << 16, 0, 0x40000000)
    start = upright.index(_IDENTITY, upright.index(b"tkhd"))
    place.write_bytes(upright[:start] + quarter + upright[start + len(quarter) :])


def sound(place: Path) -> None:
    """A second of silence without any picture."""
    with av.open(str(place), "w") as container:
        stream: Any = container.add_stream("aac", rate=48000)
        for start in range(0, 48000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
