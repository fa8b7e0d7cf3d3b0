"""What `config show` prints, and the reference page of all settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from moorage.model.store import Connection
from moorage.settings.fields import Settings, names
from moorage.settings.kinds import facts_of
from moorage.settings.units import duration_text, size_text

HIDDEN: Final = "(hidden)"
_INTRODUCTION: Final = """# Settings

A value is taken from the first of these that has it: a flag of the command, the environment, the file `.env` in the
working directory, the file `moorage.toml`, the default. `moorage config show` prints the values in force and where each
comes from. In `moorage.toml` a setting has its name without `MOORAGE_`, in lower case; `[cache] previews_size` is the
same as `cache_previews_size`.

- An empty variable counts as not set. A variable `MOORAGE_…` that is not in this table is an error.
- A secret may stand in a file that the same name with `_FILE` at its end points to, in `moorage.toml` with `_file`.
- Two names of one setting with different values are an error.
- Sizes are written as by nginx: `512m`, `10g`. Times too: `30s`, `15m`, `12h`, `7d`, `1h 30m`.

| setting | default | unit | what it does |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of `config show`. ``used`` is False while nothing reads the setting."""

    name: str
    value: str
    origin: str
    used: bool
    sentence: str


def shown(settings: Settings) -> list[Shown]:
    """Every setting with the value in force, secrets hidden, in the order of the reference page."""
    result = []
    for name in names():
        info = Settings.model_fields[name.field]
        value = _value(getattr(settings, name.field), info)
        sentence = info.description or ""
        result.append(
            Shown(name.field, value, settings.origins[name.field], used=not facts_of(info).later, sentence=sentence)
        )
    return result


def connection_line(connection: Connection) -> Shown:
    """A declared connection as one line, without its credentials."""
    words = [connection.provider.value, connection.endpoint or connection.root, connection.region]
    opened = connection.open_buckets
    if not connection.root:
        words.append("buckets: " + (", ".join(opened) if opened else "all"))
    words.append(f"credentials: {connection.credentials.kind}")
    return Shown(
        f"connection {connection.name}",
        "; ".join(filter(None, words)),
        connection.origin,
        used=True,
        sentence="A connection that is declared outside of the catalogue.",
    )


def reference() -> str:
    """The page docs/reference/settings.md."""
    return _INTRODUCTION + "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for name in names():
        info = Settings.model_fields[name.field]
        own, *aliases = name.variables
        called = f"`{own}`" + (f" or `{own}_FILE`" if name.secret else "")
        called += "".join(f"<br>also `{alias}`" for alias in aliases)
        default = _value(info.default, info)
        sentence = (info.description or "") + (" *Not used yet.*" if facts_of(info).later else "")
        yield f"| {called} | {f'`{default}`' if default else '-'} | {facts_of(info).unit} | {sentence} |"


def _value(value: object, info: FieldInfo) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return _url_without_password(value.get_secret_value()) if facts_of(info).unit == "URL" else HIDDEN
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, int) and facts_of(info).unit == "size":
        return size_text(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def _url_without_password(url: str) -> str:
    """The URL as it is but for the password, and the query, where drivers take passwords too."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    shown_user = f"{name}{colon}{HIDDEN * bool(colon)}@" if user else ""
    return f"{parts.scheme}://{shown_user}{host}{parts.path}" + (f"?{HIDDEN}" if parts.query else "")
