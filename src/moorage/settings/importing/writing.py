"""Writes a plan into the data directory: all of it, or, where something else stands there already, nothing."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Final

from moorage.model.errors import Conflict, Invalid
from moorage.settings.importing.lines import Plan
from moorage.settings.remote_links.reading import FILE_NAME as LINKS
from moorage.settings.sources import FILE_NAME as TOML
from moorage.settings.sources import flat

SECRETS: Final = "secrets"


def apply(plan: Plan, data: Path) -> list[Path]:
    """The files that were written, each for its owner alone; what is there already and the same is left.

    Raises Conflict, with all that differs, before anything is written.
    """
    wanted = {Path(SECRETS, name): text + "\n" for name, text in plan.secrets.items()}
    if plan.links:
        wanted[Path(LINKS)] = plan.links
    settings = dict(plan.fields) | {f"{name}_file": f"{SECRETS}/{name}" for name in plan.secrets}
    there = _settings_there(data / TOML)
    differs = [str(data / name) for name, text in wanted.items() if _text(data / name) not in (None, text)]
    differs += [f"{name} in {data / TOML}" for name, value in settings.items() if str(there.get(name, value)) != value]
    if differs:
        raise Conflict(
            f"Something else stands there already: {', '.join(differs)}. Nothing was written.",
            "Remove or change that first, or leave the lines out of the files that you import.",
        )
    added = {name: value for name, value in settings.items() if name not in there}
    if added:
        # At the top: a line after a [table] would belong to it.
        wanted[Path(TOML)] = "".join(f"{name} = {_written(value)}\n" for name, value in added.items()) + (
            _text(data / TOML) or ""
        )
    written = [data / name for name, text in wanted.items() if _text(data / name) != text]
    try:
        for name, text in wanted.items():
            if data / name in written:
                _write(data / name, text)
    except OSError as exc:
        raise Invalid(
            f"{data} cannot be written: {exc.strerror}. What was written before stays.",
            "Run this as the user that runs the server, or give another directory with --data.",
            field="data",
        ) from exc
    return written


def _settings_there(path: Path) -> dict[str, str]:
    text = _text(path)
    try:
        values = flat(tomllib.loads(text or ""))
    except tomllib.TOMLDecodeError as exc:
        raise Invalid(
            f"The settings file {path} cannot be read: {exc}. Nothing was written.", "Correct it.", field=str(path)
        ) from exc
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise Invalid(
            f"{path} cannot be read ({type(exc).__name__}). Nothing was written.",
            "Let this user read it.",
            field="data",
        ) from exc


def _written(value: str) -> str:
    if value in {"true", "false"} or (value.isdecimal() and value.isascii() and str(int(value)) == value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
