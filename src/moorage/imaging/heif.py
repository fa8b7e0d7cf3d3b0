"""HEIC images, by pi_heif where it is installed. Runs in a decoder process only."""

from __future__ import annotations

from typing import Any

from moorage.imaging import reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.bounds import need_size
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.samples import image_of

try:
    import pi_heif
except ImportError:  # the extra "heif"
    pi_heif = None


def image(blocks: Blocks, limits: Limits) -> Any:
    """The primary image, upright (the decoder turns it), with its colour profile. Raises Unreadable."""
    if pi_heif is None:
        raise Unreadable(reasons.NO_HEIC)
    if blocks.size > limits.whole_bytes:
        raise Unreadable(reasons.TOO_MUCH_MEMORY)
    blocks.seek(0)
    try:
        opened = pi_heif.open_heif(blocks.read())
        width, height = opened.size
        need_size(width, height, limits.most_pixels(limits.whole_pixels), limits)
        # A copy: the decoder frees its own memory with ``opened``, whoever still looks at it.
        data, (width, height) = bytes(opened.data), opened.size
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError, IndexError) as exc:
        raise Unreadable(reasons.of_vips(str(exc))) from exc
    bands = len(opened.mode.split(";")[0])
    return image_of(data, (width, height), bands, opened.info.get("icc_profile"))
