"""When a scan must ask before it calls objects gone, and how it asks."""

from __future__ import annotations

from typing import Final

from moorage.model.jobs import Question
from moorage.model.mirror import Scan

MOST_GONE_PERCENT: Final = 20
FEW_ROWS: Final = 20
ACCEPT: Final = "accept"
AGAIN: Final = "again"
CHOICES: Final = (
    ("show", "Show 20 of them"),
    (ACCEPT, "They are really gone"),
    (AGAIN, "Keep everything and look again"),
)


def must_ask(scan: Scan) -> bool:
    """True when more than 20 % and more than 20 rows would go, or the listing was empty though rows exist."""
    if scan.vanished and not scan.seen and not scan.skipped:
        return True
    return scan.vanished > FEW_ROWS and scan.vanished * 100 > scan.live * MOST_GONE_PERCENT


def question_of(scan: Scan, place: str) -> Question:
    """What the job asks; its figures must still hold when it is answered."""
    live = max(scan.live, scan.vanished)
    return Question(
        text=f"{scan.vanished:,} of {live:,} objects are gone from {place}.",
        figures={"vanished": scan.vanished, "live": live},
        choices=CHOICES,
    )
