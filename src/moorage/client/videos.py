"""Calls about videos: what one tells of itself, when its frames are shown, and what can be made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode

ConversionKind = Literal["remux", "transcode", "frames"]


@dataclass(frozen=True, slots=True)
class Video:
    """What a video tells of itself; what it does not tell is None or empty. ``frames`` is about how many."""

    width: int
    height: int
    duration: float | None
    container: str
    video_codec: str
    video_profile: str
    audio_codec: str
    fps: float | None
    nominal_fps: float | None
    frames: int | None
    rotation: int
    pixel_format: str
    bit_depth: int | None
    plays: bool | Literal["after conversion"]
    why: str
    conversion: Literal["remux", "transcode"] | None
    converted: bool
    job: str | None


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """When each frame is shown, in seconds. ``counted`` False: the declared rate stands in for times."""

    count: int
    fps: float | None
    constant: bool
    counted: bool
    times: list[float]


@dataclass(frozen=True, slots=True)
class Conversion:
    """The job that makes it, or where it is."""

    kind: ConversionKind
    job: str | None
    url: str | None


class VideoCalls(Calls):
    """Videos."""

    async def video(self, item: str) -> Video:
        """What a video tells of itself, and whether browsers play it. Raises: NotFound, Undecodable."""
        return decode(Video, await self._transport.get(f"/items/{part(item)}/video"))

    async def frame_times(self, item: str) -> FrameTimes:
        """The table of its frames, whole. Raises: NotFound where ``convert_video(item, "frames")`` must make it."""
        times: list[float] = []
        after: int | None = 0
        while after is not None:
            query = query_of(after=after, limit=100_000)
            page = await self._transport.get(f"/items/{part(item)}/frames", query)
            times += page["times"]
            after = page["next"]
        return FrameTimes(page["count"], page["fps"], page["constant"], page["counted"], times)

    async def convert_video(self, item: str, kind: ConversionKind = "remux") -> Conversion:
        """Make an mp4 that browsers play, or the table of frames; once, however often it is asked for."""
        return decode(Conversion, await self._transport.post(f"/items/{part(item)}/conversions", {"kind": kind}))
