"""Drawings: rasterised in the decoder process, alone with their bytes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from imaging.looking import decoded, near, reason_of
from imaging.sources import BytesSource
from moorage.imaging import DecoderPool
from moorage.model.variant import Fit, Format, Recipe

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(256, 256, Fit.INSIDE, Format.PNG)
NO_DRAWING = "This is not a drawing in SVG, or it is damaged."
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20"'


def drawing(inside: str, before: str = "") -> BytesSource:
    return BytesSource(f"{before}{SVG}>{inside}</svg>".encode())


async def test_a_drawing_is_as_large_as_its_box_and_tells_its_own_size(pool: DecoderPool) -> None:
    source = drawing('<rect width="20" height="20" fill="#dc7828"/>')
    rendered = await pool.preview(source, BOX)
    image = decoded(rendered)
    assert (image.width, image.height) == (256, 128)
    assert (rendered.source_width, rendered.source_height) == (40, 20)
    assert near(image, 0.25, 0.5, (220, 120, 40, 255))
    assert image.getpoint(200, 64)[3] == 0
    measured = await pool.measure(source, video=False)
    assert (measured.width, measured.height) == (40, 20)


async def test_letters_are_left_out_rather_than_drawn_as_boxes(pool: DecoderPool) -> None:
    letters = '<text y="18" font-size="20" style="display: inline">Mo</text>'
    assert decoded(await pool.preview(drawing(letters), BOX)).extract_band(3).max() == 0


async def test_programs_in_it_do_nothing(pool: DecoderPool) -> None:
    made = await pool.preview(
        drawing('<script>document.documentElement.remove()</script><rect width="9" height="9"/>'), BOX
    )
    plain = await pool.preview(drawing('<rect width="9" height="9"/>'), BOX)
    assert made.data == plain.data


async def test_nothing_that_it_names_is_fetched(pool: DecoderPool, tmp_path: Path) -> None:
    """Not by HTTP, not from a file, not as an entity, a style sheet or an inclusion."""
    beside = tmp_path / "beside.svg"
    beside.write_text(f'{SVG}><rect width="40" height="20" fill="red"/></svg>')
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        web = f"http://127.0.0.1:{listener.getsockname()[1]}/x.svg"
        places = (web, beside.as_uri(), str(beside), "beside.svg")
        images = "".join(f'<image width="40" height="20" xlink:href="{place}"/>' for place in places)
        uses = "".join(f'<use href="{place}#a"/>' for place in places)
        styles = "".join(f"@import url('{place}');" for place in places)
        entity = f'<!DOCTYPE svg [<!ENTITY beside SYSTEM "{beside.as_uri()}">]>'
        include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{beside.as_uri()}"/>'
        made = await pool.preview(drawing(f"<style>{styles}</style>{images}{uses}{include}"), BOX)
        assert decoded(made).extract_band(3).max() == 0
        assert await reason_of(pool, drawing("&beside;", entity), BOX) == NO_DRAWING
        with pytest.raises(TimeoutError):
            listener.accept()


async def test_what_only_begins_like_a_drawing_is_none(pool: DecoderPool) -> None:
    for content in (b"<svg", b"<?xml version='1.0'?><html/>", b"<svg xmlns='http://www.w3.org/2000/svg'><rect"):
        assert await reason_of(pool, BytesSource(content), BOX) == NO_DRAWING
