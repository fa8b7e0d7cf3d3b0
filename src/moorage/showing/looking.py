"""Looking at a place before it is shown: whether it answers, and what to say where nothing lies there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from difflib import SequenceMatcher
from typing import Final

from moorage.model.address import address_in
from moorage.model.errors import Invalid, MoorageError, StoreDenied
from moorage.model.keys import Prefix, escape
from moorage.model.store import ObjectStore, Provider, Store, StoreOpener

_NEIGHBOURS: Final = 3
_LOOKED_AT: Final = 200
_NO_NEED: Final = "Nothing was made."


@asynccontextmanager
async def looking(open_store: StoreOpener, store: Store) -> AsyncIterator[ObjectStore]:
    """An adapter of the store; its errors say that nothing was made."""
    opened = open_store(store)
    try:
        yield opened
    except MoorageError as error:
        if _NO_NEED not in error.message:
            error.message = f"{error.message} {_NO_NEED}"
        raise
    finally:
        await opened.aclose()


async def listable(opened: ObjectStore) -> bool:
    """Whether the whole bucket may be listed, and not only a prefix of it."""
    try:
        await opened.list_page("", limit=1)
    except StoreDenied:
        return False
    return True


async def note_of(opened: ObjectStore, store: Store, prefix: Prefix) -> str:
    """A sentence where nothing lies below the prefix yet, with what lies beside it; else empty.

    Raises StoreDenied and StoreUnreachable, and Invalid where the place is one object.
    """
    page = await opened.list_page(prefix, limit=2)
    if any(one.key.removeprefix(prefix) for one in page.objects):  # a marker of the folder itself shows nothing
        return ""
    if prefix:
        await _refuse_object(opened, store, prefix)
    where = "below" if prefix else "in"
    note = f"Nothing lies {where} {spelled(store, prefix)} yet."
    if not prefix.removeprefix(store.prefix):
        return note
    return f"{note} Is the {'path' if _is_disk(store) else 'prefix'} right?{await _beside(opened, store, prefix)}"


def spelled(store: Store, prefix: str) -> str:
    """A place as people know it: the path on a disk, else the address."""
    if _is_disk(store):
        top = "/".join(part for part in (store.connection.root.rstrip("/"), store.bucket) if part)
        return escape(f"{top}/{prefix}")
    return escape(address_in(store, prefix))


async def _refuse_object(opened: ObjectStore, store: Store, prefix: Prefix) -> None:
    key = prefix.removesuffix("/")
    listed = (await opened.list_page(key, limit=1)).objects
    if listed and listed[0].key == key:
        above = prefix.removesuffix("/").rpartition("/")[0]
        raise Invalid(
            f"{spelled(store, key)} is one {'file' if _is_disk(store) else 'object'}, and a mirror shows a whole "
            f"folder. {_NO_NEED}",
            f"Name the folder that it lies in: {spelled(store, f'{above}/' if above else '')}",
            field="address",
        )


async def _beside(opened: ObjectStore, store: Store, prefix: Prefix) -> str:
    """Up to three prefixes that lie nearest to this one, the most similar names; empty where there are none."""
    above, name, lead = prefix, "", " Beside it lie"
    while above:
        parent, _, last = above.removesuffix("/").rpartition("/")
        above, name = Prefix(f"{parent}/" if parent else ""), last
        if not above.startswith(store.prefix):
            return ""
        try:
            page = await opened.list_page(above, limit=_LOOKED_AT, delimiter=True)
        except MoorageError:
            return ""  # the note is an extra
        names = [one.removeprefix(above) for one in page.prefixes if not one.startswith(prefix)]
        if names:
            alike = sorted(names, key=lambda one: -SequenceMatcher(None, name, one).ratio())[:_NEIGHBOURS]
            return f"{lead} {', '.join(escape(one) for one in sorted(alike))}."
        lead = f" In {spelled(store, Prefix(above.removesuffix('/').rpartition('/')[0]))} lie"
    return ""


def _is_disk(store: Store) -> bool:
    return store.connection.provider is Provider.DISK
