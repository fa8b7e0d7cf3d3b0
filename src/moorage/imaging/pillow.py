"""BMP, JPEG 2000 and portable pixmaps, by Pillow, which comes with the extra for HEIC: libvips here has no loader.

Runs in a decoder process only.
"""

from __future__ import annotations

import io
from typing import IO, Any, cast

import pyvips

from moorage.imaging import reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.bounds import need_size
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.samples import image_of

try:
    # Named one by one, since a process without files cannot look for them later.
    from PIL import BmpImagePlugin, Image, Jpeg2KImagePlugin, PpmImagePlugin
except ImportError:  # the extra "heif"
    Image = None  # type: ignore[assignment]
else:
    _FORMATS = [BmpImagePlugin.BmpImageFile.format, Jpeg2KImagePlugin.Jpeg2KImageFile.format]
    _FORMATS.append(PpmImagePlugin.PpmImageFile.format)
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours

_MODES = {"1": "L", "L": "L", "LA": "LA", "RGBA": "RGBA"}
_DEEP = ("I;16", "I;16L", "I;16B", "I")


def image(blocks: Blocks, limits: Limits) -> Any:
    """The image, whole in memory. Raises Unreadable."""
    opened = _opened(blocks)
    width, height = opened.size
    need_size(width, height, limits.most_pixels(limits.whole_pixels), limits)
    try:
        if opened.mode in _DEEP:
            made = pyvips.Image.new_from_memory(opened.convert("I").tobytes(), width, height, 1, "int")
            return made.cast("ushort").copy(interpretation="grey16")
        plain = opened.convert(_MODES.get(opened.mode, "RGB"))
        data = plain.tobytes()
    except (OSError, ValueError, SyntaxError, IndexError) as exc:
        raise Unreadable(reasons.of_vips(str(exc))) from exc
    bands = len(plain.getbands())
    return image_of(data, (width, height), bands, opened.info.get("icc_profile"))


def measure(blocks: Blocks) -> tuple[int, int]:
    """Width and height."""
    width, height = _opened(blocks).size
    return width, height


def _opened(blocks: Blocks) -> Any:
    if Image is None:
        raise Unreadable(reasons.NO_PILLOW)
    blocks.seek(0)
    try:
        # Buffered: the header of a pixmap is read byte by byte, and may be a comment of any length.
        return Image.open(cast("IO[bytes]", io.BufferedReader(blocks)), formats=_FORMATS)
    except (OSError, ValueError, SyntaxError, IndexError, Image.DecompressionBombError) as exc:
        raise Unreadable(reasons.NOT_AN_IMAGE) from exc
