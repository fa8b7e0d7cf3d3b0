"""Calls about projects, folders and items."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Literal

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode, encode
from moorage.client.shapes import Children, Folder, Item, ItemKind, Order, Project, Removed
from moorage.model.keys import ESCAPED, escape, needs_escape


class CatalogueCalls(Calls):
    """Projects, folders and items. A project is named by its id or its name."""

    async def projects(self) -> list[Project]:
        """The projects that you may see, by name."""
        return [decode(Project, row) async for row in self._transport.pages("/projects", "projects")]

    async def project(self, project: str) -> Project:
        """One project. Raises: NotFound."""
        return decode(Project, await self._transport.get(f"/projects/{part(project)}"))

    async def add_project(self, name: str, *, default_store: str | None = None) -> Project:
        """Make an empty project. Raises: AlreadyExists."""
        return decode(Project, await self._transport.post("/projects", given(name=name, default_store=default_store)))

    async def change_project(
        self, project: str, *, name: str | None = None, default_store: str | None = None
    ) -> Project:
        """Change what is given; an empty ``default_store`` takes it away."""
        body = given(name=name, default_store=default_store)
        return decode(Project, await self._transport.patch(f"/projects/{part(project)}", body))

    async def remove_project(self, project: str, *, with_uploads: bool = False) -> None:
        """Take a project out of the catalogue. Raises: InUse while it holds uploaded items.

        ``with_uploads``: with them, whose objects are deleted. No other object is touched.
        """
        await self._transport.delete(f"/projects/{part(project)}", query_of(with_uploads=with_uploads or None))

    async def items(
        self,
        project: str,
        *,
        recursive: bool = True,
        prefix: str | None = None,
        kind: ItemKind | None = None,
        state: Literal["live", "gone"] = "live",
        min_size: int | None = None,
        max_size: int | None = None,
        modified_after: datetime | None = None,
        modified_before: datetime | None = None,
    ) -> AsyncGenerator[Item, None]:
        """All items of a project as one stream; ``prefix`` is that of an item's name, sizes are inclusive."""
        query = query_of(
            recursive=recursive,
            prefix=prefix,
            kind=kind,
            state=state,
            min_size=min_size,
            max_size=max_size,
            modified_after=encode(modified_after),
            modified_before=encode(modified_before),
        )
        async for row in self._transport.lines("GET", f"/projects/{part(project)}/items", query=query):
            yield decode(Item, row)

    async def lookup(self, project: str, path: str = "") -> Folder | Item:
        """What lies at ``path`` below the project's root, each name exactly as it is. Raises: NotFound."""
        odd = needs_escape(path)
        query = query_of(project=project, path=escape(path) if odd else path, key_encoding=ESCAPED if odd else None)
        found = await self._transport.get("/lookup", query)
        return decode(Folder, found["folder"]) if found.get("folder") else decode(Item, found["item"])

    async def folder(self, folder: str) -> Folder:
        """One folder, with its ancestors. Raises: NotFound."""
        return decode(Folder, await self._transport.get(f"/folders/{part(folder)}"))

    async def add_folder(self, parent: str, name: str) -> Folder:
        """Make a plain folder. Raises: AlreadyExists."""
        return decode(Folder, await self._transport.post("/folders", {"parent": parent, "name": name}))

    async def rename_folder(self, folder: str, name: str) -> Folder:
        """Rename a plain folder or the mount of a mirror."""
        return decode(Folder, await self._transport.patch(f"/folders/{part(folder)}", {"name": name}))

    async def remove_folder(self, folder: str, *, with_uploads: bool = False) -> None:
        """Remove an empty plain folder. Raises: InUse, also while its trash holds uploaded items.

        ``with_uploads``: with those, whose objects are deleted.
        """
        await self._transport.delete(f"/folders/{part(folder)}", query_of(with_uploads=with_uploads or None))

    async def children_page(
        self,
        folder: str,
        *,
        after: str | None = None,
        limit: int = 100,
        sort: Order = "name",
        order: Literal["asc", "desc"] = "asc",
        at: int | None = None,
        prefix: str | None = None,
        kind: ItemKind | None = None,
        state: Literal["live", "gone"] = "live",
    ) -> Children:
        """One page of a folder, folders first. ``after`` is the ``next`` of the page before; ``at`` an index."""
        query = query_of(after=after, limit=limit, sort=sort, order=order, at=at, prefix=prefix, kind=kind, state=state)
        return decode(Children, await self._transport.get(f"/folders/{part(folder)}/children", query))

    async def children(
        self,
        folder: str,
        *,
        sort: Order = "name",
        order: Literal["asc", "desc"] = "asc",
        prefix: str | None = None,
        kind: ItemKind | None = None,
        state: Literal["live", "gone"] = "live",
    ) -> AsyncGenerator[Folder | Item, None]:
        """All children of a folder, folders first, asked for page by page."""
        after: str | None = None
        while True:
            page = await self.children_page(
                folder, after=after, limit=1000, sort=sort, order=order, prefix=prefix, kind=kind, state=state
            )
            for folder_below in page.folders:
                yield folder_below
            for item in page.items:
                yield item
            after = page.next
            if after is None:
                return

    async def item(self, item: str) -> Item:
        """One item, or its tombstone. Raises: NotFound."""
        return decode(Item, await self._transport.get(f"/items/{part(item)}"))

    async def remove_item(self, item: str) -> Removed:
        """Put an uploaded item in the trash for 30 days, or hide one of a mirror, whose object stays in its bucket."""
        return decode(Removed, await self._transport.delete(f"/items/{part(item)}"))

    async def restore_item(self, item: str) -> Item:
        """Make a tombstone live again, under its id."""
        return decode(Item, await self._transport.post(f"/items/{part(item)}/restore"))
