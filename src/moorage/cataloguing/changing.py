"""Changes that people make to folders and items. No object is touched here; those of uploads may become loose."""

from __future__ import annotations

from dataclasses import dataclass

from moorage.model.access import Principal, Role
from moorage.model.catalogue import Folder, FolderId, Gone, Item, ItemId
from moorage.model.errors import Conflict, Invalid
from moorage.model.keys import Key, escape, key_bytes
from moorage.model.transaction import ChangedRow, Facts, Transaction


@dataclass(frozen=True, slots=True)
class Changing:
    """The verbs on folders and items."""

    facts: Facts

    async def add_folder(self, principal: Principal, parent: FolderId, name: Key) -> Folder:
        """A plain folder below ``parent``, which must not be part of a mirror."""
        return await self.facts.write(lambda tx: add_folder(tx, principal, parent, name))

    async def rename_folder(self, principal: Principal, folder: FolderId, name: Key) -> Folder:
        """Rename a plain folder or a mirror's mount; folders inside a mirror are named by their keys."""
        _sound_folder(name)

        def write(tx: Transaction) -> Folder:
            before = tx.folders.get(folder)
            principal.need(Role.EDITOR, before.project)
            if before.parent is None:
                raise Conflict("The root of a project has no name of its own.", "Rename the project.")
            if before.mirror is not None and before.tree != before.id:
                raise _mirrored(before)
            renamed = tx.folders.rename(folder, name)
            tx.audit.add(principal, "folder.rename", f"folder {folder}", before=escape(before.name), name=escape(name))
            return renamed

        return await self.facts.write(write)

    async def remove_folder(self, principal: Principal, folder: FolderId, *, with_uploads: bool = False) -> None:
        """Remove an empty plain folder; ``with_uploads``: with the uploaded items that lie in its trash."""

        def write(tx: Transaction) -> None:
            before = _plain(tx, principal, folder)
            if before.parent is None:
                raise Conflict("The root of a project stays as long as the project.", "Remove the project.")
            tx.folders.remove(folder, with_uploads=with_uploads)
            detail = {"name": escape(before.name), "with_uploads": with_uploads}
            tx.audit.add(principal, "folder.remove", f"folder {folder}", **detail)

        await self.facts.write(write)

    async def remove_item(self, principal: Principal, item: ItemId) -> Item:
        """Put an uploaded item in the trash, hide a mirrored one, which re-index leaves hidden, or forget a link.

        The object of a mirrored item or a link stays.
        """

        def write(tx: Transaction) -> Item:
            before = tx.items.get(item)
            principal.need(Role.EDITOR, before.project)
            if before.gone is None and before.linked and tx.folders.get(before.folder).mirror is None:
                tx.items.remove([item])
                tx.audit.add(principal, "item.remove", f"item {item}", name=escape(before.name), link=True)
                return before
            if before.gone is None:
                tx.items.bury([item], Gone.HIDDEN if before.linked else Gone.TRASHED)
                tx.audit.add(principal, "item.remove", f"item {item}", name=escape(before.name))
            return tx.items.get(item)

        return await self.facts.write(write)

    async def restore_item(self, principal: Principal, item: ItemId) -> Item:
        """Make a tombstone live again under its old id."""

        def write(tx: Transaction) -> Item:
            before = tx.items.get(item)
            principal.need(Role.EDITOR, before.project)
            if before.gone is not None:
                if tx.items.taken(before.folder, [key_bytes(before.name)]):
                    raise Conflict(
                        f"Another item has taken the name {escape(before.name)!r} meanwhile. Nothing was changed.",
                        "Remove that one first, or download what you need of it; then restore this one.",
                    )
                facts = ChangedRow(
                    before.folder,
                    key_bytes(before.name),
                    before.size,
                    before.etag,
                    before.modified_ms,
                    before.generation,
                )
                tx.items.revive([item], [facts])
                tx.audit.add(principal, "item.restore", f"item {item}", name=escape(before.name))
            return tx.items.get(item)

        return await self.facts.write(write)


def add_folder(tx: Transaction, principal: Principal, parent: FolderId, name: Key) -> Folder:
    """A plain folder below ``parent``, inside a transaction."""
    _sound_folder(name)
    above = _plain(tx, principal, parent)
    added = tx.folders.add(parent, name)
    tx.audit.add(principal, "folder.add", f"folder {added.id}", name=escape(name), project=above.project)
    return added


def _plain(tx: Transaction, principal: Principal, folder: FolderId) -> Folder:
    found = tx.folders.get(folder)
    principal.need(Role.EDITOR, found.project)
    if found.mirror is not None:
        raise _mirrored(found)
    return found


def _mirrored(folder: Folder) -> Conflict:
    return Conflict(
        f"The folder {escape(folder.name)!r} shows a bucket as it is; its folders are named by their keys. "
        "Nothing was changed.",
        "Change the objects in the bucket and re-index, or use a folder outside the mirror.",
    )


def _sound_folder(name: Key) -> None:
    if not name or "/" in name or name in (".", "..") or "\0" in name:
        raise Invalid(f"{escape(name)!r} cannot be a folder's name.", "Use any characters but '/'.", field="name")
