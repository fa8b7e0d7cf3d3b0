"""BMP, JPEG 2000 and portable pixmaps, which libvips has no loader for; JPEG XL, which nobody has."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

import media
from imaging.looking import decoded, near, reason_of, shows_the_quarters
from imaging.sources import BytesSource
from moorage.imaging import DecoderPool, Limits, pillow
from moorage.imaging.blocks import Blocks
from moorage.imaging.reasons import Unreadable
from moorage.model.variant import Fit, Format, Recipe

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(256, 256, Fit.INSIDE, Format.PNG)


def written(image: Image.Image, form: str) -> bytes:
    made = io.BytesIO()
    image.save(made, form)
    return made.getvalue()


@pytest.mark.parametrize("form", ["BMP", "JPEG2000", "PPM"])
async def test_each_is_shown_and_measured(pool: DecoderPool, form: str) -> None:
    source = BytesSource(written(media.quarters(), form))
    rendered = await pool.preview(source, BOX)
    measured = await pool.measure(source, video=False)
    assert shows_the_quarters(decoded(rendered))
    assert (rendered.source_width, rendered.source_height) == (measured.width, measured.height) == (320, 240)


async def test_grey_values_of_16_bits_are_windowed(pool: DecoderPool) -> None:
    ramp = struct.pack(">512H", *(number * 8 for number in range(512))) * 16
    image = decoded(await pool.preview(BytesSource(b"P5 512 16 65535\n" + ramp), BOX))
    assert near(image, 0.5, 0.5, (128, 128, 128))


async def test_black_and_white_and_transparency_come_through(pool: DecoderPool) -> None:
    line = Image.new("1", (40, 40), 1)
    assert near(decoded(await pool.preview(BytesSource(written(line, "BMP")), BOX)), 0.5, 0.5, (255, 255, 255))
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert decoded(await pool.preview(BytesSource(written(clear, "JPEG2000")), BOX)).getpoint(20, 20)[3] == 0


async def test_their_pixels_have_a_limit() -> None:
    pool = DecoderPool(processes=1, limits=Limits(whole_pixels=50_000))
    try:
        said = await reason_of(pool, BytesSource(written(media.quarters(), "BMP")), BOX)
    finally:
        await pool.aclose()
    assert "of this kind, up to" in said


@pytest.mark.parametrize("form", ["BMP", "JPEG2000", "PPM"])
async def test_one_that_is_cut_off_has_a_reason(pool: DecoderPool, form: str) -> None:
    content = written(media.quarters(), form)
    for length in (12, 30, 100, len(content) // 2):
        said = await reason_of(pool, BytesSource(content[:length]), BOX)
        assert not said or said.endswith(".")


async def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pillow, "Image", None)
    content = written(media.quarters(), "BMP")
    with pytest.raises(Unreadable, match=r"pip install 'moorage\[heif\]'"):
        pillow.image(Blocks(len(content), lambda start, length: content[start : start + length]), Limits())


async def test_jpeg_xl_is_not_shown(pool: DecoderPool) -> None:
    assert await reason_of(pool, BytesSource(b"\xff\x0a" + bytes(60)), BOX) == "JPEG XL images cannot be shown here."
