"""Pictures for the demo: photographs of a Debian wallpaper package where it can be had, generated ones otherwise."""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from pathlib import Path

import pyvips

PACKAGE = "mate-backgrounds"
PHOTOGRAPHS = "nature"


def photographs(folder: Path) -> str:
    """Fill ``folder`` with photographs; returns a sentence about where they come from."""
    with tempfile.TemporaryDirectory() as scratch:
        found = _unpacked(Path(scratch))
        if found is None:
            _generate(folder / "generated")
            return "Generated pictures: the photographs of the package mate-backgrounds could not be had."
        shutil.copytree(found / PHOTOGRAPHS, folder / "photographs", dirs_exist_ok=True)
    return f"Photographs of the Debian package {PACKAGE}."


def _unpacked(scratch: Path) -> Path | None:
    """The package's pictures, downloaded and unpacked without being installed."""
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if apt is None or dpkg is None:
        return None
    download = [apt, "-qq", "-o", "APT::Sandbox::User=root", "download", PACKAGE]
    if not _ran(download, scratch) and not (_ran([apt, "-qq", "update"], scratch) and _ran(download, scratch)):
        return None
    packages = list(scratch.glob("*.deb"))
    if not packages or not _ran([dpkg, "-x", str(packages[0]), "."], scratch):
        return None
    return scratch / "usr/share/backgrounds/mate"


def _ran(command: list[str], cwd: Path) -> bool:
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False, timeout=180)  # noqa: S603 - fixed words
    return done.returncode == 0


def _generate(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(24):
        noise = pyvips.Image.perlin(1600, 1067, cell_size=120 + 14 * number, seed=number)
        turn = math.radians(number * 15)
        bands = [noise * math.cos(turn + shift) * 90 + 128 for shift in (0.0, 2.1, 4.2)]
        image = bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb")
        image.jpegsave(str(folder / f"pattern_{number:02}.jpg"), Q=85)


def oddities(folder: Path, photograph: Path) -> None:
    """Cases that other viewers get wrong: orientation, CMYK, 16 bit, animation, a torn file, an empty one."""
    folder.mkdir(parents=True, exist_ok=True)
    small = pyvips.Image.thumbnail(str(photograph), 1200).copy_memory()
    turned = small.rot270().copy()
    turned.set_type(pyvips.GValue.gint_type, "orientation", 6)
    turned.jpegsave(str(folder / "rotated by its EXIF.jpg"), Q=85)
    small.icc_export(output_profile="cmyk").jpegsave(str(folder / "CMYK.jpg"), Q=85)
    (small.cast("ushort") * 257).copy(interpretation="rgb16").tiffsave(
        str(folder / "16 bit, tiled pyramid.tif"), tile=True, pyramid=True, compression="deflate"
    )
    frames = [small.thumbnail_image(320).rot(angle) for angle in ("d0", "d180")]
    animated = pyvips.Image.arrayjoin(frames, across=1).copy()
    animated.set_type(pyvips.GValue.gint_type, "page-height", frames[0].height)
    animated.gifsave(str(folder / "animated.gif"))
    whole = small.jpegsave_buffer(Q=85)
    (folder / "torn in the middle.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "Ünïcödé 100% #1?.png").write_bytes(small.thumbnail_image(400).pngsave_buffer())
    (folder / "readme.txt").write_text("Not a picture: shown by its name, downloaded as it is.\n")
