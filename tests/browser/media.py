"""Real pictures, small, and a short video that seeks, for the sample server."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Final

import av
import numpy as np
import pyvips
import skimage

PICTURES: Final = tuple(
    Path(skimage.__file__).parent / "data" / name
    for name in (
        "chelsea.png",
        "coffee.png",
        "astronaut.png",
        "rocket.jpg",
        "hubble_deep_field.jpg",
        "motorcycle_left.png",
        "retina.jpg",
        "ihc.png",
        "camera.png",
        "coins.png",
        "moon.png",
    )
)


def preview(index: int, width: int) -> bytes:
    """A WebP of a picture, at most `width` on its longer side."""
    return _preview(PICTURES[index % len(PICTURES)], min(width, 1024))


@cache
def _preview(path: Path, width: int) -> bytes:
    image = pyvips.Image.thumbnail(str(path), width, height=width)
    data: bytes = image.webpsave_buffer(Q=80, effort=0)
    return data


@cache
def video() -> bytes:
    """Six seconds of WebM, a key frame every second."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=10, options={"g": "10", "deadline": "realtime", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for n in range(60):
            picture = np.zeros((180, 320, 3), dtype=np.uint8)
            picture[:, : 5 * n + 10] = (10, 95, 115)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return target.getvalue()
