"""Short videos for the demo: a slow pan over a photograph, in the containers that browsers and cameras use."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pyvips

WIDTH, HEIGHT, RATE, SECONDS = 640, 360, 24, 6
KINDS = {
    "pan, index at the front.mp4": ("libx264", {"movflags": "faststart", "preset": "superfast"}),
    "pan, index at the end.mp4": ("libx264", {"preset": "superfast"}),
    "pan.mkv": ("libx264", {"preset": "superfast"}),
    "pan.webm": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "b": "200k"}),
}


def pans(folder: Path, photographs: list[Path]) -> None:
    """One video of each kind, each over another photograph."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, (codec, options)) in enumerate(KINDS.items()):
        _pan(folder / name, photographs[number % len(photographs)], codec, options)


def _pan(target: Path, photograph: Path, codec: str, options: dict[str, str]) -> None:
    wide = (
        pyvips.Image.thumbnail(str(photograph), WIDTH * 2, height=10_000, size="both").colourspace("srgb").copy_memory()
    )
    if wide.height < HEIGHT:
        wide = wide.resize(HEIGHT / wide.height * 1.02)
    container = {k: v for k, v in options.items() if k == "movflags"}
    with av.open(str(target), "w", options=container) as out:
        stream = out.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, RATE)
        stream.gop_size = RATE  # one picture a second stands by itself: seeking and the strip under the mouse need them
        stream.options = {k: v for k, v in options.items() if k != "movflags"}
        room_x, room_y = wide.width - WIDTH, wide.height - HEIGHT
        for index in range(RATE * SECONDS):
            share = index / (RATE * SECONDS - 1)
            x, y = int(room_x * share), int(room_y * (0.5 + 0.4 * (share - 0.5)))
            frame = _frame(wide, x, y)
            frame.pts = index
            for packet in stream.encode(frame):
                out.mux(packet)
        for packet in stream.encode(None):
            out.mux(packet)


def _frame(wide: pyvips.Image, x: int, y: int) -> av.VideoFrame:
    raw = wide.crop(x, y, WIDTH, HEIGHT).extract_band(0, n=3).cast("uchar").write_to_memory()
    frame = av.VideoFrame(WIDTH, HEIGHT, "rgb24")
    plane = frame.planes[0]
    line = WIDTH * 3
    if plane.line_size == line:
        plane.update(raw)
    else:
        padding = bytes(plane.line_size - line)
        plane.update(b"".join(raw[row * line : (row + 1) * line] + padding for row in range(HEIGHT)))
    return frame
