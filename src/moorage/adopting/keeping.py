"""Keeping adopted objects: each gets the id that it has or a new one, and an item where it has none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from moorage.adopting.outcome import Found, Outcome
from moorage.model.catalogue import Folder, Item, ItemId
from moorage.model.errors import AlreadyExists, Conflict, NotFound
from moorage.model.keys import escape, key_bytes
from moorage.model.links import LinkRow
from moorage.model.store import StoreId
from moorage.model.transaction import ChangedRow, Transaction
from moorage.reading.bases import is_for_the_web
from moorage.uploading.names import kind_and_type, name_of, numbered, path_of


def keep(tx: Transaction, folder: Folder, found: Sequence[Found], outcome: Outcome) -> list[ItemId]:
    """Note ids in ``outcome``; the items that were there and that something changed about."""
    project = folder.project
    keys: defaultdict[StoreId, list[bytes]] = defaultdict(list)
    for one in found:
        keys[one.store.id].append(key_bytes(one.key))
    known = {store: tx.adoptions.known(project, store, some) for store, some in keys.items()}
    shown = {store: tx.adoptions.shown(project, store, some) for store, some in keys.items()}
    changed = []
    for one in found:
        raw, store = key_bytes(one.key), one.store.id
        id_ = known[store].get(raw)
        if id_ is None and (id_ := shown[store].get(raw)) is not None:
            tx.adoptions.keep(project, store, raw, id_)
            changed.append(id_)
        try:
            item = None if id_ is None else _item(tx, id_)
            if item is None:
                outcome.created[one.url] = known[store][raw] = _insert(tx, folder, one, id_)
            else:
                outcome.existing[one.url] = known[store][raw] = item.id
                if _renew(tx, item, one):
                    changed.append(item.id)
        except (AlreadyExists, Conflict) as error:
            outcome.fail(one.url, error)
    return changed


def _item(tx: Transaction, id_: ItemId) -> Item | None:
    try:
        return tx.items.get(id_)
    except NotFound:
        return None


def _renew(tx: Transaction, item: Item, one: Found) -> bool:
    """Bring a known item up to date and back to life; True where that changed it."""
    if (item.store, item.key) != (one.store.id, one.key):
        raise Conflict(f"The id {item.id} stands for another object now. Nothing was adopted.", "Ask an admin.")
    info = one.info
    facts = ChangedRow(
        item.folder, key_bytes(item.name), info.size, info.etag, info.modified_ms, info.generation or item.generation
    )
    if item.gone is not None:
        if tx.items.taken(item.folder, [facts.name]):
            raise AlreadyExists(
                f"It was adopted before as {escape(item.name)!r}, and another item has that name now.",
                "Remove or move that one, then adopt it again: its id stays.",
            )
        tx.items.revive([item.id], [facts])
        return True
    if (item.etag, item.size) == (info.etag, info.size):
        return False
    tx.items.change([facts])
    return True


def _insert(tx: Transaction, folder: Folder, one: Found, id_: ItemId | None) -> ItemId:
    """Insert an item under the first free name; ``id_``: what the object was called before."""
    for name in numbered(name_of(path_of(one.key, web=is_for_the_web(one.store)))):
        kind, media_type = kind_and_type(name, one.info.media_type)
        row = LinkRow(
            folder=folder.id,
            name=key_bytes(name),
            kind=kind,
            size=one.info.size,
            etag=one.info.etag,
            modified_ms=one.info.modified_ms,
            generation=one.info.generation,
            media_type=media_type,
            store=one.store.id,
            key=key_bytes(one.key),
        )
        inserted = tx.adoptions.insert(folder.project, row, id_)
        if inserted is not None:
            return inserted
    raise AlreadyExists("Thousands of items have its name in this folder.", "Adopt it into another folder.")
