"""Camera RAW files by the JPEG in them."""

from __future__ import annotations

import io

import pytest

import media
from imaging import raws
from imaging.looking import decoded, reason_of, shows_the_quarters
from imaging.sources import BytesSource
from moorage.imaging import DecoderPool
from moorage.model.catalogue import Kind
from moorage.model.errors import Undecodable
from moorage.model.media import guess
from moorage.model.variant import Fit, Format, Recipe

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(256, 256, Fit.INSIDE, Format.PNG)
KIB = 1024


@pytest.mark.parametrize("maker", raws.MAKERS)
async def test_a_camera_file_is_shown_by_its_jpeg_of_which_alone_is_read(pool: DecoderPool, maker: str) -> None:
    picture = raws.jpeg()
    source = BytesSource(raws.MAKERS[maker](picture))
    rendered = await pool.preview(source, BOX)
    image = decoded(rendered)
    assert (image.width, image.height) == (256, 171)
    assert shows_the_quarters(image)
    assert source.read_bytes <= len(picture) + 8 * 64 * KIB < source.size / 3


@pytest.mark.parametrize("maker", ["dng", "nef", "pef"])
async def test_its_size_is_that_of_the_sensor(pool: DecoderPool, maker: str) -> None:
    content = raws.MAKERS[maker](raws.jpeg())
    source = BytesSource(content)
    measured = await pool.measure(source, video=False)
    assert (measured.width, measured.height) == raws.SENSOR
    assert source.read_bytes < 1024 * KIB
    rendered = await pool.preview(BytesSource(content), BOX)
    assert (rendered.source_width, rendered.source_height) == raws.SENSOR


async def test_a_camera_held_upright_gives_an_upright_picture(pool: DecoderPool) -> None:
    stored = io.BytesIO()
    media.quarters(1080, 1620).rotate(90, expand=True).save(stored, "JPEG")
    rendered = await pool.preview(BytesSource(raws.dng(stored.getvalue(), orientation=6)), BOX)
    image = decoded(rendered)
    assert (image.width, image.height) == (171, 256)
    assert shows_the_quarters(image)
    assert (rendered.source_width, rendered.source_height) == raws.SENSOR[::-1]


async def test_without_a_jpeg_in_it_the_reason_is_told(pool: DecoderPool) -> None:
    with pytest.raises(Undecodable) as caught:
        await pool.preview(BytesSource(raws.dng(b"no picture")), BOX)
    assert caught.value.reason == "This camera file carries no preview in it, or one of a kind that cannot be shown."


@pytest.mark.parametrize("maker", raws.MAKERS)
async def test_a_camera_file_cut_anywhere_has_a_reason_or_a_picture(pool: DecoderPool, maker: str) -> None:
    content = raws.MAKERS[maker](raws.jpeg(320, 240))
    before = pool.pids
    for length in (10, 60, 200, 400, len(content) // 2):
        told = await reason_of(pool, BytesSource(content[:length]), BOX)
        assert not told or told.endswith(".")
    assert pool.pids == before


@pytest.mark.parametrize("name", ["a.DNG", "a.nef", "a.cr2", "a.cr3", "a.arw", "a.orf", "a.rw2", "a.raf", "a.pef"])
async def test_by_their_names_they_are_images(name: str) -> None:
    kind, media_type = guess(name)
    assert kind is Kind.IMAGE
    assert media_type.startswith("image/x-")
