"""What a video tells of itself, whether browsers play it, and its contact strip, by the whole way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pyvips

import moving
from imaging.sources import BytesSource, named
from moorage.imaging import DecoderPool, Limits
from moorage.model.errors import Undecodable
from moorage.model.variant import Task
from moorage.model.video import Made, Probe, Sprite, Strip, VideoFacts, playing

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def facts(pool: DecoderPool, name: str) -> VideoFacts:
    return VideoFacts.of((await pool.make(Task.PROBE_VIDEO, named(name), Probe())).data)


@pytest.mark.parametrize(
    ("name", "told", "plays", "conversion"),
    [
        ("moov-at-end.mp4", ("mp4", "h264", 6.0, 150, 0), "yes", None),
        ("film.mkv", ("mkv", "h264", 6.0, 150, 0), "after conversion", Made.REMUX),
        ("film.webm", ("webm", "vp8", 1.0, 25, 0), "yes", None),
        ("film.avi", ("avi", "mpeg4", 6.0, 150, 0), "after conversion", Made.TRANSCODE),
        ("rotated.mp4", ("mp4", "h264", 6.0, 150, 90), "yes", None),
    ],
)
async def test_a_video_tells_what_it_is_and_whether_browsers_play_it(
    pool: DecoderPool, name: str, told: tuple[Any, ...], plays: str, conversion: Made | None
) -> None:
    found = await facts(pool, name)
    assert (found.container, found.video_codec, found.duration, found.frames, found.rotation) == told
    upright = (moving.HEIGHT, moving.WIDTH) if found.rotation else (moving.WIDTH, moving.HEIGHT)
    assert (found.width, found.height) == upright
    assert (found.fps, found.nominal_fps, found.pixel_format, found.bit_depth) == (25, 25, "yuv420p", 8)
    assert (playing(found).plays, playing(found).conversion) == (plays, conversion)
    assert bool(playing(found).why) is (plays != "yes")


@pytest.mark.parametrize(
    ("change", "conversion"),
    [
        ({"video_codec": "hevc"}, Made.TRANSCODE),
        ({"pixel_format": "yuv422p10le", "bit_depth": 10}, Made.TRANSCODE),
        ({"audio_codec": "pcm_s16le"}, Made.REMUX),
        ({"container": "avi", "ordered": False}, Made.TRANSCODE),
        ({"container": "mpeg-ts", "audio_codec": "ac3"}, Made.REMUX),
    ],
)
async def test_what_keeps_browsers_from_playing_decides_what_is_made(
    pool: DecoderPool, change: dict[str, Any], conversion: Made
) -> None:
    told = playing(replace(await facts(pool, "faststart.mp4"), **change))
    assert (told.plays, told.conversion) == ("after conversion", conversion)


async def test_a_strip_shows_frames_from_all_over_a_video_side_by_side(pool: DecoderPool) -> None:
    sprite = Sprite.of((await pool.make(Task.STRIP, named("film.mkv"), Strip())).data)
    assert list(sprite.times) == [0, 1, 2, 3, 4, 5]  # it has a keyframe each second
    image: Any = pyvips.Image.new_from_buffer(sprite.image, "")
    assert (sprite.width, sprite.height) == (160, 90)
    assert (image.width, image.height) == (6 * 160, 90)
    assert image.getpoint(40, 20) == pytest.approx([0, 0, 0], abs=20)
    assert image.getpoint(3 * 160 + 40, 20) == pytest.approx(list(moving.LEFT), abs=20)
    cues = sprite.vtt("strip").split("\n\n")
    assert cues[0] == "WEBVTT"
    assert cues[4] == "00:00:02.500 --> 00:00:03.500\nstrip#xywh=480,0,160,90"


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
async def test_a_strip_knows_the_times_of_frames_that_wait_for_later_ones(
    pool: DecoderPool, tmp_path: Path, name: str
) -> None:
    moving.film(tmp_path / name, "libx264", between=3)
    sprite = Sprite.of((await pool.make(Task.STRIP, BytesSource((tmp_path / name).read_bytes()), Strip())).data)
    assert list(sprite.times) == pytest.approx([0, 1, 2, 3, 4, 5], abs=0.1)


async def test_a_strip_of_a_large_video_has_as_many_frames_as_its_budget_allows() -> None:
    pool = DecoderPool(processes=1, limits=Limits(strip_bytes=4 * 1024 * 1024))
    try:
        source = named("faststart.mp4")
        sprite = Sprite.of((await pool.make(Task.STRIP, source, Strip())).data)
    finally:
        await pool.aclose()
    assert source.read_bytes <= 4 * 1024 * 1024 < source.size
    assert 1 < len(sprite.times) < 6
    assert list(sprite.times) == sorted(sprite.times)


@pytest.mark.parametrize("task", [Task.PROBE_VIDEO, Task.STRIP])
@pytest.mark.parametrize("name", ["truncated.mp4", "sound.mp4", "text.jpg"])
async def test_what_is_no_video_says_why(pool: DecoderPool, task: Task, name: str) -> None:
    with pytest.raises(Undecodable) as caught:
        await pool.make(task, named(name), Probe() if task is Task.PROBE_VIDEO else Strip())
    assert caught.value.reason.endswith(".")
