"""Tasks: which function of the decoder process does which of them. Imported in a decoder process only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from moorage.imaging import film, poster, probe, region, sheet, stills, strip, timing
from moorage.imaging.blocks import BLOCK, SMALL, Blocks
from moorage.imaging.limits import Limits
from moorage.model.variant import Rendered, Task, Words

Decode = Callable[[Blocks, Words, Limits], Rendered]
"""Makes of an object what the words wish. Raises Unreadable, and Withheld where bytes were not handed out."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a task is done. ``block``: the bytes that it reads at a time."""

    decode: Decode
    block: int = BLOCK


WAYS: Final[Mapping[Task, Way]] = {
    Task.PREVIEW: Way(stills.preview, SMALL),
    Task.POSTER: Way(poster.poster),
    Task.MEASURE_IMAGE: Way(stills.measure, SMALL),
    Task.MEASURE_VIDEO: Way(probe.measure, SMALL),
    Task.PROBE_VIDEO: Way(probe.probe),
    Task.STRIP: Way(strip.strip),
    Task.LOOK: Way(region.look, SMALL),
    Task.REGION: Way(region.cut, SMALL),
    Task.PYRAMID: Way(region.pyramid),
    Task.FRAMES: Way(timing.timing),
    Task.INDEX: Way(timing.timing),
    Task.FILM: Way(film.film),
    Task.SHEET: Way(sheet.sheet, SMALL),
    Task.MOSAIC: Way(sheet.mosaic),
}
