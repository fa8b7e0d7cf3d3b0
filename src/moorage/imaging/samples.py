"""Samples: what decoders other than libvips hand over, as an image of its own. Runs in a decoder process only."""

from __future__ import annotations

from typing import Any

import pyvips


def image_of(data: bytes, size: tuple[int, int], bands: int, profile: bytes | None) -> Any:
    """The image of 8-bit samples, row by row, with its colour profile where it has one."""
    made = pyvips.Image.new_from_memory(data, *size, bands, "uchar")
    made = made.copy(interpretation="srgb" if bands > 2 else "b-w")  # noqa: PLR2004 - two bands are grey and alpha
    if profile:
        made.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return made
