"""Every picture and video of the tests, by name: real photographs of scikit-image, the rest made here.

``picture("cmyk.jpg")`` is a file, made when it is first asked for and kept until the process ends;
``data("cmyk.jpg")`` its bytes. ``NAMES`` lists them all.
"""

from __future__ import annotations

import atexit
import io
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import pillow_heif
import pyvips
import skimage
from PIL import Image

import moving

PHOTOGRAPHS: Final = (
    "astronaut.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "hubble_deep_field.jpg",
    "motorcycle_left.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
"""Real photographs, offline in the wheel of scikit-image."""
_SAMPLES: Final = Path(skimage.__file__).parent / "data"
ORANGE: Final = (220, 120, 40)
"""The sRGB colour of the patches in ``p3.png`` and ``transparent.png``."""
UMBER: Final = (150, 110, 80)
"""That of ``cmyk.jpg``: a colour that printing inks reach."""
P3_OF_ORANGE: Final = (207, 125, 60)
"""The same colour in Display P3, by the matrices of CSS Color 4, section 10.9."""
_QUARTERS: Final = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (240, 240, 30))
_ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Left, top and steps of the passes of an interlaced PNG."""
_ORIENTATION: Final = 0x0112
_GPS: Final = 0x8825


@cache
def folder() -> Path:
    """The folder of this process; removed when it ends."""
    made = Path(tempfile.mkdtemp(prefix="moorage-media-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def picture(name: str) -> Path:
    """The file of that name. Raises KeyError for one that is not among ``NAMES``."""
    if name in PHOTOGRAPHS:
        return _SAMPLES / name
    place = folder() / name
    if not place.exists():
        _MAKERS[name](place)
    return place


@cache
def data(name: str) -> bytes:
    """The bytes of ``picture(name)``."""
    return picture(name).read_bytes()


def quarters(width: int = 320, height: int = 240) -> Image.Image:
    """Red, green, blue and yellow quarters: a picture whose every turning and mirroring looks different."""
    made = Image.new("RGB", (width, height))
    for place, colour in enumerate(_QUARTERS):
        left, top = (place % 2) * width // 2, (place // 2) * height // 2
        made.paste(colour, (left, top, left + width // 2, top + height // 2))
    return made


def _photograph() -> Any:
    return pyvips.Image.new_from_file(str(_SAMPLES / "retina.jpg"))


def _strip(place: Path) -> None:
    _photograph().tiffsave(str(place), compression="lzw")


def _pyramid(place: Path) -> None:
    """16 bits a channel, tiled, with all smaller levels, as slide scanners and survey cameras write it."""
    large = _photograph().resize(2).cast("ushort") * 257
    large.cast("ushort").copy(interpretation="rgb16").tiffsave(
        str(place), compression="deflate", level=1, tile=True, pyramid=True, tile_width=256, tile_height=256
    )


def _heic(place: Path) -> None:
    pillow_heif.from_pillow(quarters()).save(place, quality=90)


def _avif(place: Path) -> None:
    quarters().save(place, "AVIF", quality=80)


def _cmyk(place: Path) -> None:
    patch = pyvips.Image.black(200, 100, bands=3).linear(1, list(UMBER), uchar=True).copy(interpretation="srgb")
    patch.icc_transform("cmyk", input_profile="srgb", depth=8).jpegsave(str(place), Q=95)


def _p3(place: Path) -> None:
    patch = pyvips.Image.black(200, 100, bands=3).linear(1, list(P3_OF_ORANGE), uchar=True).copy(interpretation="srgb")
    patch.set_type(pyvips.GValue.blob_type, "icc-profile-data", pyvips.Operation.call("profile_load", "p3"))
    patch.pngsave(str(place))


def _rgb16(place: Path) -> None:
    deep = _photograph().cast("ushort") * 257
    deep.cast("ushort").copy(interpretation="rgb16").pngsave(str(place), bitdepth=16)


def _grey16(place: Path) -> None:
    ramp = (pyvips.Image.identity(ushort=True).resize(1 / 64, vscale=64)).cast("ushort")
    ramp.copy(interpretation="grey16").pngsave(str(place), bitdepth=16)


def _depth(place: Path) -> None:
    """Floating-point depths between -4,000 and -10, as bathymetry has them."""
    ramp = pyvips.Image.identity().cast("float").linear(3990 / 255, -4000).resize(1, vscale=64)
    ramp.cast("float").tiffsave(str(place))


def _transparent(place: Path) -> None:
    half = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    half.paste((*ORANGE, 255), (50, 0, 100, 100))
    half.save(place)


def _animated(place: Path) -> None:
    first, second = Image.new("RGB", (120, 80), "red"), Image.new("RGB", (120, 80), "blue")
    first.save(place, save_all=True, append_images=[second, first], duration=100, loop=0)


def _multipage(place: Path) -> None:
    first, second = Image.new("RGB", (120, 80), "red"), Image.new("RGB", (60, 200), "blue")
    first.save(place, save_all=True, append_images=[second])


def _oriented(orientation: int) -> Callable[[Path], None]:
    """The quarters, stored turned so that ``orientation`` of the Exif tag makes them upright again."""
    undo = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip

    def make(place: Path) -> None:
        stored = quarters() if undo is None else quarters().transpose(undo)
        exif = Image.Exif()
        exif[_ORIENTATION] = orientation
        stored.save(place, exif=exif, quality=92)

    return make


def _with_place(place: Path) -> None:
    """A photograph that carries where it was taken, a serial number and an XMP packet."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif.get_ifd(_GPS).update({1: "N", 2: (54.0, 5.0, 12.0), 3: "E", 4: (12.0, 8.0, 1.0)})
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP</x:xmpmeta>"
    with Image.open(_SAMPLES / "rocket.jpg") as photograph:
        photograph.save(place, exif=exif, xmp=xmp, comment=b"SECRET-COMMENT", icc_profile=_srgb_profile())


