"""Real pictures, small, and a film that seeks, for the sample server."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pyvips

import media
import moving


def preview(index: int, width: int) -> bytes:
    """A WebP of a photograph, at most `width` on its longer side."""
    return _preview(media.PHOTOGRAPHS[index % len(media.PHOTOGRAPHS)], min(width, 1024))


@cache
def _preview(name: str, width: int) -> bytes:
    image = pyvips.Image.thumbnail(str(media.picture(name)), width, height=width)
    data: bytes = image.webpsave_buffer(Q=80, effort=0)
    return data


@cache
def film() -> bytes:
    """Six seconds of WebM, a key frame every second."""
    with tempfile.TemporaryDirectory() as place:
        moving.film(Path(place) / "film.webm", "libvpx")
        return (Path(place) / "film.webm").read_bytes()
