"""`moorage mirror add`: from an address to a folder with one's own pictures, in one command."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from moorage.cli.exits import Exit
from moorage.cli.options import (
    AccessKey,
    Account,
    Ca,
    Endpoint,
    ExternalId,
    Globs,
    Json,
    KeysFile,
    PathStyle,
    Port,
    Public,
    Region,
    SecretStdin,
    StoreRole,
    Url,
)
from moorage.cli.places import is_here
from moorage.cli.printing import Told, put_fields, put_json, say, text
from moorage.cli.secrets import Given, credentials_of
from moorage.cli.session import connected, settings_of
from moorage.cli.stores import pem
from moorage.cli.watching import follow, going_on
from moorage.model.credentials import Anonymous
from moorage.model.errors import MoorageError, NotFound, ProbeFailed
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import AnyCredentials, Client
    from moorage.client.shapes import StartedMirror, Suggestion

_LOCAL = ("localhost", "127.0.0.1", "::1")


def add(
    address: Annotated[
        str,
        typer.Argument(
            help="A directory of the server, s3://bucket/prefix, https://host/bucket/prefix, azure://container/prefix, "
            "google://bucket/prefix, or a store."
        ),
    ],
    *,
    project: Annotated[str, typer.Option(help="The project, by name or id; made when missing.")] = "",
    name: Annotated[str, typer.Option(help="What a new store is called.")] = "",
    folder: Annotated[str, typer.Option(help="The folder below the project's root; default: after the address.")] = "",
    endpoint: Endpoint = "",
    port: Port = None,
    region: Region = "",
    path_style: PathStyle = None,
    ca: Ca = None,
    anonymous: Public = False,
    access_key: AccessKey = None,
    account: Account = None,
    secret_stdin: SecretStdin = False,
    credentials: KeysFile = None,
    role: StoreRole = None,
    external_id: ExternalId = None,
    writable: Annotated[bool, typer.Option("--writable", help="Moorage may write to a new store; else never.")] = False,
    include: Globs = [],  # noqa: B006 - typer reads it, nobody changes it
    exclude: Globs = [],  # noqa: B006
    on_vanished: Annotated[str, typer.Option(help="What becomes of items that vanish: hide, remove, keep.")] = "hide",
    force: Annotated[bool, typer.Option("--force", help="Show it though its check fails.")] = False,
    wait: Annotated[
        bool | None, typer.Option("--wait/--no-wait", help="Show the first index until it ends; a terminal does.")
    ] = None,
    prefix: Annotated[str, typer.Option(hidden=True)] = "",
    create_project: Annotated[bool, typer.Option("--create-project", hidden=True)] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Show what lies in a directory or bucket as a folder of a project; what is missing is made.

    A terminal is asked for keys and project. No secret is an argument: it comes
    by prompt, --secret-stdin, --credentials FILE or MOORAGE_STORE_* variables.
    """
    del create_project  # a project is made when missing
    given = Given(
        anonymous=anonymous,
        access_key=access_key,
        account=account,
        secret_stdin=secret_stdin,
        file=credentials,
        role=role,
        external_id=external_id,
    )
    with connected(url) as client:
        place = _place_of(client, address)
        at = f"{endpoint}:{port}" if endpoint and port and urlsplit(endpoint).port is None else endpoint
        try:
            known = client.suggest_mirror(place, endpoint=at, region=region)
            if known.mirror is not None and not project:
                _tell_shown(client, known, as_json=json)
                return
            keys = _keys(known, given)
            called = project or _asked_project(known)
            if prefix:
                started = client.add_mirror(
                    place,
                    called or known.project,
                    create_project=True,
                    prefix=prefix,
                    folder=folder,
                    include=include,
                    exclude=exclude,
                    on_vanished=on_vanished,
                )
            else:
                started = client.add_mirror(
                    project=called,
                    address=place,
                    store_name=name,
                    endpoint=endpoint,
                    port=port,
                    region=region,
                    path_style=path_style,
                    ca=pem(ca),
                    credentials=keys,
                    writable=writable,
                    force=force,
                    folder=folder,
                    include=include,
                    exclude=exclude,
                    on_vanished=on_vanished,
                )
        except (NotFound, ProbeFailed) as error:
            _say_whose_directory(client, place, error)
            raise
        raise typer.Exit(_tell(client, started, wait=wait if wait is not None else sys.stdout.isatty(), as_json=json))


