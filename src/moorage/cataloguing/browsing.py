"""Browsing: pages of a folder's children, folders first, and names looked up along a path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from moorage.cataloguing.projects import find
from moorage.model.access import Principal, Role
from moorage.model.catalogue import MAX_ID, Folder, FolderId, Item, ItemId, Page, ProjectId
from moorage.model.errors import NotFound
from moorage.model.transaction import Facts, ItemQuery, Transaction

MAX_PAGE: Final = 1000
_FOLDERS: Final = "f"
_ITEMS: Final = "i"


@dataclass(frozen=True, slots=True)
class Children:
    """One page of a folder: folders until they are done, then items.

    ``total`` is the number of direct folders and items, None where a filter leaves it unknown; ``position`` the
    index of the first row among them, where it is known.
    """

    folders: list[Folder] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    next: str | None = None
    position: int | None = None
    total: int | None = 0


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a path: a folder or an item."""

    folder: Folder | None = None
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Browsing:
    """Reading the catalogue."""

    facts: Facts

    async def folder(self, principal: Principal, folder: FolderId) -> tuple[Folder, list[Folder]]:
        """A folder, and its ancestors from the project's root down to it."""

        def read(tx: Transaction) -> tuple[Folder, list[Folder]]:
            found = tx.folders.get(folder)
            principal.need(Role.VIEWER, found.project)
            return found, tx.folders.ancestors(folder)

        return await self.facts.read(read)

    async def item(self, principal: Principal, item: ItemId) -> Item:
        """One item, or a tombstone."""

        def read(tx: Transaction) -> Item:
            found = tx.items.get(item)
            principal.need(Role.VIEWER, found.project)
            return found

        return await self.facts.read(read)

    async def children(
        self,
        principal: Principal,
        folder: FolderId,
        query: ItemQuery,
        *,
        after: str | None = None,
        limit: int = 100,
        at: int | None = None,
    ) -> Children:
        """One keyset page. ``after`` is the ``next`` of an earlier page with the same query."""
        size = max(1, min(limit, MAX_PAGE))

        def read(tx: Transaction) -> Children:
            found = tx.folders.get(folder)
            principal.need(Role.VIEWER, found.project)
            return _page(tx, found, query, after, size, at)

        return await self.facts.read(read)

    async def walk(
        self,
        principal: Principal,
        project: ProjectId,
        query: ItemQuery,
        *,
        folder: FolderId | None = None,
        after: str | None = None,
        limit: int = MAX_PAGE,
    ) -> Page[Item]:
        """Items of a project or of a folder with all below it."""
        principal.need(Role.VIEWER, project)
        size = max(1, min(limit, MAX_PAGE))
        return await self.facts.read(lambda tx: tx.items.walk(project, folder, query, after=after, limit=size))

    async def lookup(self, principal: Principal, project: str, path: str) -> Found:
        """What lies at ``path`` below a project's root, name by name; an item wins over a folder.

        A path that is empty or ends with ``/`` names a folder.
        """

        def read(tx: Transaction) -> Found:
            found = find(tx, principal, project)
            return _lookup(tx, tx.folders.get(found.root), path, project)

        return await self.facts.read(read)


def _page(tx: Transaction, folder: Folder, query: ItemQuery, after: str | None, limit: int, at: int | None) -> Children:
    filtered = bool(query.prefix) or query.kind is not None or query.gone
    total = None if filtered else folder.counts.folders + folder.counts.items
    no_folders = query.kind is not None or query.gone
    where, _, cursor = (after or "").partition(".")
    position = 0 if after is None and at is None else None
    if at is not None:
        at = min(at, MAX_ID)  # no folder holds more
    if at is not None and not no_folders and at < folder.counts.folders:
        at = None  # the folders are few beside a jump: begin at them
        position = 0
    folders: list[Folder] = []
    if where != _ITEMS and at is None and not no_folders:
        listed = tx.folders.children(folder.id, after=cursor or None, limit=limit, prefix=query.prefix)
        folders = listed.rows
        if listed.next is not None:
            return Children(folders, [], f"{_FOLDERS}.{listed.next}", position, total)
        cursor = ""
    room = limit - len(folders)
    if room == 0:
        return Children(folders, [], f"{_ITEMS}.", position, total)
    item_at = None if at is None else max(0, at - (0 if no_folders else folder.counts.folders))
    items = tx.items.page(folder.id, query, after=cursor or None, limit=room, at=item_at)
    if position is None and items.position is not None:
        position = items.position + (0 if no_folders else folder.counts.folders)
    following = None if items.next is None else f"{_ITEMS}.{items.next}"
    return Children(folders, items.rows, following, position, total)


def _lookup(tx: Transaction, folder: Folder, path: str, project: str) -> Found:
    *parents, last = path.removeprefix("/").split("/")
    for name in parents:
        below = tx.folders.child(folder.id, name)
        if below is None:
            raise NotFound(f"{project}/{path} does not exist: there is no folder {name!r}.", "List its parent with ls.")
        folder = below
    if last == "":
        return Found(folder=folder)
    item = tx.items.named(folder.id, last)
    if item is not None:
        return Found(item=item)
    below = tx.folders.child(folder.id, last)
    if below is None:
        raise NotFound(f"{project}/{path} does not exist.", "List its parent with ls.")
    return Found(folder=below)
