"""Parts of images by the whole way, held against bare libvips; and pyramids of which they are cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import pyvips

import media
from imaging.sources import BytesSource, named, opened
from imaging.test_stills import decoded, shows_the_quarters
from moorage.imaging import DecoderPool
from moorage.model.errors import Undecodable
from moorage.model.region import TILE, Look, Looks, Pyramid, Quality, Region, RegionFormat
from moorage.model.variant import Task

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUARTERS = Region(0, 0, 320, 240, 320, 240, format=RegionFormat.PNG)
MIDDLE = Region(100, 80, 200, 120, 100, 60, format=RegionFormat.PNG)


async def cut(pool: DecoderPool, name: str, region: Region) -> Any:
    return decoded(await pool.make(Task.REGION, named(name), region))


async def looks(pool: DecoderPool, source: BytesSource) -> Looks:
    return Looks.of(await pool.make(Task.LOOK, source, Look()))


def bare(name: str, region: Region, **options: Any) -> Any:
    """The same by libvips alone."""
    image = pyvips.Image.new_from_file(str(media.picture(name)), **options).autorot()
    part = image.crop(region.x, region.y, region.part_width, region.part_height)
    return part.thumbnail_image(region.width, height=region.height, size="force", output_profile="srgb")


@pytest.mark.parametrize("name", ["astronaut.png", "rocket.jpg", "orientation-6.jpg", "strip.tif"])
async def test_a_part_has_the_pixels_that_libvips_gives(pool: DecoderPool, name: str) -> None:
    made = await cut(pool, name, MIDDLE)
    assert (made.width, made.height) == (100, 60)
    assert (made - bare(name, MIDDLE)).abs().max() <= 2


async def test_at_full_scale_every_pixel_is_the_image_s_own(pool: DecoderPool) -> None:
    whole = replace(MIDDLE, width=200, height=120)
    assert ((await cut(pool, "astronaut.png", whole)) - bare("astronaut.png", whole)).abs().max() == 0


async def test_parts_can_be_enlarged(pool: DecoderPool) -> None:
    made = await cut(pool, "orientation-1.jpg", replace(MIDDLE, part_width=20, part_height=10, width=400, height=200))
    assert (made.width, made.height) == (400, 200)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_of_every_orientation_the_part_of_the_upright_image_is_cut(pool: DecoderPool, orientation: int) -> None:
    name = f"orientation-{orientation}.jpg"
    assert shows_the_quarters(await cut(pool, name, QUARTERS))
    lower_left = Region(0, 120, 160, 120, 16, 12, format=RegionFormat.PNG)
    made = await cut(pool, name, lower_left)
    assert all(abs(is_ - should) <= 6 for is_, should in zip(made.getpoint(8, 6), (30, 30, 220), strict=True))


async def test_mirrored_first_and_turned_then(pool: DecoderPool) -> None:
    turned = await cut(pool, "orientation-1.jpg", replace(QUARTERS, mirrored=True, degrees=90.0))
    assert (turned.width, turned.height) == (240, 320)
    upright = turned.rot270().fliphor()
    assert shows_the_quarters(upright)


async def test_between_the_quarters_what_is_beside_the_image_is_transparent_or_white(pool: DecoderPool) -> None:
    askew = replace(QUARTERS, degrees=30.0)
    clear = await cut(pool, "orientation-1.jpg", askew)
    assert clear.width > 320
    assert clear.getpoint(1, 1)[3] == 0
    assert clear.getpoint(clear.width // 2 - 40, clear.height // 2 - 20)[3] == 255
    flat = await cut(pool, "orientation-1.jpg", replace(askew, format=RegionFormat.JPG))
    assert min(flat.getpoint(1, 1)) >= 250


async def test_grey_and_two_colours(pool: DecoderPool) -> None:
    grey = await cut(pool, "astronaut.png", replace(MIDDLE, quality=Quality.GRAY))
    assert grey.bands == 1
    for form in RegionFormat:
        two = await cut(pool, "astronaut.png", replace(MIDDLE, quality=Quality.BITONAL, format=form))
        shades = two.extract_band(0).hist_find()
        assert shades(0, 0)[0] > 0
        if form is not RegionFormat.JPG:
            assert shades(0, 0)[0] + shades(255, 0)[0] == 6000, form


@pytest.mark.parametrize("form", list(RegionFormat))
async def test_every_format_says_what_it_is(pool: DecoderPool, form: RegionFormat) -> None:
    made = await pool.make(Task.REGION, named("transparent.png"), Region(0, 0, 100, 100, 50, 50, format=form))
    assert made.media_type == form.media_type
    image = decoded(made)
    assert str(image.get("vips-loader")).startswith(made.media_type.removeprefix("image/"))
    assert image.hasalpha() == (form is not RegionFormat.JPG)


@pytest.mark.parametrize("name", ["cmyk.jpg", "p3.png", "rgb16.png", "quarters.heic", "animated.gif", "multipage.tif"])
async def test_colours_depths_and_first_pages_come_out_as_in_previews(pool: DecoderPool, name: str) -> None:
    told = await looks(pool, named(name))
    part = Region(0, 0, told.width, told.height, told.width, told.height, format=RegionFormat.PNG)
    made = decoded(await pool.make(Task.REGION, named(name), part))
    assert (made.width, made.height, made.format) == (told.width, told.height, "uchar")
    if name == "cmyk.jpg":
        assert all(abs(a - b) <= 14 for a, b in zip(made.getpoint(50, 50), media.UMBER, strict=True))
    if name == "p3.png":
        assert all(abs(a - b) <= 2 for a, b in zip(made.getpoint(50, 50), media.ORANGE, strict=True))


async def test_values_of_an_instrument_have_one_window_in_all_parts(pool: DecoderPool) -> None:
    whole = await cut(pool, "depth.tif", Region(0, 0, 256, 64, 256, 64, format=RegionFormat.PNG))
    part = await cut(pool, "depth.tif", Region(64, 16, 64, 32, 64, 32, format=RegionFormat.PNG))
    assert (whole.crop(64, 16, 64, 32) - part).abs().max() == 0
    assert (whole.min(), whole.max()) == (0, 255)


async def test_of_a_pyramid_the_level_that_suffices_is_read_and_little_of_it(pool: DecoderPool) -> None:
    source = named("pyramid16.tif")
    told = await looks(pool, source)
    assert told.tile == (256, 256)
    assert [width for width, _ in told.levels] == [2822, 1411, 705, 352, 176]
    source = named("pyramid16.tif")
    small = Region(0, 0, told.width, told.height, 176, 176, format=RegionFormat.PNG)
    made = decoded(await pool.make(Task.REGION, source, small))
    assert (made.width, made.height) == (176, 176)
    assert source.read_bytes < source.size // 2
    near = decoded(await pool.make(Task.REGION, named("pyramid16.tif"), Region(1000, 900, 256, 256, 256, 256)))
    flat = pyvips.Image.new_from_buffer(media.data("pyramid16.tif"), "").crop(1000, 900, 256, 256).colourspace("srgb")
    assert (near - flat).abs().avg() < 6


@pytest.mark.parametrize("name", ["retina.jpg", "rgb16.png", "pyramid16.tif"])
async def test_a_look_reads_the_beginning_only(pool: DecoderPool, name: str) -> None:
    source = named(name)
    await looks(pool, source)
    assert source.read_bytes <= min(8 * 64 * 1024, source.size // 2)


async def test_levels_below_the_first_page_are_found(pool: DecoderPool) -> None:
    image = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
    inner = image.tiffsave_buffer(tile=True, pyramid=True, subifd=True, compression="jpeg")
    told = await looks(pool, BytesSource(inner))
    assert told.levels[:2] == ((1411, 1411), (705, 705))
    made = decoded(await pool.make(Task.REGION, BytesSource(inner), Region(0, 0, 1411, 1411, 100, 100)))
    assert (made - image.thumbnail_image(100, height=100, size="force")).abs().avg() < 6


async def test_pages_of_a_document_are_no_levels(pool: DecoderPool) -> None:
    assert (await looks(pool, named("multipage.tif"))).levels == ((120, 80),)


def clear() -> BytesSource:
    """An image with a transparent edge that is large enough for tiles."""
    image = pyvips.Image.new_from_file(str(media.picture("retina.jpg")))
    return BytesSource(image.bandjoin(255).embed(40, 40, 1500, 1500).pngsave_buffer())


@pytest.mark.parametrize("name", ["orientation-6.jpg", "transparent.png", "depth.tif", "retina.jpg"])
async def test_a_pyramid_shows_what_the_image_shows_upright(pool: DecoderPool, name: str) -> None:
    source = clear() if name == "transparent.png" else named(name)
    made = await pool.make(Task.PYRAMID, source, Pyramid())
    told = await looks(pool, BytesSource(made.data))
    assert (told.width, told.height) == (made.source_width, made.source_height)
    assert told.tile == (min(TILE, told.width), min(TILE, told.height))
    side = 100
    part = Region(0, 0, told.width, told.height, side, side, format=RegionFormat.PNG)
    again = decoded(await pool.make(Task.REGION, BytesSource(made.data), part))
    direct = decoded(await pool.make(Task.REGION, source, part))
    assert again.hasalpha() == direct.hasalpha()
    assert (again.flatten() - direct.flatten()).abs().avg() < 4


async def test_a_pyramid_by_its_descriptor_may_have_other_bytes_behind_it(pool: DecoderPool, tmp_path: Any) -> None:
    made = await pool.make(Task.PYRAMID, named("retina.jpg"), Pyramid())
    (tmp_path / "entry").write_bytes(made.data + b"facts of a cache")
    with opened(tmp_path / "entry") as source:
        part = await pool.make(Task.REGION, source, replace(MIDDLE, x=700))
    assert source.read_bytes == 0
    assert (decoded(part) - bare("retina.jpg", replace(MIDDLE, x=700))).abs().avg() < 4


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated.png", "cut off"),
        ("text.jpg", "not an image"),
        ("empty.jpg", "empty"),
        ("faststart.mp4", "video"),
        ("bomb.png", "1,600 million"),
        ("drawing.svg", "preview shows the whole"),
    ],
)
async def test_what_cannot_be_cut_says_why(pool: DecoderPool, name: str, reason: str) -> None:
    with pytest.raises(Undecodable, match=reason):
        await pool.make(Task.PYRAMID, named(name), Pyramid())
    with pytest.raises(Undecodable, match=reason):
        await pool.make(Task.REGION, named(name), Region(0, 400, 100, 100, 100, 100))


async def test_a_part_outside_of_the_image_is_refused_and_the_process_goes_on(pool: DecoderPool) -> None:
    with pytest.raises(Undecodable):
        await cut(pool, "rocket.jpg", Region(10_000, 0, 10, 10, 10, 10))
    assert (await cut(pool, "rocket.jpg", MIDDLE)).width == 100
