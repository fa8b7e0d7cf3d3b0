"""Images made to do harm: each ends with a reason, and the next one is served."""

from __future__ import annotations

import struct
import zlib

import pytest

import media
from imaging import raws
from imaging.looking import reason_of
from imaging.sources import BytesSource
from moorage.imaging import DecoderPool, Limits
from moorage.model.errors import Undecodable
from moorage.model.region import Look, Pyramid, Region
from moorage.model.sheet import Sheet
from moorage.model.variant import Recipe, Task, Wish

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(64, 64)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"'
MANY = "of this kind, up to"


def png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says that it is so large."""
    chunks = (b"IHDR" + struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT" + zlib.compress(data), b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack("!I", len(chunk) - 4) + chunk + struct.pack("!I", zlib.crc32(chunk)) for chunk in chunks
    )


def progressive(side: int) -> bytes:
    """A progressive JPEG whose header says another size."""
    content = bytearray(media.data("progressive.jpg"))
    place = content.index(b"\xff\xc2") + 5
    content[place : place + 4] = struct.pack(">HH", side, side)
    return bytes(content)


def tiff(**tags: int) -> bytes:
    """A small TIFF of one strip, of which tags say something else."""
    strip = zlib.compress(bytes(64 * 64))
    layout = raws.Layout(b"II*\0\0\0\0\0")
    wrong: raws.Tags = {int(name[1:]): value for name, value in tags.items()}
    plain: raws.Tags = {256: 64, 257: 64, 258: 8, 259: 8, 262: 1, 277: 1, 278: 64, 279: len(strip)}
    plain[273] = layout.put(strip)
    return layout.finished(layout.directory(plain | wrong))


def laughs(levels: int = 9) -> bytes:
    """Entities that name ten of the next each."""
    named = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, levels + 1))
    return b'<!DOCTYPE svg [<!ENTITY l0 "ha">' + named + b"]>" + SVG + b"><text>&l%d;</text></svg>" % levels


def nested(levels: int = 24) -> bytes:
    """Groups that use the next one ten times each."""
    groups = b"".join(b'<g id="g%d">%s</g>' % (n, b'<use href="#g%d"/>' % (n - 1) * 10) for n in range(1, levels))
    return SVG + b'><rect id="g0" width="9" height="9"/>' + groups + b'<use href="#g%d"/></svg>' % (levels - 1)


def in_tiles(width: int, height: int, side: int = 256) -> bytes:
    """A TIFF in tiles, all of which are the same few bytes."""
    tile = zlib.compress(bytes(side * side))
    count = -(-width // side) * -(-height // side)
    layout = raws.Layout(b"II*\0\0\0\0\0")
    tags: raws.Tags = {256: width, 257: height, 258: 8, 259: 8, 262: 1, 277: 1, 322: side, 323: side}
    return layout.finished(layout.directory({**tags, 324: (layout.put(tile),) * count, 325: (len(tile),) * count}))


BOMBS = {
    "PNG of 2,500 million pixels": (png(50_000, 50_000), MANY),
    "PNG with far fewer bytes than pixels": (png(20_000, 20_000, bytes(100)), ""),
    "progressive JPEG of 400 million pixels": (progressive(20_000), MANY),
    "progressive JPEG of 140 million pixels, most of them missing": (progressive(11_800), ""),
    "GIF with the largest canvas": (b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b";", ""),
    "GIF of which the canvas is all": (b"GIF89a" + struct.pack("<HH", 12_000, 12_000) + b"\0\0\0;", ""),
    "WebP with the largest canvas": (b"RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xff\xff\xff\x0f" + bytes(16), ""),
    "TIFF of 2^31 columns": (tiff(t256=0x7FFFFFFF), ""),
    "TIFF of 2^32 - 1 rows": (tiff(t257=0xFFFFFFFF), ""),
    "TIFF with a strip behind its end": (tiff(t273=0x7FFFFFFF), ""),
    "TIFF with a strip of 4 GiB": (tiff(t279=0xFFFFFFFF), ""),
    "TIFF with 65,535 bands": (tiff(t277=65_535), ""),
    "TIFF that packs 1,600 million pixels": (tiff(t256=40_000, t257=40_000, t278=1), ""),
    "TIFF whose directory names itself": (b"II*\0\x08\0\0\0" + struct.pack("<HI", 0, 8), ""),
    "PNG of a million columns": (png(1_000_000, 100, bytes(1_000_000)), "from left to right"),
    "PNG of five million lines": (png(1, 5_000_000, bytes(1_000_000)), "from top to bottom"),
    "TIFF of a million columns in tiles": (in_tiles(1_000_000, 500), "from left to right"),
    "pixmap that begins with a comment": (b"P6 #" + b"x" * 2_000_000, "not an image"),
    "entities by the billion": (laughs(), ""),
    "drawing of endless depth": (SVG + b">" + b"<g>" * 100_000, ""),
    "drawing of 10^9 pixels": (SVG.replace(b'"9"', b'"1000000000"') + b"/>", ""),
}


@pytest.mark.parametrize("task", [Task.LOOK, Task.REGION, Task.PYRAMID, Task.SHEET])
async def test_no_task_opens_an_image_with_endless_lines(pool: DecoderPool, task: Task) -> None:
    wishes: dict[Task, Wish] = {Task.REGION: Region(0, 0, 9, 9, 9, 9), Task.SHEET: Sheet.asked(2, 2, 64, "webp")}
    with pytest.raises(Undecodable, match="from left to right"):
        await pool.make(task, BytesSource(in_tiles(1_000_000, 500)), wishes.get(task, Look()))


async def test_a_strip_of_ten_pixels_is_made_a_pyramid_of_little_more(pool: DecoderPool) -> None:
    made = await pool.make(Task.PYRAMID, BytesSource(png(10, 100_000, bytes(3_100_000))), Pyramid())
    assert (made.source_width, made.source_height) == (10, 100_000)
    assert len(made.data) < 500_000


@pytest.mark.parametrize("name", BOMBS)
async def test_a_bomb_ends_with_a_reason(pool: DecoderPool, name: str) -> None:
    content, reason = BOMBS[name]
    told = await reason_of(pool, BytesSource(content), BOX)
    assert reason in told
    assert not told or told.endswith(".")
    assert (await pool.preview(BytesSource(media.data("rocket.jpg")), BOX)).source_width == 640


@pytest.mark.parametrize("limits", [Limits(seconds=0.5), Limits(drawing_seconds=0)], ids=["wall", "processor"])
async def test_a_drawing_that_takes_too_long_is_given_up(limits: Limits) -> None:
    pool = DecoderPool(processes=1, limits=limits)
    try:
        with pytest.raises(Undecodable, match="takes longer"):
            await pool.preview(BytesSource(nested()), BOX)
        await pool.preview(BytesSource(media.data("rocket.jpg")), BOX)
    finally:
        await pool.aclose()
