"""Windows: which of the values that an image stores are shown black and white, with all between in proportion.

Runs in a decoder process only.
"""

from __future__ import annotations

import math
from typing import Any, Final

from moorage.imaging import finishing
from moorage.model.variant import Fit, Recipe

_COLOURS: Final = 3
_MOST_BANDS: Final = 4
_WHITE: Final = 255.0
_DEEP: Final = 65_536
_NARROW: Final = _DEEP // 4
"""Grey values of 16 bits that lie in less than a quarter of the range were measured by 14 bits or fewer."""
_OUTLIERS: Final = 0.1
"""Percent of the pixels at either end that a window leaves out: dead and hot ones."""


def applies(image: Any, recipe: Recipe) -> bool:
    """True for values of an instrument, which may need a window, and where one was asked for."""
    if recipe.window is not None or image.bands > _MOST_BANDS:
        return True
    return image.format != "uchar" and not (image.format == "ushort" and image.hasalpha())


def shown(image: Any, recipe: Recipe) -> Any:
    """The image in its box through its window; the first three bands of many, or the first."""
    bands = _COLOURS if image.bands >= _COLOURS else 1
    small = _small(image, recipe).copy_memory()
    chosen = small.extract_band(0, n=bands)
    window = recipe.window or automatic(chosen)
    if window is None:
        return finishing.shrunk(small, recipe)
    low, high = window
    factor = _WHITE / (high - low)
    seen = chosen.linear(factor, -low * factor, uchar=True).copy(interpretation="srgb" if bands > 1 else "b-w")
    if seen.get_typeof("icc-profile-data"):  # it speaks of the stored values, not of these
        seen = seen.copy()
        seen.remove("icc-profile-data")
    return finishing.shrunk(seen, recipe)


def automatic(image: Any) -> tuple[float, float] | None:
    """From the least to the greatest value; None for 16 bits that are in use as those of a photograph are."""
    if image.format == "uchar":
        return None
    if image.format != "ushort":
        low, high = image.min(), image.max()
        return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else (low, low + 1)
    if image.bands > 1:  # black stays black, so that colours stay what they are
        high = max(image.extract_band(band).percent(100 - _OUTLIERS) for band in range(image.bands))
        return (0, high) if 0 < high < _NARROW else None
    low, high = image.percent(_OUTLIERS), image.percent(100 - _OUTLIERS)
    return (low, high) if 0 < high - low < _NARROW else None


def _small(image: Any, recipe: Recipe) -> Any:
    width, height = finishing.upright_size(image)
    shares = (recipe.width / width, recipe.height / height)
    return image.resize(min(1.0, max(shares) if recipe.fit is Fit.COVER else min(shares)))
