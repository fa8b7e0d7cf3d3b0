"""Videos: what is known of one, which of them browsers play, and what can be made of it."""

from __future__ import annotations

import json
import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Literal, Protocol, Self

from moorage.model.errors import Invalid
from moorage.model.objects import ByteRange, FileBody
from moorage.model.variant import Words, wish_name

_HEAD: Final = struct.Struct("!I")
STRIP_FRAMES: Final = 20
STRIP_PIXELS: Final = 160
_REVISION: Final = 1
"""Raised when one of these wishes begins to make other bytes."""


class Made(StrEnum):
    """What is made of a video by a job."""

    REMUX = "remux"
    """The same pictures in an mp4, not encoded anew; sound that browsers do not know becomes AAC."""
    TRANSCODE = "transcode"
    """Pictures and sound encoded anew, as H.264 and AAC in an mp4."""
    FRAMES = "frames"
    """The table of all frames and their times."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video tells of itself. Fields that it does not tell are empty or None."""

    width: int
    height: int
    """Pixels as shown: turned, with square pixels."""
    duration: float | None
    """Seconds."""
    container: str
    video_codec: str
    video_profile: str
    audio_codec: str
    fps: float | None
    """Frames a second on average, over the whole video."""
    nominal_fps: float | None
    """The rate that its stream declares."""
    frames: int | None
    """About how many; the table of frames counts them."""
    rotation: int
    """Degrees clockwise by which players turn the stored picture."""
    pixel_format: str
    bit_depth: int | None
    ordered: bool = True
    """Every packet says when it is shown: without that, frames that are stored out of order cannot be moved."""

    def written(self) -> bytes:
        """As the cache keeps it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def of(cls, data: bytes) -> VideoFacts:
        """The inverse of ``written``."""
        return cls(**json.loads(data))


Plays = Literal["yes", "after conversion", "no"]


@dataclass(frozen=True, slots=True)
class Playing:
    """Whether browsers play a video; ``why`` not, and what makes it playable."""

    plays: Plays
    why: str = ""
    conversion: Made | None = None


_PICTURES: Final = {"mp4": {"h264", "av1", "vp9"}, "webm": {"vp8", "vp9", "av1"}}
_SOUNDS: Final = {"mp4": {"aac", "mp3", "opus", "flac"}, "webm": {"opus", "vorbis"}}
_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})
_DEEP: Final = frozenset({"yuv420p10le"})
"""What browsers decode of VP9 and AV1 besides."""


def playing(facts: VideoFacts) -> Playing:
    """By the table of docs/how-to/video.md; a browser may know more or less, which the page asks it."""
    if not facts.video_codec:
        return Playing("no", "Its pictures are encoded in a way that is not known here.")
    why = _unplayable_pictures(facts)
    if why:
        return Playing("after conversion", why, Made.TRANSCODE)
    if facts.container not in _PICTURES:
        why = f"Browsers do not play the container {facts.container}."
    elif facts.video_codec not in _PICTURES[facts.container]:
        why = f"Browsers do not play {facts.video_codec} in {facts.container}."
    elif facts.audio_codec and facts.audio_codec not in _SOUNDS[facts.container]:
        why = f"Browsers do not play its sound ({facts.audio_codec})."
    else:
        return Playing("yes")
    return Playing("after conversion", why, Made.REMUX if movable(facts) else Made.TRANSCODE)


def movable(facts: VideoFacts) -> bool:
    """Whether its pictures play in an mp4 as they are."""
    return facts.video_codec in _PICTURES["mp4"] and facts.ordered and not _unplayable_pictures(facts)


def _unplayable_pictures(facts: VideoFacts) -> str:
    if facts.video_codec not in _PICTURES["mp4"] | _PICTURES["webm"]:
        return f"Not all browsers play the codec {facts.video_codec}."
    modern = facts.video_codec in ("vp9", "av1")
    if facts.pixel_format not in _PIXELS and not (modern and facts.pixel_format in _DEEP):
        return f"Browsers do not play {facts.video_codec} with pixels of the kind {facts.pixel_format or 'unknown'}."
    return ""


@dataclass(frozen=True, slots=True)
class Probe:
    """The wish for a video's facts."""

    media_type: str = "application/json"

    def name(self, version: str) -> str:
        """The cache name of the facts of the source ``version``."""
        return wish_name(version, "probe", _REVISION)

    def words(self) -> Words:
        """For the decoder process."""
        return {}


@dataclass(frozen=True, slots=True)
class Strip:
    """The wish for a contact strip: a row of small frames."""

    frames: int = STRIP_FRAMES
    pixels: int = STRIP_PIXELS
    """The longer side of a frame."""
    media_type: str = "application/octet-stream"

    def name(self, version: str) -> str:
        """The cache name of this strip of the source ``version``."""
        return wish_name(version, "strip", _REVISION, self.frames, self.pixels)

    def words(self) -> Words:
        """For the decoder process."""
        return {"frames": self.frames, "pixels": self.pixels}


