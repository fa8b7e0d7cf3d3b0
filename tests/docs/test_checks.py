"""The page about checks has every line that a check can have, and every permission that one can name."""

from __future__ import annotations

import re
from pathlib import Path

from moorage.model.probe import Finding, Permission
from moorage.registering.probing.names import GOOGLE_NAMES, S3_NAMES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "checks.md").read_text("utf-8")


def test_every_line_and_finding_stands_on_the_page() -> None:
    first = " ".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| *"))
    assert {*re.findall(r"\*([a-z ]+)\*", first)} == {*map(str, Permission), *map(str, Finding)}


def test_every_permission_that_a_line_names_stands_on_the_page() -> None:
    named = " ".join([*S3_NAMES.values(), *GOOGLE_NAMES.values()])
    wanted = set(re.findall(r"(?:s3|kms):\w+|storage\.\w+\.\w+", named))
    assert len(wanted) > 15
    assert [one for one in sorted(wanted) if one not in PAGE] == []
