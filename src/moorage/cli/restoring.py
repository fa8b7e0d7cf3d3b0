"""`moorage restore`: an item that was hidden, put in the trash or vanished, brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.finding import split
from moorage.cli.options import Json, Url
from moorage.cli.printing import put_json, say, text
from moorage.cli.session import connected
from moorage.model.errors import Invalid, NotFound
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import Client, Item


def restore(
    place: Annotated[
        str | None, typer.Argument(metavar="[PROJECT/PATH]", help="Where the item was: project, slash, path.")
    ] = None,
    *,
    item: Annotated[str | None, typer.Option("--id", help="The item's id, in place of its path.")] = None,
    json: Json = False,
    url: Url = None,
) -> None:
    """Bring a removed item back, under its old id.

    `moorage ls FOLDER --gone` lists what can be.
    """
    if (place is None) == (item is None):
        raise Invalid("Name the item by its path, or by --id.", "One of them, not both.", field="place")
    with connected(url) as client:
        back = client.restore_item(item if item is not None else _tombstone(client, place or "").id)
    if json:
        put_json(back)
    else:
        say(f"{escape(place) if place else f'Item {back.id}, {escape(back.name)},'} is back.")


def _tombstone(client: Client, place: str) -> Item:
    """The item that was removed from that place; of several the newest, told. Raises: NotFound."""
    from moorage.client import Folder, Item

    project, path = split(place)
    above, _, name = path.rpartition("/")
    folder = client.lookup(project, f"{above}/" if above else "")
    assert isinstance(folder, Folder)
    gone = [
        row
        for row in client.children(folder.id, prefix=name, state="gone")
        if isinstance(row, Item) and row.name == name
    ]
    if not gone:
        raise NotFound(
            f"Nothing called {escape(name)} was removed from {escape(f'{project}/{above}')}. Nothing was changed.",
            f"List what was: moorage ls {escape(f'{project}/{above}')} --gone",
        )
    newest = max(gone, key=lambda row: (row.gone is not None, row.gone, int(row.id)))
    if len(gone) > 1:
        say(f"{len(gone)} of that name were removed; this is the last one, of {text(newest.gone)}, item {newest.id}.")
    return newest