@dataclass(frozen=True, slots=True)
class Sprite:
    """A finished contact strip: one WebP with all frames side by side, each ``width`` x ``height``."""

    times: tuple[float, ...]
    """Seconds from the video's beginning, rising."""
    width: int
    height: int
    duration: float
    image: bytes

    def written(self) -> bytes:
        """As the cache keeps it."""
        return _with_head([self.times, self.width, self.height, self.duration], self.image)

    @classmethod
    def of(cls, data: bytes) -> Sprite:
        """The inverse of ``written``."""
        (times, width, height, duration), image = _head_of(data)
        return cls(tuple(times), width, height, duration, image)

    def vtt(self, image: str) -> str:
        """The times as WebVTT; each cue names its part of ``image``. Source: W3C Media Fragments, section 4.2.2."""
        middles = [(one + other) / 2 for one, other in zip(self.times, self.times[1:], strict=False)]
        edges = [0.0, *middles, max(self.duration, self.times[-1])]
        cues = [
            f"{_clock(edges[n])} --> {_clock(edges[n + 1])}\n{image}#xywh={n * self.width},0,{self.width},{self.height}"
            for n in range(len(self.times))
        ]
        return "\n\n".join(["WEBVTT", *cues]) + "\n"


@dataclass(frozen=True, slots=True)
class Timing:
    """The wish for the table of frames."""

    media_type: str = "application/octet-stream"

    def name(self, version: str) -> str:
        """The cache name of the table of the source ``version``."""
        return wish_name(version, "frames", _REVISION)

    def words(self) -> Words:
        """For the decoder process."""
        return {}


@dataclass(frozen=True, slots=True)
class FrameTable:
    """When each frame is shown, in the order in which they are shown."""

    times: Sequence[float]
    """Seconds from the first thing that is shown or heard, as decoders count."""
    counted: bool = True
    """False where packets did not tell their times, and the declared rate stands in."""

    @property
    def fps(self) -> float | None:
        """Frames a second on average."""
        span = self.times[-1] - self.times[0] if len(self.times) > 1 else 0.0
        return (len(self.times) - 1) / span if span > 0 else None

    @property
    def constant(self) -> bool:
        """True where no frame is shown more than a millisecond beside an even pace."""
        pace = self.fps
        if pace is None:
            return True
        first = self.times[0]
        return all(abs(time - first - number / pace) <= 0.001 for number, time in enumerate(self.times))  # noqa: PLR2004

    def written(self) -> bytes:
        """As the cache keeps it."""
        times = array("d", self.times)
        if sys.byteorder == "big":
            times.byteswap()
        return _with_head([self.counted], times.tobytes())

    @classmethod
    def of(cls, data: bytes) -> FrameTable:
        """The inverse of ``written``."""
        (counted,), raw = _head_of(data)
        times = array("d")
        times.frombytes(raw)
        if sys.byteorder == "big":
            times.byteswap()
        return cls(times, counted)


@dataclass(frozen=True, slots=True)
class Film:
    """The wish for an mp4 that browsers play."""

    made: Made
    media_type: str = "video/mp4"

    def __post_init__(self) -> None:
        """Raises Invalid for a conversion that makes no video."""
        if self.made is Made.FRAMES:
            raise Invalid("A table of frames is no video.", "Ask for remux or transcode.", field="kind")

    def name(self, version: str) -> str:
        """The cache name of this mp4 of the source ``version``."""
        return wish_name(version, "film", _REVISION, self.made)

    def words(self) -> Words:
        """For the decoder process."""
        return {"made": self.made}


class Reel(Protocol):
    """A film being written. It is there for nobody until it is kept."""

    async def write(self, start: int, data: bytes) -> None:
        """Put bytes at their place. Raises TooLarge above the size of the cache, Conflict where the disk takes none."""

    async def keep(self) -> bool:
        """Make it an entry, whole; False where it is larger than the cache. Raises Conflict likewise."""

    async def aclose(self) -> None:
        """Drop what was not kept. A repeat does nothing."""


class FilmBody(FileBody, Protocol):
    """A film being read."""

    def part(self, wanted: ByteRange | None) -> Self:
        """Read only that range, which lies in it."""


class FilmCache(Protocol):
    """Converted videos on disk, bounded with the other conversions. It may forget any at any time."""

    async def begin(self, store: int, key: str, name: str) -> Reel: ...

    async def open(self, store: int, key: str, name: str) -> FilmBody | None:
        """The film, for the caller to close; None for one that was never kept, or is forgotten."""


def _with_head(head: list[Any], rest: bytes) -> bytes:
    told = json.dumps(head).encode()
    return _HEAD.pack(len(told)) + told + rest


def _head_of(data: bytes) -> tuple[list[Any], bytes]:
    (length,) = _HEAD.unpack_from(data)
    end = _HEAD.size + length
    return json.loads(data[_HEAD.size : end]), data[end:]


def _clock(seconds: float) -> str:
    whole = round(seconds * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}.{whole % 1000:03}"
