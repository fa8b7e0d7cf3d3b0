"""A remote_links.yml: its entries, and folders that were mounted beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from moorage.settings.importing.dotenv import text_of
from moorage.settings.importing.lines import Line, Plan, Verdict
from moorage.settings.remote_links import connection_of, entries_of
from moorage.settings.remote_links.faults import Spot
from moorage.settings.showing import connection_line

_KEY_FILE: Final = re.compile(r"(?m)^(\s*credentials_path\s*:\s*)(['\"]?)([^<'\"\s#][^'\"\s#]*)\2")


def add_links(plan: Plan, path: Path) -> None:
    """Take over the entries of the file. Raises Invalid, which names file, line, entry and field."""
    if plan.links:
        raise Spot(str(path)).fault("A second file of links was named. Nothing was written.", "Name one of them.")
    text = text_of(path)
    folder = path.parent.absolute()

    def moved(found: re.Match[str]) -> str:
        """The file goes to another folder: a relative path would mean another file there."""
        place = plan.mounts.get(found[3]) or folder / Path(found[3]).expanduser()
        return found[0] if str(place) == found[3] else f"{found[1]}'{place}'"

    text = _KEY_FILE.sub(moved, text)
    for entry in entries_of(text, str(path)):
        connection, _ = connection_of(entry, folder)
        plan.lines.append(
            Line(
                str(path),
                entry.spot.lines[0],
                entry.name,
                Verdict.USED,
                becomes="remote_links.yml in the data directory",
                value=connection_line(connection).value,
            )
        )
        plan.entries.add(entry.name)
    plan.links = text


def add_folder(plan: Plan, name: str, root: Path) -> None:
    """An entry for a folder that ``fs://name/`` shall mean."""
    if name not in plan.entries:
        begin = f"{plan.links.rstrip()}\n\n" if plan.links else ""
        quoted = str(root).replace("'", "''")
        plan.links = f"{begin}{name}:\n  provider: fs\n  root: '{quoted}'\n"
        plan.entries.add(name)
