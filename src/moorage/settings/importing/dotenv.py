"""A `.env` file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from moorage.model.errors import Invalid
from moorage.settings.importing.lines import Plan
from moorage.settings.sources import variables_in

_NAME: Final = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")


def read_dotenv(plan: Plan, path: Path) -> None:
    """Judge every variable of the file, as ``.env`` in the working directory would be read."""
    values = variables_in(path)
    lines = {
        found[1]: number for number, line in enumerate(text_of(path).splitlines(), 1) if (found := _NAME.match(line))
    }
    for name, line in lines.items():
        if name in values:
            plan.take(path, line, name, values[name])


def text_of(path: Path) -> str:
    """The text of a file that was named. Raises Invalid."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise Invalid(
            f"{path} cannot be read ({type(exc).__name__}). Nothing was written.", "Name another.", field="file"
        ) from exc
