"""Shapes of answers about videos."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moorage.web.api.shapes.parts import Shape


class VideoShape(Shape):
    """What a video tells of itself, and whether browsers play it."""

    width: int = Field(description="Pixels as shown: turned, with square pixels.")
    height: int
    duration: float | None = Field(description="Seconds.")
    container: str = Field(examples=["mp4"])
    video_codec: str = Field(examples=["h264"])
    video_profile: str
    audio_codec: str = Field(description="Empty: it has no sound.")
    fps: float | None = Field(description="Frames a second, on average.")
    nominal_fps: float | None = Field(description="The rate that its stream declares.")
    frames: int | None = Field(description="About how many; /frames counts them.")
    rotation: int = Field(description="Degrees clockwise by which players turn the stored picture.")
    pixel_format: str
    bit_depth: int | None
    plays: bool | Literal["after conversion"]
    why: str = Field(description="Why browsers do not play it.")
    conversion: Literal["remux", "transcode"] | None = Field(description="What makes it playable.")
    converted: bool = Field(description="Whether /converted has it.")
    job: str | None = Field(description="The newest job that converts it.")


class FrameTableShape(Shape):
    """When frames are shown."""

    count: int
    fps: float | None = Field(description="Frames a second, on average.")
    constant: bool = Field(description="No frame is shown more than a millisecond beside an even pace.")
    counted: bool = Field(description="False: packets tell no times, and the declared rate stands in for them.")
    first: int = Field(description="The number of the first frame in `times`; they count from 0.")
    times: list[float] = Field(description="Seconds, in the order in which they are shown.")
    next: int | None = Field(description="`after` for the following page.")


class ConversionShape(Shape):
    """A conversion: where it is, or the job that makes it."""

    kind: Literal["remux", "transcode", "frames"]
    job: str | None
    url: str | None = Field(description="Where it is, once it is there.")
