"""Windows: which stored values are black and white."""

from __future__ import annotations

import pytest

import media
from imaging.looking import decoded, near
from imaging.sources import BytesSource, named
from imaging.tiffs import photograph, saved, values
from moorage.imaging import DecoderPool
from moorage.model.errors import Invalid
from moorage.model.variant import Fit, Format, Recipe

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(512, 512, Fit.INSIDE, Format.PNG)


def through(low: float, high: float) -> Recipe:
    return Recipe(512, 512, Fit.INSIDE, Format.PNG, window=(low, high))


@pytest.mark.parametrize(("low", "high"), [(0, 4095), (28_000, 32_000), (100, 900)])
async def test_values_of_fewer_bits_than_16_are_spread_over_what_a_screen_shows(
    pool: DecoderPool, low: int, high: int
) -> None:
    image = decoded(await pool.preview(BytesSource(saved(values(low, high))), BOX))
    assert near(image, 0, 0.5, (0, 0, 0))
    assert near(image, 0.5, 0.5, (128, 128, 128))
    assert near(image, 0.999, 0.5, (255, 255, 255))


async def test_values_that_use_their_16_bits_stay_what_they_are(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(BytesSource(saved(values(8000, 40_000))), BOX))
    assert near(image, 0, 0.5, (8000 >> 8,) * 3)
    assert near(image, 0.999, 0.5, (40_000 >> 8,) * 3)


async def test_a_hot_pixel_does_not_darken_the_rest(pool: DecoderPool) -> None:
    image = values(0, 4095).draw_rect([65_535], 200, 30, 1, 1, fill=True)
    shown = decoded(await pool.preview(BytesSource(saved(image)), BOX))
    assert near(shown, 0.9, 0.1, (230, 230, 230))


async def test_colours_of_12_bits_in_16_keep_their_hue(pool: DecoderPool) -> None:
    deep = (photograph(400).cast("ushort") * 16).cast("ushort").copy(interpretation="rgb16")
    plain = decoded(await pool.preview(BytesSource(saved(photograph(400))), BOX))
    shown = decoded(await pool.preview(BytesSource(saved(deep)), BOX))
    brightest = max(plain.extract_band(band).percent(99.9) for band in range(3))
    assert (shown - plain.linear(255 / brightest, 0, uchar=True)).abs().avg() < 3


@pytest.mark.parametrize("content", [saved(values(0, 4095)), saved(values(0, 4095).cast("float"))])
async def test_a_window_that_was_asked_for_is_the_one(pool: DecoderPool, content: bytes) -> None:
    image = decoded(await pool.preview(BytesSource(content), through(1000, 2000)))
    assert near(image, 500 / 4095, 0.5, (0, 0, 0))
    assert near(image, 1500 / 4095, 0.5, (127, 127, 127))
    assert near(image, 2500 / 4095, 0.5, (255, 255, 255))


async def test_a_window_over_8_bits_works_too_also_with_a_profile(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(named("p3.png"), through(media.P3_OF_ORANGE[2], media.P3_OF_ORANGE[0])))
    assert near(image, 0.5, 0.5, (255, 109, 0), tolerance=3)


async def test_another_window_is_another_preview() -> None:
    names = {Recipe(64, 64, window=window).name("v") for window in (None, (0.0, 1.0), (0.0, 2.0))}
    assert len(names | {Recipe(64, 64, page=2).name("v")}) == 4


@pytest.mark.parametrize("text", ["1", "1,2,3", "2,1", "1,1", "a,b", "0,inf", "nan,1"])
async def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no window"):
        Recipe.asked(64, 64, window=text)