def _place_of(client: Client, word: str) -> str:
    """The address as the server takes it: a path of this machine is made whole, a store's name stays."""
    if "://" in word:
        return word
    if is_here(word):
        return _whole(word)
    name, colon, _ = word.partition(":")
    here = Path(word).is_dir()
    store = next((one for one in client.stores() if one.name == name), None)
    if store is not None:
        if here and store.root != _whole(word):
            say(f"{escape(word)} is the store of that name. For the directory here, write ./{escape(word)}")
        return word
    if here or ("/" in word and not colon):
        return _whole(word)
    raise NotFound(
        f"There is no store {escape(name)}, and no directory {escape(word)} here. Nothing was made.",
        "Write a path such as /data/photos, a bucket as s3://bucket/prefix, or a store of `moorage store ls`.",
    )


def _whole(word: str) -> str:
    return os.path.abspath(Path(word).expanduser())  # noqa: PTH100 - resolve would follow links, which have names too


def _keys(known: Suggestion, given: Given) -> AnyCredentials:
    """The credentials of a new bucket; for all else those that were given."""
    if not known.needs_credentials and not given.anything:
        return Anonymous()
    return credentials_of(settings_of(), given, known.provider or "s3")


def _asked_project(known: Suggestion) -> str:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    return str(typer.prompt("Project", default=known.project or None, err=True)).strip()


def _say_whose_directory(client: Client, place: str, error: MoorageError) -> None:
    """Add to an error that a directory is looked for on the server's machine, where that is another one."""
    host = urlsplit(client.url).hostname
    if place.startswith("/") and host not in _LOCAL:
        error.advice = f"{error.advice} The directory is looked for on the server's machine, {host}, not here.".strip()


def _tell_shown(client: Client, known: Suggestion, *, as_json: bool) -> None:
    assert known.mirror is not None
    mirror = client.mirror(known.mirror)
    say("This is shown already; nothing was made.")
    if as_json:
        put_json(mirror)
        return
    put_fields(
        [
            ("mirror", mirror.id),
            ("folder", mirror.folder),
            ("project", mirror.project_name),
            ("store", mirror.store),
            ("page", f"{client.url}/folders/{mirror.folder}"),
        ]
    )
    say(f"Compare it with its place now: moorage mirror reindex {mirror.id}")
    say("Show it in another project too: add --project NAME")


def _tell(client: Client, started: StartedMirror, *, wait: bool, as_json: bool) -> Exit:
    if as_json:
        put_json(started)
    else:
        made = {"store": f"the store {started.store}", "project": f"the project {started.project_name}"}
        if started.made:
            say(f"Made {' and '.join(text(made.get(one, one)) for one in started.made)}.")
        fields = [
            ("mirror", started.id),
            ("job", started.job),
            ("folder", started.folder),
            ("project", started.project_name),
            ("store", started.store),
            ("page", f"{client.url}/folders/{started.folder}"),
        ]
        with going_on(started.job):
            put_fields(fields)
    if started.note:
        say(text(Told(started.note)))
    code = follow(client, started.job, as_json=as_json) if wait else Exit.OK
    if not as_json:
        mirror = client.mirror(started.id)
        if not wait:
            say(f"The first index runs. Watch it: moorage job watch {started.job}")
        say(f"See it: moorage ls {text(shlex.quote(f'{mirror.project_name}/{mirror.path}/'))}")
    return code