def _srgb_profile() -> bytes:
    return bytes(pyvips.Operation.call("profile_load", "srgb"))


def _progressive(place: Path) -> None:
    quarters(1200, 900).save(place, progressive=True)


def _interlaced(place: Path) -> None:
    _photograph().pngsave(str(place), interlace=True)


def _truncated(name: str, share: float) -> Callable[[Path], None]:
    def make(place: Path) -> None:
        whole = data(name)
        place.write_bytes(whole[: int(len(whole) * share)])

    return make


def _written(content: bytes) -> Callable[[Path], None]:
    def make(place: Path) -> None:
        place.write_bytes(content)

    return make


def _bomb(place: Path) -> None:
    """40,000 x 40,000 black pixels in 200 KB of PNG: 1,600 million."""
    place.write_bytes(black_png(40_000, 40_000))


def black_png(width: int, height: int, *, interlaced: bool = False) -> bytes:
    """A black PNG of one bit a pixel, whole and valid; an interlaced one has to be in memory as a whole."""
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    press, body = zlib.compressobj(1), io.BytesIO()
    for left, top, across, down in passes:
        columns, rows = (width - left + across - 1) // across, (height - top + down - 1) // down
        many = bytes(((columns + 7) // 8 + 1) * rows)
        for start in range(0, len(many), 1 << 20):
            body.write(press.compress(many[start : start + (1 << 20)]))
    body.write(press.flush())
    head = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, int(interlaced))
    chunks = ((b"IHDR", head), (b"IDAT", body.getvalue()), (b"IEND", b""))
    parts = (struct.pack("!I", len(c)) + n + c + struct.pack("!I", zlib.crc32(n + c)) for n, c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _one_strip(place: Path) -> None:
    """A TIFF of 30,000 x 30,000 grey pixels in a single strip, which a decoder has to hold as a whole."""
    width = height = 30_000
    strip = zlib.compress(bytes(1024))
    tags = (
        (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 8), (262, 3, 1), (273, 4, 8), (277, 3, 1),
        (278, 4, height), (279, 4, len(strip)),
    )  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    start = 8 + len(strip) + len(strip) % 2
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    place.write_bytes(struct.pack("<2sHI", b"II", 42, start) + strip.ljust(start - 8, b"\0") + directory)


_MAKERS: Final[dict[str, Callable[[Path], None]]] = {
    "strip.tif": _strip,
    "pyramid16.tif": _pyramid,
    "quarters.heic": _heic,
    "quarters.avif": _avif,
    "cmyk.jpg": _cmyk,
    "p3.png": _p3,
    "rgb16.png": _rgb16,
    "grey16.png": _grey16,
    "depth.tif": _depth,
    "transparent.png": _transparent,
    "animated.gif": _animated,
    "animated.webp": _animated,
    "multipage.tif": _multipage,
    **{f"orientation-{number}.jpg": _oriented(number) for number in range(1, 9)},
    "with-place.jpg": _with_place,
    "progressive.jpg": _progressive,
    "interlaced.png": _interlaced,
    "truncated.jpg": _truncated("retina.jpg", 0.6),
    "truncated.png": _truncated("astronaut.png", 0.6),
    "truncated.mp4": _truncated("moov-at-end.mp4", 0.6),
    "bomb.png": _bomb,
    "one-strip.tif": _one_strip,
    "text.jpg": _written(b"This is a list of ships, not a photograph.\n" * 40),
    "empty.jpg": _written(b""),
    "drawing.svg": _written(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>'),
    "faststart.mp4": lambda place: moving.film(place, "libx264", movflags="faststart"),
    "moov-at-end.mp4": lambda place: moving.moved(place, data("faststart.mp4")),
    "film.mkv": lambda place: moving.moved(place, data("faststart.mp4")),
    "film.webm": lambda place: moving.film(place, "libvpx", seconds=1),
    "film.avi": lambda place: moving.film(place, "mpeg4"),
    "rotated.mp4": lambda place: moving.turned(place, data("faststart.mp4")),
    "sound.mp4": moving.sound,
}
NAMES: Final = (*PHOTOGRAPHS, *_MAKERS)
