"""Where values come from: flag, environment, .env, moorage.toml; the first that has a field wins."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic_settings import BaseSettings, DotEnvSettingsSource

from moorage.model.errors import Invalid

PREFIX: Final = "MOORAGE_"
FILE_NAME: Final = "moorage.toml"


@dataclass(frozen=True, slots=True)
class Names:
    """How one field is called: its own variable first, then the guides' names for it."""

    field: str
    aliases: tuple[str, ...] = ()
    secret: bool = False
    path: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """All variables that set the field, the own one first."""
        return (PREFIX + self.field.upper(), *self.aliases)


@dataclass(slots=True)
class Found:
    """The raw values that were found, and for each field the place that it came from."""

    values: dict[str, object] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    file: Path | None = None

    def add(self, values: Mapping[str, tuple[object, str]]) -> None:
        """Take what no earlier source has given."""
        for name, (value, origin) in values.items():
            if name not in self.values:
                self.values[name] = value
                self.origins[name] = origin


def gather(
    fields: Iterable[Names],
    *,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    cwd: Path,
    default_data: Path,
    dotenv: bool = True,
) -> Found:
    """All values by field, each from the first source that has it. An empty variable counts as not set.

    Raises: Invalid for an unknown key, names of one field that disagree, and files that cannot be read.
    """
    names = tuple(fields)
    found = Found()
    found.add({name: (value, "flag") for name, value in flags.items() if value is not None})
    found.add(_variables(names, found, environ=environ, dotenv=variables_in(cwd / ".env") if dotenv else {}))
    _resolve(names, found, cwd)
    data = found.values.get("data", default_data)
    found.file = _file(found.values.get("config"), cwd, Path(str(data)))
    if found.file is not None:
        from_file = Found()
        from_file.add(_toml(names, found.file))
        _resolve(names, from_file, found.file.parent)
        _same_data(from_file, found.file, default_data=Path(str(data)), cwd=cwd)
        found.add({name: (value, from_file.origins[name]) for name, value in from_file.values.items()})
    return found


def variables_in(path: Path) -> dict[str, str]:
    """The variables of a ``.env`` file; none where it is not there."""
    if not path.is_file():
        return {}
    read = DotEnvSettingsSource(BaseSettings, env_file=path, case_sensitive=True)
    return {name: value for name, value in read.env_vars.items() if value is not None}


def _variables(
    names: tuple[Names, ...], found: Found, *, environ: Mapping[str, str], dotenv: Mapping[str, str]
) -> dict[str, tuple[object, str]]:
    merged = {name: (value, f".env ({name})") for name, value in dotenv.items()}
    merged |= {name: (value, f"environment ({name})") for name, value in environ.items()}
    merged = {name: pair for name, pair in merged.items() if pair[0] != ""}
    _refuse_unknown(
        [name for name in merged if name.startswith(PREFIX)],
        known=[v for n in names for v in (*n.variables, *(f"{n.variables[0]}_FILE",) * n.secret)],
    )
    result: dict[str, tuple[object, str]] = {}
    for name in names:
        if name.field in found.values:
            continue
        candidates = _candidates(name, merged)
        if len({value for _, value, _ in candidates}) > 1:
            raise Invalid(
                f"{' and '.join(variable for variable, _, _ in candidates)} mean the same setting, but differ.",
                "Set only one of them.",
                field=candidates[0][0],
            )
        if candidates:
            _, value, origin = candidates[0]
            result[name.field] = (value, origin)
    return result


def _candidates(name: Names, merged: Mapping[str, tuple[str, str]]) -> list[tuple[str, str, str]]:
    """(variable, value, origin) for each variable of the field that is set, read from its file where it names one."""
    result = [(variable, *merged[variable]) for variable in name.variables if variable in merged]
    if name.secret:
        for variable in (f"{variable}_FILE" for variable in name.variables):
            if variable in merged:
                path, origin = merged[variable]
                result.append((variable, _secret(variable, Path(path)), origin))
    return result


def _secret(variable: str, path: Path) -> str:
    try:
        text = path.expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Invalid(
            f"{variable} names {path}, which cannot be read ({type(exc).__name__}).",
            "Create the file, let this user read it, or unset the variable.",
            field=variable,
        ) from exc
    if not text:
        raise Invalid(f"{variable} names {path}, which is empty.", "Write the secret into it.", field=variable)
    return text


def _file(config: object, cwd: Path, data: Path) -> Path | None:
    if config is not None:
        path = Path(str(config))
        if not path.is_file():
            raise Invalid(f"There is no settings file {path}.", "Name an existing file.", field=f"{PREFIX}CONFIG")
        return path
    return next((path for path in (cwd / FILE_NAME, data / FILE_NAME) if path.is_file()), None)


def _toml(names: tuple[Names, ...], path: Path) -> dict[str, tuple[object, str]]:
    try:
        given = flat(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        reason = str(exc) if isinstance(exc, tomllib.TOMLDecodeError) else type(exc).__name__
        raise Invalid(f"The settings file {path} cannot be read: {reason}.", "Correct it.", field=str(path)) from exc
    files = {f"{name.field}_file": name.field for name in names if name.secret}
    known = [*(name.field for name in names if name.field != "config"), *files]
    _refuse_unknown(list(given), known=known, place=f" in {path}")
    result = {name: (value, f"{path} ({name})") for name, value in given.items() if name not in files}
    for name, field_ in files.items():
        if name in given and field_ in given:
            raise Invalid(f"{name} and {field_} in {path} mean the same setting.", "Keep one of them.", field=field_)
        if name in given:
            secret = _secret(f"{name} in {path}", path.parent / Path(str(given[name])).expanduser())
            result[field_] = (secret, f"{path} ({name})")
    return result


def flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """``[cache] previews_size`` is ``cache_previews_size``."""
    result: dict[str, object] = {}
    for name, value in table.items():
        result |= flat(value, f"{prefix}{name}_") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return result


def _resolve(names: tuple[Names, ...], found: Found, base: Path) -> None:
    """Make paths absolute: those of a file from its folder, all others from the working directory."""
    for name in names:
        if name.path and name.field in found.values:
            found.values[name.field] = base / Path(str(found.values[name.field])).expanduser()


def _same_data(from_file: Found, file: Path, *, default_data: Path, cwd: Path) -> None:
    """A settings file inside the data directory may not point to another one: two answers to one question."""
    data = from_file.values.get("data")
    if data is not None and file.parent == default_data != cwd and data != default_data:
        raise Invalid(
            f"{file} was found in the data directory, but names another one.",
            f"Remove 'data' from it, or set {PREFIX}DATA.",
            field="data",
        )


def _refuse_unknown(names: list[str], *, known: list[str], place: str = "") -> None:
    unknown = sorted(set(names) - set(known))
    if not unknown:
        return
    near = difflib.get_close_matches(unknown[0], known, n=1)
    what = ", ".join(unknown)
    raise Invalid(
        f"{what}{place} is no setting of Moorage.",
        f"Did you mean {near[0]}?" if near else "`moorage config show` lists all settings.",
        field=unknown[0],
    )
