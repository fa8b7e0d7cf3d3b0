"""What a video tells of itself. Runs in a decoder process only."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

from moorage.imaging import reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.video import duration_ms, first_frame, opened
from moorage.model.variant import Rendered, Words
from moorage.model.video import VideoFacts

_QUARTER: Final = 90
_CONTAINERS: Final = {
    "avi": "avi", "mpeg": "mpeg", "mpegts": "mpeg-ts", "mpegvideo": "mpeg", "asf": "wmv", "flv": "flv", "ogg": "ogg",
}  # fmt: skip
_QUICKTIME: Final = "qt"
_UNORDERED: Final = frozenset({"avi", "mpegvideo"})
"""Containers whose packets say when they are decoded at most."""


def measure(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """Width, height and duration, and no picture; by the first frame, because only a frame says that it is turned."""
    del words  # a video is measured in one way
    with opened(blocks, limits) as (container, stream):
        frame = first_frame(container, stream)
        if frame is None:
            raise Unreadable(reasons.NO_FRAME)
        return Rendered(b"", "", *_shown(frame, stream), duration_ms(container, stream))


def probe(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """The same, and its ``VideoFacts`` as data. Raises Unreadable, and Withheld where bytes were not handed out."""
    del words  # there is one way to tell of a video
    with opened(blocks, limits) as (container, stream):
        frame = first_frame(container, stream)
        if frame is None:
            raise Unreadable(reasons.NO_FRAME)
        length = duration_ms(container, stream)
        width, height = _shown(frame, stream)
        facts = _facts(container, stream, frame, length, blocks.head())
        return Rendered(facts.written(), "", width, height, length)


def _facts(container: Any, stream: Any, frame: Any, length_ms: int | None, head: bytes) -> VideoFacts:
    width, height = _shown(frame, stream)
    length, rate = None if length_ms is None else length_ms / 1000, _rate(stream.average_rate)
    sound = container.streams.audio[0].codec_context if container.streams.audio else None
    counted = stream.frames or (round(length * rate) if length and rate else None)
    kind = _container(container, head)
    return VideoFacts(
        width=width,
        height=height,
        duration=length,
        container=kind,
        video_codec=stream.codec.canonical_name,
        video_profile=stream.codec_context.profile or "",
        audio_codec="" if sound is None else sound.codec.canonical_name,
        fps=rate,
        nominal_fps=_rate(stream.guessed_rate or stream.base_rate),
        frames=counted,
        rotation=round(-frame.rotation) % 360,
        pixel_format=frame.format.name,
        bit_depth=frame.format.components[0].bits if frame.format.components else None,
        ordered=kind not in _UNORDERED or not stream.codec_context.has_b_frames,
    )


def _shown(frame: Any, stream: Any) -> tuple[int, int]:
    width, height = round(frame.width * float(stream.sample_aspect_ratio or 1)), frame.height
    return (height, width) if abs(frame.rotation) == _QUARTER else (width, height)


def _container(container: Any, head: bytes) -> str:
    """One word for it, as people call it; FFmpeg's own names are lists of relatives."""
    name = str(container.format.name)
    if name.startswith("mov"):
        return "mov" if container.metadata.get("major_brand", _QUICKTIME).strip() == _QUICKTIME else "mp4"
    if name.startswith("matroska"):
        return "webm" if b"webm" in head else "mkv"
    return _CONTAINERS.get(name, name.partition(",")[0])


def _rate(rate: Fraction | None) -> float | None:
    return round(float(rate), 6) if rate else None
