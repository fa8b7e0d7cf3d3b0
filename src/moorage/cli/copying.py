"""`moorage cp`: files into the catalogue, and items and objects out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.downloading import Downloading
from moorage.cli.options import Json, Url
from moorage.cli.places import Catalogued, Here, Place, Places, here
from moorage.cli.session import connected
from moorage.cli.taken import Taken
from moorage.cli.tally import Shown, Tally
from moorage.cli.transfers import Transfer, carry
from moorage.cli.uploading import Uploading
from moorage.model.errors import Invalid
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import Client

Sources = Annotated[
    list[str],
    typer.Argument(metavar="SOURCE...", help="Files here, PROJECT/PATH, STORE:KEY or addresses.", show_default=False),
]
Destination = Annotated[
    str, typer.Argument(metavar="DESTINATION", help="PROJECT/FOLDER/, or a folder or file here.", show_default=False)
]


def cp(
    sources: Sources,
    destination: Destination,
    *,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Folders, with all that is in them.")] = False,
    if_exists: Annotated[
        str | None,
        typer.Option(help="Where a name is taken: refuse, replace, both or skip; a terminal is asked."),
    ] = None,
    json: Json = False,
    url: Url = None,
) -> None:
    """Copy files into a folder of a project, or items and objects to files here.

    PROJECT/PATH, STORE:KEY and addresses such as s3://bucket/key lie on the
    server; a file here is one that is there, or a word that begins with ./ or /.
    A last part that is missing is the new name; with a slash at its end it is
    made as a folder.
    """
    taken, tally = Taken(if_exists), Tally(as_json=json)
    with connected(url) as client:
        plan = _plan(client, sources, destination, taken, tally, recursive=recursive)
        with Shown(tally) as shown:
            taken.quiet = shown.quiet
            carry(client, plan, tally, shown)
    raise typer.Exit(tally.conclude())


def _plan(
    client: Client, words: Sequence[str], last: str, taken: Taken, tally: Tally, *, recursive: bool
) -> Iterator[Transfer]:
    places = Places(client)
    sources, ends = [places.readings(word) for word in words], places.readings(last)
    up = [[one for one in found if isinstance(one, Here)] for found in sources]
    down = [[one for one in found if not isinstance(one, Here)] for found in sources]
    into = [one for one in ends if isinstance(one, Catalogued)]
    to = next((one for one in ends if isinstance(one, Here)), None) or (None if ends else here(last))
    goes_up, goes_down = all(up) and bool(into), all(down) and to is not None
    if goes_up and goes_down and ends:
        raise places.unclear(last, ends)
    if goes_up:
        return Uploading(client, taken, tally, recursive=recursive).plan([found[0] for found in up], into[0])
    if goes_down and to is not None:
        for word, found in zip(words, down, strict=True):
            if len(found) > 1:
                raise places.unclear(word, found)
        return Downloading(client, taken, tally, recursive=recursive).plan([found[0] for found in down], to)
    for word, readings in zip([*words, last], [*sources, ends], strict=True):
        if not readings:
            raise places.nowhere(word)
    raise _no_copy(sources, ends, last)


def _no_copy(sources: Sequence[Sequence[Place]], ends: Sequence[Place], last: str) -> Invalid:
    here_too = [any(isinstance(one, Here) for one in found) for found in sources]
    if any(here_too) and not all(here_too):
        return Invalid(
            "Some of these lie here and some on the server. Nothing was copied.",
            "Copy up and down one after the other.",
        )
    if not any(here_too):
        return Invalid(
            f"All of these lie on the server, {escape(last)} too. Nothing was copied.",
            "Copy to a file or folder here, such as ./, and from there.",
        )
    if any(isinstance(one, Here) for one in ends):
        return Invalid(
            f"All of these are files here, {escape(last)} too. Nothing was copied.",
            "Files here are copied by cp itself; to put them into a project, write PROJECT/FOLDER/ at the end.",
        )
    return Invalid(
        f"{escape(last)} is a store, and files go into projects. Nothing was copied.",
        "Write PROJECT/FOLDER/ at the end; a folder of a writable store's mirror puts them into that store.",
    )
