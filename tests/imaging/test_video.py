"""Posters of videos by the whole way: pool, process, ranges, FFmpeg."""

from __future__ import annotations

from typing import Any

import pytest
import pyvips

import media
import moving
from imaging.sources import named, opened
from moorage.imaging import DecoderPool
from moorage.model.errors import Undecodable
from moorage.model.variant import Fit, Format, Recipe, Rendered

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(256, 256, Fit.INSIDE, Format.PNG)


def colour(rendered: Rendered, across: float, down: float) -> Any:
    image = pyvips.Image.new_from_buffer(rendered.data, "")
    return pytest.approx(image.getpoint(int(image.width * across), int(image.height * down)), abs=8)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("faststart.mp4", 6), ("moov-at-end.mp4", 6), ("film.mkv", 6), ("film.webm", 1), ("film.avi", 6)],
)
async def test_a_poster_shows_the_first_picture_that_is_not_black(pool: DecoderPool, name: str, seconds: int) -> None:
    rendered = await pool.poster(named(name), BOX)
    assert list(moving.LEFT) == colour(rendered, 0.25, 0.3)
    assert list(moving.RIGHT) == colour(rendered, 0.75, 0.3)
    assert (rendered.source_width, rendered.source_height) == (moving.WIDTH, moving.HEIGHT)
    assert rendered.duration_ms == pytest.approx(seconds * 1000, abs=50)


async def test_a_video_that_was_filmed_upright_is_shown_upright(pool: DecoderPool) -> None:
    rendered = await pool.poster(named("rotated.mp4"), BOX)
    assert (rendered.source_width, rendered.source_height) == (moving.HEIGHT, moving.WIDTH)
    assert list(moving.LEFT) == colour(rendered, 0.7, 0.25)
    assert list(moving.RIGHT) == colour(rendered, 0.7, 0.75)


@pytest.mark.parametrize("name", ["faststart.mp4", "moov-at-end.mp4", "film.mkv"])
async def test_a_poster_reads_a_small_part_of_the_video(pool: DecoderPool, name: str) -> None:
    source = named(name)
    await pool.poster(source, BOX)
    assert source.size > 8_000_000
    assert source.read_bytes <= 2 * 1024 * 1024


async def test_a_descriptor_gives_the_same_poster(pool: DecoderPool) -> None:
    with opened(media.picture("film.mkv")) as source:
        assert await pool.poster(source, BOX) == await pool.poster(named("film.mkv"), BOX)
    assert source.read_bytes == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated.mp4", "No picture of this video can be decoded: it is damaged, or its end is missing."),
        ("sound.mp4", "The file has sound but no moving pictures."),
        ("text.jpg", "This is not a video, or not of a kind that can be shown."),
        ("empty.jpg", "The file is empty."),
    ],
)
async def test_a_video_without_a_picture_says_why(pool: DecoderPool, name: str, reason: str) -> None:
    with pytest.raises(Undecodable) as caught:
        await pool.poster(named(name), BOX)
    assert caught.value.reason == reason
