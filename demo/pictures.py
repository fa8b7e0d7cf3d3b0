"""Pictures for the demo: photographs of a Debian wallpaper package where it can be had, generated ones otherwise."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import pyvips

from landscapes import landscapes

PACKAGE: Final = "mate-backgrounds"
PHOTOGRAPHS: Final = "nature"
GENERATED: Final = 24
ICON_BYTES: Final = 20_000
_APT: Final = ("-qq", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10")


def pictures(media: Path) -> str:
    """Fill a folder of ``media`` with pictures; a sentence about what they are."""
    lacking = _photographs(media / "photographs")
    if not lacking:
        return f"photographs of the Debian package {PACKAGE}"
    shutil.rmtree(media / "photographs", ignore_errors=True)
    landscapes(media / "generated", GENERATED)
    return f"{GENERATED} generated pictures, because {lacking}"


def large_ones(media: Path) -> list[Path]:
    """The pictures that are worth showing large, in order."""
    return sorted(path for path in media.rglob("*.jpg") if path.stat().st_size > ICON_BYTES)


def _photographs(folder: Path) -> str:
    """Fetch the package and unpack its pictures without installing it; what was lacking, empty when all went well."""
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg-deb")
    if os.geteuid() != 0:
        return "photographs are fetched from a Debian package by root only"
    if apt is None or dpkg is None:
        return "there is no apt-get here to fetch photographs with"
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        download = [apt, *_APT, "download", PACKAGE]
        if not _ran(download, scratch) and not (_ran([apt, *_APT, "update"], scratch) and _ran(download, scratch)):
            return f"apt-get could not fetch the package {PACKAGE}"
        packages = list(scratch.glob("*.deb"))
        if not packages or not _ran([dpkg, "-x", str(packages[0]), "."], scratch):
            return f"the package {PACKAGE} could not be unpacked"
        found = scratch / "usr/share/backgrounds/mate" / PHOTOGRAPHS
        if not found.is_dir():
            return f"the package {PACKAGE} holds no photographs any more"
        shutil.copytree(found, folder, dirs_exist_ok=True)
    return ""


def _ran(command: list[str], cwd: Path) -> bool:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, check=False, timeout=120)  # noqa: S603 - fixed words
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


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
