"""Previews of images by the whole way: pool, process, ranges, libvips."""

from __future__ import annotations

from typing import Any

import pytest
import pyvips

import media
from imaging.sources import BytesSource, named, opened
from moorage.imaging import DecoderPool
from moorage.model.errors import Undecodable
from moorage.model.variant import Fit, Format, Recipe, Rendered

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(256, 256, Fit.INSIDE, Format.PNG)
QUARTERS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (240, 240, 30))


def decoded(rendered: Rendered) -> Any:
    return pyvips.Image.new_from_buffer(rendered.data, "")


def near(image: Any, across: float, down: float, colour: tuple[int, ...], tolerance: int = 6) -> bool:
    found = image.getpoint(int(image.width * across), int(image.height * down))
    return all(abs(is_ - should) <= tolerance for is_, should in zip(found, colour, strict=False))


def shows_the_quarters(image: Any) -> bool:
    places = ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    return all(near(image, *place, colour) for place, colour in zip(places, QUARTERS, strict=True))


@pytest.mark.parametrize("name", media.PHOTOGRAPHS)
async def test_a_photograph_fits_its_box_with_its_proportions(pool: DecoderPool, name: str) -> None:
    rendered = await pool.preview(named(name), BOX)
    image = decoded(rendered)
    assert max(image.width, image.height) == 256
    assert image.width / image.height == pytest.approx(rendered.source_width / rendered.source_height, rel=0.01)
    assert rendered.duration_ms is None


async def test_a_descriptor_gives_the_same_picture_as_ranges(pool: DecoderPool) -> None:
    with opened(media.picture("rocket.jpg")) as source:
        by_descriptor = await pool.preview(source, BOX)
        again = await pool.preview(source, BOX)
    assert source.read_bytes == 0
    assert by_descriptor == again == await pool.preview(named("rocket.jpg"), BOX)


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_every_orientation_is_shown_upright(pool: DecoderPool, orientation: int) -> None:
    rendered = await pool.preview(named(f"orientation-{orientation}.jpg"), BOX)
    image = decoded(rendered)
    assert (rendered.source_width, rendered.source_height) == (320, 240)
    assert (image.width, image.height) == (256, 192)
    assert shows_the_quarters(image)


async def test_display_p3_comes_out_in_srgb(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(named("p3.png"), BOX))
    assert near(image, 0.5, 0.5, media.ORANGE, tolerance=2)
    assert not near(image, 0.5, 0.5, media.P3_OF_ORANGE, tolerance=2)


async def test_cmyk_comes_out_in_srgb(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(named("cmyk.jpg"), BOX))
    assert image.bands == 3
    assert near(image, 0.5, 0.5, media.UMBER, tolerance=14)


async def test_sixteen_bits_a_channel_look_like_eight(pool: DecoderPool) -> None:
    deep = decoded(await pool.preview(named("rgb16.png"), BOX))
    plain = decoded(await pool.preview(named("strip.tif"), BOX))
    assert deep.format == "uchar"
    assert (deep - plain).abs().max() <= 2


async def test_a_grey_ramp_of_sixteen_bits_keeps_its_greys(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(named("grey16.png"), BOX))
    assert near(image, 0.25, 0.5, (64, 64, 64))
    assert near(image, 0.75, 0.5, (191, 191, 191))


async def test_depths_are_spread_from_black_to_white(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(named("depth.tif"), BOX))
    assert near(image, 0, 0.5, (0, 0, 0))
    assert near(image, 0.5, 0.5, (128, 128, 128))
    assert near(image, 0.999, 0.5, (255, 255, 255))


async def test_a_pyramid_is_read_in_part_only(pool: DecoderPool) -> None:
    source = named("pyramid16.tif")
    rendered = await pool.preview(source, BOX)
    assert (rendered.source_width, rendered.source_height) == (2822, 2822)
    assert source.read_bytes < source.size / 2


@pytest.mark.parametrize("form", [Format.WEBP, Format.PNG])
async def test_transparency_is_kept(pool: DecoderPool, form: Format) -> None:
    image = decoded(await pool.preview(named("transparent.png"), Recipe(256, 256, Fit.INSIDE, form)))
    assert image.getpoint(25, 50)[3] == 0
    assert near(image, 0.75, 0.5, (*media.ORANGE, 255), tolerance=8)


