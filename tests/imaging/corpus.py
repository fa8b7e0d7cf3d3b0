"""One small, whole file of every kind that is served, to be broken."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest import mock

import av
import numpy as np

import media
from imaging import raws
from imaging.tiffs import pages, photograph, saved, values

_SIDE: Final = 96
_SENSOR_BYTES: Final = 3000
_SVG: Final = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><defs><linearGradient id="a">'
    b'<stop stop-color="red"/></linearGradient></defs><rect width="50" height="50" fill="url(#a)" rx="4"/>'
    b'<path d="M10 10 C 20 20, 40 20, 50 10"/><g transform="rotate(20)"><text>Aa</text></g></svg>'
)
_VIDEOS: Final = {
    "mp4": ("mp4", "libx264", "aac", "faststart"),
    "mp4 with its index at the end": ("mp4", "libx264", "aac", ""),
    "mp4 in fragments": ("mp4", "libx264", "", "frag_keyframe+empty_moov"),
    "mov": ("mov", "mjpeg", "pcm_s16le", ""),
    "mkv": ("mkv", "libx264", "libopus", ""),
    "webm": ("webm", "libvpx", "libopus", ""),
    "webm of VP9": ("webm", "libvpx-vp9", "", ""),
    "avi": ("avi", "mpeg4", "mp2", ""),
    "ts": ("ts", "libx264", "mp2", ""),
    "mpeg": ("mpg", "mpeg2video", "mp2", ""),
    "ogg": ("ogv", "libvpx", "libopus", ""),
    "flv": ("flv", "flv", "", ""),
    "wmv": ("asf", "wmv2", "", ""),
}
"""Ending, codecs of pictures and sound, and flags of the mp4."""
_QUICK: Final = {
    "libx264": {"preset": "veryfast"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}


@cache
def images() -> dict[str, bytes]:
    """By kind."""
    small, deep = photograph(_SIDE), values(0, 4000, 96, 8)
    made = {
        "jpeg": bytes(small.jpegsave_buffer(Q=85)),
        "progressive jpeg": bytes(small.jpegsave_buffer(Q=85, interlace=True)),
        "turned jpeg": media.data("orientation-6.jpg"),
        "cmyk jpeg": _by_pillow("JPEG", "CMYK"),
        "png": bytes(small.pngsave_buffer()),
        "png with its colours": media.data("p3.png"),
        "interlaced png": bytes(small.pngsave_buffer(interlace=True)),
        "16-bit png": bytes(deep.pngsave_buffer(bitdepth=16)),
        "webp": bytes(small.webpsave_buffer(Q=80)),
        "lossless webp": bytes(small.webpsave_buffer(lossless=True)),
        "animated webp": pages(4, "WEBP"),
        "avif": media.data("quarters.avif"),
        "heic": media.data("quarters.heic"),
        "gif": bytes(small.gifsave_buffer()),
        "animated gif": pages(5, "GIF"),
        "svg": _SVG,
        "strip tiff": saved(small, compression="lzw"),
        "plain tiff": saved(small),
        "jpeg tiff": saved(small, compression="jpeg", tile=True, tile_width=64, tile_height=64),
        "pyramid tiff": saved(
            photograph(200), tile=True, pyramid=True, tile_width=64, tile_height=64, compression="deflate"
        ),
        "inner pyramid": saved(
            photograph(300), tile=True, pyramid=True, subifd=True, tile_width=64, tile_height=64, compression="webp"
        ),
        "bigtiff": saved(small, bigtiff=True, compression="deflate"),
        "float tiff": saved(deep.cast("float")),
        "pages": pages(3),
        "bmp": _by_pillow("BMP"),
        "jp2": _by_pillow("JPEG2000"),
        "pnm": _by_pillow("PPM"),
        "text pnm": b"P3\n8 8\n255\n" + b"200 100 50\n" * 64,
    }
    with mock.patch.multiple(raws, NOISE=raws.NOISE[:_SENSOR_BYTES], LOSSLESS=raws.LOSSLESS[:_SENSOR_BYTES]):
        return made | {f"raw {name}": maker(raws.jpeg(160, 120)) for name, maker in raws.MAKERS.items()}


@cache
def videos() -> dict[str, bytes]:
    """By kind: a second of 64 x 48 pixels, some with sound."""
    with tempfile.TemporaryDirectory() as folder:
        return {kind: _video(Path(folder) / f"film.{ending}", *codecs) for kind, (ending, *codecs) in _VIDEOS.items()}


def _by_pillow(form: str, mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    media.quarters(_SIDE, 64).convert(mode).save(made, form)
    return made.getvalue()


def _video(place: Path, codec: str, sound: str, flags: str) -> bytes:
    with av.open(str(place), "w", options={"movflags": flags} if flags else {}) as container:
        stream: Any = container.add_stream(codec, rate=25, options=_QUICK.get(codec, {}))
        stream.width, stream.height = 64, 48
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = 8
        heard: Any = container.add_stream(sound, rate=48000, layout="mono") if sound else None
        for number, picture in enumerate(_pictures(25)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
            if heard is not None:
                container.mux(heard.encode(_tone(number)))
        container.mux(stream.encode(None))
        if heard is not None:
            container.mux(heard.encode(None))
    return place.read_bytes()


def _pictures(count: int) -> Iterator[Any]:
    noise = np.random.default_rng(3)
    for number in range(count):
        made = np.full((48, 64, 3), number * 4, np.uint8)
        made[:, : number + 1] = (200, 60, 40)
        made[40:] = noise.integers(0, 255, (8, 64, 3), np.uint8)
        yield made


def _tone(number: int) -> av.AudioFrame:
    samples = (np.sin(np.arange(1920) / 20) * 8000).astype(np.int16).reshape(1, -1)
    made = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    made.sample_rate, made.pts, made.time_base = 48000, number * 1920, Fraction(1, 48000)
    return made
