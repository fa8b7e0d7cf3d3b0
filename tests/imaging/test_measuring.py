"""The size of images and videos without a picture: as a preview tells it, by a small part of the bytes."""

from __future__ import annotations

import struct

import pytest

import media
from imaging.sources import BytesSource, named, opened
from moorage.imaging import DecoderPool
from moorage.imaging.headers import size_of
from moorage.model.errors import Undecodable
from moorage.model.variant import Recipe

pytestmark = pytest.mark.asyncio(loop_scope="module")
BOX = Recipe(64, 64)
STILLS = (
    "chelsea.png", "hubble_deep_field.jpg", "strip.tif", "pyramid16.tif", "quarters.heic", "quarters.avif",
    "rgb16.png", "depth.tif", "animated.gif", "animated.webp", "multipage.tif", "orientation-3.jpg",
    "orientation-6.jpg", "progressive.jpg", "interlaced.png",
)  # fmt: skip
FILMS = ("faststart.mp4", "moov-at-end.mp4", "film.mkv", "film.webm", "film.avi", "rotated.mp4")
KIB = 1024


@pytest.mark.parametrize("name", STILLS)
async def test_an_image_is_as_large_as_its_preview_says_and_little_of_it_is_read(pool: DecoderPool, name: str) -> None:
    source = named(name)
    found = await pool.measure(source, video=False)
    shown = await pool.preview(named(name), BOX)
    assert (found.width, found.height, found.duration_ms) == (shown.source_width, shown.source_height, None)
    assert source.read_bytes <= (768 if name.endswith("tif") else 64) * KIB


@pytest.mark.parametrize("name", FILMS)
async def test_a_video_is_as_large_and_long_as_its_poster_says(pool: DecoderPool, name: str) -> None:
    source = named(name)
    found = await pool.measure(source, video=True)
    shown = await pool.poster(named(name), BOX)
    assert (found.width, found.height, found.duration_ms) == (
        shown.source_width, shown.source_height, shown.duration_ms,
    )  # fmt: skip
    assert source.read_bytes <= max(512 * KIB, source.size // 20)


async def test_a_descriptor_tells_the_same(pool: DecoderPool) -> None:
    with opened(media.picture("rocket.jpg")) as source:
        assert await pool.measure(source, video=False) == await pool.measure(named("rocket.jpg"), video=False)
    assert source.read_bytes == 0


@pytest.mark.parametrize("name", ["text.jpg", "empty.jpg", "faststart.mp4"])
async def test_what_is_no_image_has_no_size(pool: DecoderPool, name: str) -> None:
    with pytest.raises(Undecodable):
        await pool.measure(named(name), video=False)


async def test_a_header_that_lies_far_behind_costs_a_bounded_part(pool: DecoderPool) -> None:
    comment = b"\xff\xfe" + struct.pack(">H", 65_535) + bytes(65_533)
    picture = media.data("rocket.jpg")
    source = BytesSource(picture[:2] + 40 * comment + picture[2:])
    with pytest.raises(Undecodable):
        await pool.measure(source, video=False)
    assert source.read_bytes <= 1024 * KIB


@pytest.mark.parametrize(
    ("chunk", "size"),
    [
        (b"VP8L" + bytes(4) + b"\x2f" + ((299 | 199 << 14).to_bytes(4, "little")), (300, 200)),
        (b"VP8 " + bytes(4) + b"\x30\x01\x00\x9d\x01\x2a" + struct.pack("<HH", 300, 200 | 1 << 14), (300, 200)),
        (b"VP8X" + bytes(4) + b"\x10\0\0\0" + (299).to_bytes(3, "little") + (199).to_bytes(3, "little"), (300, 200)),
        (b"VP8X" + bytes(4) + b"\x18\0\0\0" + bytes(6), None),
        (b"VP9 " + bytes(20), None),
    ],
)
async def test_each_kind_of_webp_tells_its_size(chunk: bytes, size: tuple[int, int] | None) -> None:
    assert size_of(b"RIFF" + bytes(4) + b"WEBP" + chunk + bytes(30)) == size
    assert size_of(b"RIFF") is None
