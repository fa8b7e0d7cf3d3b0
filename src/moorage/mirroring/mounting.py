"""Where a mirror is mounted, and what stands against it."""

from __future__ import annotations

from typing import Final

from moorage.model.catalogue import Folder, FolderId, Project
from moorage.model.errors import Invalid, NotFound
from moorage.model.keys import Key, Prefix, key_bytes, prefix_of
from moorage.model.mirror import Mirror
from moorage.model.store import Provider, Store
from moorage.model.transaction import Transaction

MAX_KEY_BYTES: Final = 1024


def check_prefix(store: Store, prefix: str) -> Prefix:
    """The prefix of the mirror, at or below the store's own. Raises Invalid for one that cannot be."""
    whole = prefix_of(prefix) if prefix else store.prefix
    if not whole.startswith(store.prefix):
        raise Invalid(
            f"The prefix {prefix!r} lies outside of the store {store.name}, which shows {store.prefix!r} only. "
            "Nothing was made.",
            f"Begin it with {store.prefix!r}, or register a store without prefix.",
            field="prefix",
        )
    if store.connection.provider is Provider.DISK and {".", ".."} & set(whole.split("/")):
        raise Invalid(
            f"The prefix {prefix!r} goes through '.' or '..'. Nothing was made.", "Write it without.", field="prefix"
        )
    if len(key_bytes(whole)) > MAX_KEY_BYTES:
        raise Invalid("The prefix is longer than any key may be.", "Write a shorter one.", field="prefix")
    return whole


def mount(tx: Transaction, mirror: Mirror, project: Project, folder: FolderId | None, name: str) -> Folder:
    """Make the folder at the top of the mirror's tree.

    ``folder``: an empty plain folder of the project that becomes the mount, or, where it is the project's
    root or a ``name`` is given, the parent of the mount. Without a name the mount is called after the prefix,
    the bucket or the store. InUse for a folder that holds something or belongs to a mirror, so the same prefix
    is never shown twice in one place.
    """
    parent, called = project.root, Key(name)
    if folder is not None and folder != project.root:
        found = tx.folders.get(folder)
        if found.project != project.id or found.parent is None:
            raise NotFound(f"There is no folder {folder} in this project.", "Look at the project's folders.")
        parent, called = (found.id, Key(name)) if name else (found.parent, found.name)
    if not called:
        called = _called(mirror.prefix, tx.stores.get(mirror.store))
    if "/" in called or len(key_bytes(called)) > MAX_KEY_BYTES:
        raise Invalid(f"{called[:80]!r} cannot be a folder's name.", "Leave out '/' and shorten it.", field="folder")
    return tx.folders.mount(parent, called, mirror.id)


def _called(prefix: Prefix, store: Store) -> Key:
    last = prefix.rstrip("/").rpartition("/")[2]
    return Key(last or store.bucket or store.name)