async def test_transparency_is_white_in_jpeg(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(named("transparent.png"), Recipe(256, 256, Fit.INSIDE, Format.JPEG)))
    assert near(image, 0.2, 0.5, (255, 255, 255))
    assert near(image, 0.8, 0.5, media.ORANGE, tolerance=10)


@pytest.mark.parametrize("name", ["animated.gif", "animated.webp", "multipage.tif"])
async def test_the_first_frame_stands_for_all(pool: DecoderPool, name: str) -> None:
    rendered = await pool.preview(named(name), BOX)
    assert (rendered.source_width, rendered.source_height) == (120, 80)
    assert near(decoded(rendered), 0.5, 0.5, (255, 0, 0))


@pytest.mark.parametrize("name", ["quarters.heic", "quarters.avif", "progressive.jpg"])
async def test_other_forms_show_the_same_quarters(pool: DecoderPool, name: str) -> None:
    assert shows_the_quarters(decoded(await pool.preview(named(name), BOX)))


async def test_cover_fills_the_box_around_the_centre(pool: DecoderPool) -> None:
    image = decoded(await pool.preview(named("orientation-6.jpg"), Recipe(128, 128, Fit.COVER, Format.PNG)))
    assert (image.width, image.height) == (128, 128)
    assert shows_the_quarters(image)


@pytest.mark.parametrize("fit", list(Fit))
async def test_nothing_is_enlarged(pool: DecoderPool, fit: Fit) -> None:
    image = decoded(await pool.preview(named("animated.gif"), Recipe(1024, 1024, fit, Format.PNG)))
    assert (image.width, image.height) == (120, 80)


@pytest.mark.parametrize(
    ("form", "magic"),
    [
        (Format.WEBP, b"RIFF"),
        (Format.AVIF, b"\0\0\0\x1cftypavif"),
        (Format.JPEG, b"\xff\xd8\xff"),
        (Format.PNG, b"\x89PNG"),
    ],
)
async def test_the_format_is_the_one_asked_for(pool: DecoderPool, form: Format, magic: bytes) -> None:
    rendered = await pool.preview(named("rocket.jpg"), Recipe(64, 64, Fit.INSIDE, form))
    assert rendered.media_type == form.media_type
    assert rendered.data.startswith(magic)


@pytest.mark.parametrize("form", list(Format))
async def test_no_metadata_reaches_the_variant(pool: DecoderPool, form: Format) -> None:
    assert b"SECRET-CAMERA" in media.data("with-place.jpg")
    rendered = await pool.preview(named("with-place.jpg"), Recipe(256, 256, Fit.INSIDE, form))
    fields = decoded(rendered).get_fields()
    assert not [field for field in fields if field.startswith(("exif", "xmp", "iptc", "icc", "jpeg-comment", "png-c"))]
    assert b"SECRET" not in rendered.data


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated.jpg", "The image is cut off: its end is missing."),
        ("truncated.png", "The image is cut off: its end is missing."),
        ("text.jpg", "This is not an image, or not of a kind that can be shown."),
        ("empty.jpg", "The file is empty."),
        ("film.webm", "This is a video, though its name says that it is an image."),
        (
            "bomb.png",
            "The image has 40,000 x 40,000 pixels, 1,600 million; of this kind, up to 1,000 million are shown.",
        ),
        ("one-strip.tif", "The image is damaged."),
    ],
)
async def test_what_has_no_picture_says_why(pool: DecoderPool, name: str, reason: str) -> None:
    with pytest.raises(Undecodable) as caught:
        await pool.preview(named(name), BOX)
    assert caught.value.reason == reason
    with opened(media.picture(name)) as source, pytest.raises(Undecodable) as caught:
        await pool.preview(source, BOX)
    assert caught.value.reason == reason


async def test_a_broken_image_leaves_the_process_at_work(pool: DecoderPool) -> None:
    await pool.preview(named("rocket.jpg"), BOX)
    before = pool.pids
    with pytest.raises(Undecodable):
        await pool.preview(BytesSource(b"\xff\xd8\xff\xe0" + bytes(2000)), BOX)
    await pool.preview(named("rocket.jpg"), BOX)
    assert pool.pids == before
