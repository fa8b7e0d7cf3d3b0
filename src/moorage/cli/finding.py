"""`PROJECT/path`: what lies there, and everything below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moorage.client import Client, Folder, Item


def split(place: str) -> tuple[str, str]:
    """(project, path) of ``PROJECT/path``; a project whose name holds a slash is named by its id."""
    project, _, path = place.partition("/")
    return project, path


def found(client: Client, place: str) -> Folder | Item:
    """What lies at the place. Raises: NotFound."""
    project, path = split(place)
    return client.lookup(project, path)


def below(client: Client, place: str) -> Iterator[tuple[str, Item]]:
    """(place, item) of everything at and below the place, folder by folder."""
    from moorage.client import Item

    top = found(client, place)
    if isinstance(top, Item):
        yield place, top
        return
    waiting = [(place.removesuffix("/"), top)]
    while waiting:
        path, folder = waiting.pop()
        deeper = []
        for child in client.children(folder.id):
            if isinstance(child, Item):
                yield f"{path}/{child.name}", child
            else:
                deeper.append((f"{path}/{child.name}", child))
        waiting += reversed(deeper)
