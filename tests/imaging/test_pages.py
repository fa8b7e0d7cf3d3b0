"""Pages, levels of pyramids, and contact sheets."""

from __future__ import annotations

import pytest

from imaging.looking import decoded, near
from imaging.sources import BytesSource
from imaging.tiffs import pages, photograph, saved
from moorage.imaging import DecoderPool, Limits
from moorage.imaging.blocks import Blocks
from moorage.imaging.directories import Tiff
from moorage.imaging.levels import chosen
from moorage.model.errors import Invalid, Undecodable
from moorage.model.sheet import Sheet
from moorage.model.variant import Fit, Format, Recipe, Task

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(256, 256, Fit.INSIDE, Format.PNG)
FORMS = ("TIFF", "GIF", "WEBP")


def grey(value: int) -> tuple[int, int, int]:
    return value, value, value


@pytest.mark.parametrize("form", FORMS)
async def test_a_page_is_shown_by_its_number_and_all_are_counted(pool: DecoderPool, form: str) -> None:
    content = pages(7, form)
    for page in (1, 3, 7):
        rendered = await pool.preview(BytesSource(content), Recipe(64, 64, Fit.INSIDE, Format.PNG, page))
        assert rendered.pages == 7
        assert near(decoded(rendered), 0.5, 0.5, grey(page * 10 - 10), tolerance=2)


@pytest.mark.parametrize("form", FORMS)
async def test_a_page_behind_the_last_one_is_told_so(pool: DecoderPool, form: str) -> None:
    with pytest.raises(Undecodable) as caught:
        await pool.preview(BytesSource(pages(7, form)), Recipe(64, 64, page=8))
    assert caught.value.reason == "There is no page 8; the image has 7."


@pytest.mark.parametrize("options", [{"subifd": True}, {"bigtiff": True}, {"tile_width": 128, "tile_height": 128}, {}])
async def test_the_levels_of_a_pyramid_are_no_pages_and_one_of_them_is_read(
    pool: DecoderPool, options: dict[str, object]
) -> None:
    content = saved(photograph(1024), tile=True, pyramid=True, compression="deflate", **options)
    source = BytesSource(content)
    rendered = await pool.preview(source, BOX)
    assert (rendered.source_width, rendered.source_height, rendered.pages) == (1024, 1024, None)
    assert source.read_bytes < source.size / 5
    flat = await pool.preview(BytesSource(saved(photograph(1024), compression="deflate")), BOX)
    assert (decoded(rendered) - decoded(flat)).abs().avg() < 1.5


async def test_the_level_is_the_smallest_that_is_no_smaller_than_the_preview() -> None:
    content = saved(photograph(2048), tile=True, pyramid=True, compression="deflate")
    tiff = Tiff(Blocks(len(content), lambda start, length: content[start : start + length]))
    levels = {side: chosen(tiff, Recipe(side, side)) for side in (64, 256, 384, 1024, 1600)}
    assert {side: level.pixels for side, level in levels.items() if level} == {
        64: 128**2, 256: 256**2, 384: 512**2, 1024: 1024**2, 1600: 2048**2,
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
async def test_a_sheet_shows_the_pages_side_by_side(pool: DecoderPool, form: str) -> None:
    rendered = await pool.make(Task.SHEET, BytesSource(pages(7, form)), Sheet.asked(3, 3, 64, "png"))
    image = decoded(rendered)
    assert (image.width, image.height, rendered.pages) == (192, 192, 7)
    for number in range(7):
        column, row = number % 3, number // 3
        assert near(image, (column + 0.5) / 3, (row + 0.5) / 3, grey(number * 10), tolerance=2)
    assert near(image, 0.5, 2.5 / 3, (255, 255, 255))


async def test_a_sheet_leaves_out_pages_at_even_distances(pool: DecoderPool) -> None:
    rendered = await pool.make(Task.SHEET, BytesSource(pages(24)), Sheet.asked(2, 2, 64, "png"))
    image = decoded(rendered)
    assert [image.getpoint(*place)[0] for place in ((32, 32), (96, 32), (32, 96), (96, 96))] == [0, 60, 120, 180]


@pytest.mark.parametrize(
    ("asked", "advice"),
    [((0, 1, 64), "1 to 144 pictures"), ((13, 12, 64), "1 to 144 pictures"), ((12, 1, 384), "up to 4096 pixels")],
)
async def test_a_sheet_has_bounds(asked: tuple[int, int, int], advice: str) -> None:
    with pytest.raises(Invalid) as caught:
        Sheet.asked(*asked, "webp")
    assert advice in caught.value.advice


async def test_an_animation_of_too_many_pixels_makes_no_sheet() -> None:
    pool = DecoderPool(processes=1, limits=Limits(pixels=120 * 80 * 6))
    try:
        with pytest.raises(Undecodable, match=r"up to 0\.1 million are shown"):
            await pool.make(Task.SHEET, BytesSource(pages(7, "GIF")), Sheet.asked(3, 3, 64, "png"))
    finally:
        await pool.aclose()
