"""Where the credentials of a store come from: a file, stdin, settings, a prompt; never an argument."""

from __future__ import annotations

import configparser
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from moorage.model.credentials import Anonymous, Credentials, Keys
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.settings import Settings

_AWS: Final = {
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "aws_session_token": "session_token",
}


def credentials_of(
    settings: Settings, *, anonymous: bool, access_key: str | None, secret_stdin: bool, file: Path | None
) -> Credentials:
    """The keys to register, from the first of: anonymous, a file, stdin, settings, prompts on a terminal.

    An empty access key at the prompt means a public bucket. Raises: Invalid where none of them has both keys.
    """
    if anonymous:
        return Anonymous()
    if file is not None:
        return _of_file(file)
    name = access_key or _secret(settings, "store_access_key")
    if secret_stdin:
        if not name:
            raise Invalid("--secret-stdin needs the access key too.", "Add --access-key.", field="access_key")
        return Keys(name, _line())
    secret = _secret(settings, "store_secret_key")
    if name and secret:
        return Keys(name, secret, _secret(settings, "store_session_token"))
    if not sys.stdin.isatty():
        raise Invalid(
            "No credentials were given for the bucket. Nothing was made.",
            "Give --anonymous, --credentials FILE, --access-key with --secret-stdin, or the variables "
            "MOORAGE_STORE_ACCESS_KEY and MOORAGE_STORE_SECRET_KEY.",
            field="credentials",
        )
    name = name or typer.prompt("Access key (empty: a public bucket)", default="", show_default=False, err=True).strip()
    if not name:
        return Anonymous()
    return Keys(name, typer.prompt("Secret key", hide_input=True, err=True))


def _secret(settings: Settings, field: str) -> str:
    value = getattr(settings, field)
    return value.get_secret_value() if value is not None else ""


def _line() -> str:
    secret = sys.stdin.readline().strip()
    if not secret:
        raise Invalid("stdin holds no secret.", "Pipe the secret key into the command.", field="secret_stdin")
    return secret


def _of_file(path: Path) -> Keys:
    """Keys of a JSON object, or of the first section of an AWS credentials file."""
    try:
        written = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise Invalid(f"{path} cannot be read ({type(exc).__name__}).", "Name another.", field="credentials") from exc
    found = _json(written) if written.lstrip().startswith("{") else _ini(written)
    fields = {_AWS.get(name.lower(), name.lower()): value for name, value in found.items()}
    if not fields.get("access_key") or not fields.get("secret_key"):
        raise Invalid(
            f"{path} holds no access_key and secret_key.",
            'Write {"access_key": "...", "secret_key": "..."}, or an AWS credentials file.',
            field="credentials",
        )
    return Keys(fields["access_key"], fields["secret_key"], fields.get("session_token", ""))


def _json(written: str) -> Mapping[str, str]:
    try:
        found = json.loads(written)
    except ValueError:
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _ini(written: str) -> Mapping[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(written)
    except configparser.Error:
        return {}
    section = next(iter(parser.sections()), "DEFAULT")
    return dict(parser[section])
