"""Lines of the files that are taken over, and what becomes of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from moorage.model.errors import Invalid
from moorage.settings.fields import Settings, names
from moorage.settings.kinds import facts_of
from moorage.settings.showing import HIDDEN
from moorage.settings.sources import Names
from moorage.settings.storages import found_prefix

_COMPOSE: Final = ("COMPOSE_", "DOCKER_")


class Verdict(StrEnum):
    """What becomes of a line."""

    USED = "used"
    """It means the same here."""
    RENAMED = "renamed"
    """It means something here under another name or at another place."""
    IGNORED = "ignored"
    """It has no meaning here, or cannot be taken."""
    UNKNOWN = "unknown"
    """Nothing here is called so."""


@dataclass(slots=True)
class Line:
    """One line. ``value`` is shown to people: secrets are hidden, and so is all that is not known to be none."""

    file: str
    line: int
    name: str
    verdict: Verdict
    reason: str = ""
    becomes: str = ""
    value: str = HIDDEN
    faulty: bool = False
    """It was meant for us and cannot be taken."""


@dataclass(slots=True)
class Plan:
    """What shall be written, and why."""

    lines: list[Line] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict, repr=False)
    """Settings that hold no secret."""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    links: str = field(default="", repr=False)
    """The text of remote_links.yml."""
    entries: set[str] = field(default_factory=set)
    mounts: dict[str, Path] = field(default_factory=dict)
    """Files and folders of this machine by their place in the container."""
    by_field: dict[str, Line] = field(default_factory=dict)
    """The line that counts for each setting."""

    @property
    def faulty(self) -> bool:
        """Whether a line that was meant for us cannot be taken."""
        return any(line.faulty for line in self.lines)

    def take(self, file: Path, line: int, name: str, value: str) -> None:
        """Judge a variable."""
        known = _known(name)
        one = Line(str(file), line, name, Verdict.USED)
        self.lines.append(one)
        if known is None:
            _unknown(one, name)
        elif known.field in {"data", "config"}:
            self._beside(one, known.field, value)
        elif not value:
            one.verdict, one.value, one.reason = Verdict.IGNORED, "", "It is empty."
        elif fault := _fault(known.field, value):
            one.verdict, one.reason, one.faulty = Verdict.IGNORED, f"It does not fit: {fault}.", True
        else:
            self._keep(one, known, value)

    def _beside(self, one: Line, field: str, value: str) -> None:
        """Another installation's directory is not ours; but its one pair of buckets is where uploads went."""
        one.verdict, one.value = Verdict.IGNORED, value
        one.reason = "The data directory is named by --data, MOORAGE_DATA or DATA_PATH."
        prefix = found_prefix(Path(value) / "storage") if field == "data" and value else ""
        if prefix and not self.fields.get("storage_prefix"):
            self.fields["storage_prefix"] = prefix
            one.verdict, one.becomes = Verdict.RENAMED, f'storage_prefix = "{prefix}" in moorage.toml'
            one.reason = f"Its uploads lie in {prefix}-public. {one.reason}"

    def _keep(self, one: Line, known: Names, value: str) -> None:
        before = self.by_field.get(known.field)
        if before is not None:
            before.verdict, before.becomes = Verdict.IGNORED, ""
            before.reason = f"It is given again in {one.file}, line {one.line}, which counts."
        self.by_field[known.field] = one
        self.fields.pop(known.field, None)
        self.secrets.pop(known.field, None)
        if known.secret:
            self.secrets[known.field] = value
            one.becomes = f"secrets/{known.field}, named by {known.field}_file in moorage.toml"
        else:
            self.fields[known.field] = value
            one.value, one.becomes = value, f"{known.field} in moorage.toml"
        if facts_of(Settings.model_fields[known.field]).later:
            one.reason = "Kept; nothing reads it yet."


def _known(name: str) -> Names | None:
    return next((one for one in names() if name in one.variables), None)


def _unknown(one: Line, name: str) -> None:
    one.verdict, one.reason = Verdict.UNKNOWN, "No setting here has that name."
    if name.startswith(_COMPOSE):
        one.verdict, one.reason = Verdict.IGNORED, "It belongs to docker compose."


def _fault(name: str, value: str) -> str:
    """Why the value does not fit; empty: it does. The value is not repeated."""
    if value.startswith("<") and value.endswith(">"):
        return "a placeholder was left in"
    try:
        Settings.model_validate({"data": "/", name: value})
    except ValidationError as exc:
        return exc.errors(include_input=False, include_url=False)[0]["msg"].removeprefix("Value error, ")
    except Invalid as exc:
        return exc.message
    return ""
