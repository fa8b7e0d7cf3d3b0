"""`moorage ls`, `cat`, `stat`, `rm`: the catalogue as PROJECT/path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from moorage.cli.finding import found
from moorage.cli.options import Json, Url
from moorage.cli.printing import put_fields, put_json, put_rows, say
from moorage.cli.session import connected
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.client import Folder, Item
    from moorage.client.shapes import ItemKind, Order

Place = Annotated[str, typer.Argument(metavar="PROJECT/PATH", help="A folder or item: project, slash, path.")]
Kind = Annotated[str | None, typer.Option(help="Only image, video or file.")]
Size = Annotated[str | None, typer.Option(help="Such as 512k or 10m, inclusive.")]


def ls(
    place: Annotated[str | None, typer.Argument(metavar="[PROJECT/PATH]", help="Default: all projects.")] = None,
    *,
    sort: Annotated[str, typer.Option(help="name, modified or size.")] = "name",
    reverse: Annotated[bool, typer.Option("--reverse", help="The last one first.")] = False,
    kind: Kind = None,
    gone: Annotated[bool, typer.Option("--gone", help="Tombstones in place of what is there.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """List a folder: folders first, then items."""
    from moorage.client import Item

    if place is None:
        from moorage.cli.projects import ls as list_projects

        list_projects(json=json, url=url)
        return
    with connected(url) as client:
        top = found(client, place)
        rows = (
            [top]
            if isinstance(top, Item)
            else client.children(
                top.id,
                sort=order_of(sort),
                order="desc" if reverse else "asc",
                kind=kind_of(kind),
                state="gone" if gone else "live",
            )
        )
        put_rows(rows, COLUMNS, as_json=json)


def cat(
    place: Place,
    *,
    range_: Annotated[str | None, typer.Option("--range", help="START-END in bytes, both inclusive.")] = None,
    url: Url = None,
) -> None:
    """Write an item's bytes to stdout."""
    from moorage.client import Item

    start, end = bytes_of(range_)
    with connected(url) as client:
        item = found(client, place)
        if not isinstance(item, Item):
            raise Invalid(f"{place} is a folder.", f"List it: moorage ls {place}", field="place")
        for chunk in client.content(item.id, start=start, end=end):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def stat(place: Place, *, json: Json = False, url: Url = None) -> None:
    """Show what is known about a folder or item."""
    from moorage.client import Item

    with connected(url) as client:
        row = found(client, place)
    if json:
        put_json(row)
    elif isinstance(row, Item):
        put_fields(_facts_of_item(row))
    else:
        put_fields(
            [
                ("folder", row.id),
                ("name", row.name),
                ("items", row.counts.items),
                ("folders", row.counts.folders),
                ("items below", row.counts.subtree_items),
                ("bytes below", row.counts.subtree_bytes),
                ("mirror", row.mirror),
            ]
        )


def rm(
    place: Place,
    *,
    with_uploads: Annotated[
        bool, typer.Option("--with-uploads", help="A folder: with the uploaded items in its trash, for good.")
    ] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Hide an item, put an uploaded one in the trash, or remove an empty folder. Other objects stay."""
    from moorage.client import Item

    with connected(url) as client:
        row = found(client, place)
        if isinstance(row, Item):
            removed = client.remove_item(row.id)
            if json:
                put_json(removed)
            elif removed.state == "removed":
                say(f"The link {place} is gone; its object stays at {row.address}.")
            elif removed.kept_object:
                say(f"{place} is {removed.state}; its object stays at {row.address}.")
            else:
                say(f"{place} is in the trash; it is deleted after 30 days.")
            return
        client.remove_folder(row.id, with_uploads=with_uploads)
    if json:
        put_json({"id": row.id, "removed": True})
    else:
        say(f"{place} is gone.")


def _facts_of_item(item: Item) -> list[tuple[str, object]]:
    return [
        ("item", item.id),
        ("name", item.name),
        ("kind", item.kind),
        ("address", item.address),
        ("store", item.store),
        ("size", item.size),
        ("media type", item.media_type or None),
        ("modified", item.modified),
        ("etag", item.etag or None),
        ("pixels", f"{item.width} x {item.height}" if item.width and item.height else None),
        ("seconds", item.duration),
        ("state", item.state),
        ("gone", item.gone),
    ]


def _name_of(row: Folder | Item) -> str:
    return row.name if hasattr(row, "size") else f"{row.name}/"


COLUMNS: Final[list[tuple[str, Callable[[Any], object]]]] = [
    ("name", _name_of),
    ("id", lambda row: row.id),
    ("kind", lambda row: getattr(row, "kind", "folder")),
    ("size", lambda row: getattr(row, "size", None)),
    ("modified", lambda row: getattr(row, "modified", None)),
]


def bytes_of(word: str | None) -> tuple[int, int | None]:
    """(start, exclusive end) of ``START-END``, whose end is inclusive or left out. Raises: Invalid."""
    if word is None:
        return 0, None
    start, dash, end = word.partition("-")
    if not dash or not start.isdecimal() or (end and not end.isdecimal()):
        raise Invalid(f"{word} is no range.", "Write START-END, such as 0-1023 or 1024-.", field="range")
    return int(start), int(end) + 1 if end else None


def size_of(word: str | None, field: str) -> int | None:
    """Bytes of a size. Raises: Invalid."""
    from moorage.settings.units import size

    if word is None:
        return None
    try:
        count = size(word)
    except ValueError as exc:
        raise Invalid(f"{word} is no size.", f"To fix it, {exc}.", field=field) from exc
    assert isinstance(count, int)
    return count


def kind_of(word: str | None) -> ItemKind | None:
    """The kind that the word names. Raises: Invalid."""
    match word:
        case None | "image" | "video" | "file":
            return word
    raise Invalid(f"{word} is no kind of item.", "Write image, video or file.", field="kind")


def order_of(word: str) -> Order:
    """The order that the word names. Raises: Invalid."""
    match word:
        case "name" | "modified" | "size":
            return word
    raise Invalid(f"{word} is no order.", "Write name, modified or size.", field="sort")
