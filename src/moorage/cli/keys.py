"""`moorage secrets`: the key that seals credentials, changed or lost."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.options import Data, Json
from moorage.cli.printing import put, put_json, say
from moorage.cli.session import server_part, settings_of
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.settings import Settings
    from moorage.wiring import Reset, Rotated

app = typer.Typer(help="The key that seals credentials.", no_args_is_help=True)
_ELSEWHERE = "Every process on this PostgreSQL needs the key: copy {} to their data directories."
_URLS_END = "Signed URLs made with the old key no longer work."


@app.command("reset")
def reset(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Begin a new key when the old one is lost, while no server runs.

    Forgets credentials only; lists the stores to fill in again.
    """
    wiring = server_part("moorage.wiring")
    settings = settings_of(data=data)
    _confirm(yes=yes)
    done: Reset = asyncio.run(wiring.reset_secrets(settings))
    if done.key_file is not None:
        say(f"A new key lies in {done.key_file}. Keep a copy of it. {_URLS_END}")
        if settings.database_url is not None:
            say(_ELSEWHERE.format(done.key_file))
    if done.kept is not None:
        say(f"The file that lay there is kept as {done.kept}.")
    if done.stores:
        say("Credentials of these stores were forgotten. Fill them in with moorage store change:")
    else:
        say("No store had credentials; nothing else was changed.")
    if json:
        put_json({"stores": done.stores, "key_file": str(done.key_file) if done.key_file else None})
        return
    for name in done.stores:
        put(name)


@app.command("rotate")
def rotate(*, data: Data = None, json: Json = False) -> None:
    """Seal all credentials with a new key and drop the old one. If it is interrupted, run it again.

    A server that runs on the data directory does it itself, and serves on.
    """
    settings = settings_of(data=data)
    key_file = _rotated(settings)
    if json:
        put_json({"key_file": key_file})
    if key_file is None:
        say("All is sealed with the first key of MOORAGE_SECRET_KEY. Leave the others out now; when they are gone,")
        say("signed URLs made with them no longer work.")
        return
    say(f"All is sealed with a new key, in {key_file}. Keep a copy of it. {_URLS_END}")
    if settings.database_url is not None:
        say(_ELSEWHERE.format(key_file))


def _rotated(settings: Settings) -> str | None:
    """The file of the new key, made by the server that runs, else here; None: the keys come from a setting."""
    from moorage.client import Client
    from moorage.wiring.directory import directory_of

    served = directory_of(settings).served()
    if served is not None:
        with Client(served.local, served.bearer) as client:
            return client.rotate_secrets().key_file
    done: Rotated = asyncio.run(server_part("moorage.wiring").rotate_keys(settings))
    return str(done.key_file) if done.key_file else None


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Invalid("This forgets the credentials of stores. Nothing was done.", "To do it, add --yes.", field="yes")
    typer.confirm("Forget the credentials of all stores and begin a new key?", abort=True, err=True)
