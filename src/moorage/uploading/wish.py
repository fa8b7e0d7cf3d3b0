"""What somebody wants to upload, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from enum import StrEnum

from moorage.model.access import Principal
from moorage.model.catalogue import FolderId, Item
from moorage.model.errors import MoorageError, StoreUnreachable
from moorage.model.keys import Key, escape, key_bytes
from moorage.model.objects import ObjectInfo
from moorage.model.store import ANYWAY, Condition, ObjectStore, Store
from moorage.model.transaction import Transaction, UploadedRow
from moorage.uploading.names import kind_and_type


class IfExists(StrEnum):
    """What becomes of an upload whose name an item of the folder has already."""

    REFUSE = "refuse"
    REPLACE = "replace"
    """The item keeps its id and gets the new bytes."""
    BOTH = "both"
    """The new one is called ``name (2).jpg``, or by the next free number."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One upload. ``length`` None: not known; ``media_type`` as the sender tells it, or empty."""

    principal: Principal
    folder: FolderId
    name: Key
    body: AsyncIterable[bytes]
    if_exists: IfExists = IfExists.REFUSE
    length: int | None = None
    media_type: str = ""

    async def put(self, store: Store, adapter: ObjectStore, key: Key, condition: Condition = ANYWAY) -> ObjectInfo:
        """Write the body to ``key``; what is raised says that nothing was stored."""
        told = kind_and_type(self.name, self.media_type)[1] or ""
        try:
            return await adapter.put(key, self.body, length=self.length, media_type=told, condition=condition)
        except StoreUnreachable as error:
            raise _told(error, store) from error

    def row(self, info: ObjectInfo, name: Key, store: Store | None = None) -> UploadedRow:
        """The row of what was written; ``store`` where Moorage owns it."""
        kind, media_type = kind_and_type(name, self.media_type)
        return UploadedRow(
            folder=self.folder,
            name=key_bytes(name),
            kind=kind,
            size=info.size,
            etag=info.etag,
            modified_ms=info.modified_ms,
            generation=info.generation,
            media_type=media_type,
            store=None if store is None else store.id,
            key=None if store is None else key_bytes(info.key),
        )

    def note(self, tx: Transaction, item: Item, store: Store, *, replaced: bool) -> None:
        """Write the audit row."""
        tx.audit.add(
            self.principal,
            "item.upload",
            f"item {item.id}",
            name=escape(item.name),
            project=item.project,
            folder=item.folder,
            store=store.name,
            size=item.size,
            replaced=replaced,
        )


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The item. ``replaced``: it was there before, with other bytes."""

    item: Item
    replaced: bool


def _told(error: StoreUnreachable, store: Store) -> MoorageError:
    """A full disk in the words of somebody who uploads; anything else as the store says it."""
    if error.cause != "disk_full":
        return error
    return StoreUnreachable(
        f"No space is left where uploads go: {store.connection.root}. Nothing was stored.",
        "Free some space there, or have the uploads go to another store; then send it again.",
        store=store.name,
        bucket=store.bucket,
        cause=error.cause,
    )
