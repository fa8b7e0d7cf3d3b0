"""What a conversion's work row says: the version that is converted, and the data directory that shall keep it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from moorage.model.video import Made

KINDS: Final = {made: f"video_{made}" for made in Made}
"""Kinds of jobs by what they make."""
MAKE: Final = "make"
MEGABYTE: Final = 1_000_000
"""What progress counts."""
TITLES: Final = {
    Made.REMUX: "Make {} playable",
    Made.TRANSCODE: "Encode {} anew",
    Made.FRAMES: "Count the frames of {}",
}


@dataclass(frozen=True, slots=True)
class Order:
    """One conversion."""

    place: str
    """Names the data directory whose cache it goes to: a worker may have another."""
    version: str

    def written(self) -> bytes:
        """As a work row holds it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def of(cls, raw: bytes | None) -> Order:
        """The inverse of ``written``."""
        return cls(**json.loads(raw or b"{}"))
