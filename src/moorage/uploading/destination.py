"""Where an upload goes: the project's own storage, or the very place that a mirror shows."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol

from moorage.model.access import Principal, Role
from moorage.model.catalogue import Folder, FolderId, Project
from moorage.model.errors import AlreadyExists, Conflict, Forbidden, Invalid, ReadOnly
from moorage.model.keys import Key, escape, key_bytes
from moorage.model.mirror import Mirror, MirrorId, MirrorState
from moorage.model.store import ObjectStore, Store
from moorage.model.transaction import Transaction
from moorage.uploading.names import object_name


class Primary(Protocol):
    """The built-in store for uploads into projects that have no default store; made when first needed."""

    async def __call__(self) -> Store: ...


class Shows(Protocol):
    """Whether a mirror shows what has this key below its prefix."""

    def __call__(self, mirror: Mirror, relative: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A folder that something is uploaded to. ``store`` None: the built-in one."""

    folder: Folder
    project: Project
    store: Store | None
    mirror: Mirror | None


def find_target(tx: Transaction, principal: Principal, folder: FolderId) -> Target:
    """The folder, and the store that what is put in it goes to.

    Raises Forbidden, NotFound, and ReadOnly or Conflict, with what to do, where nothing can be put.
    """
    found = tx.folders.get(folder)
    principal.need(Role.EDITOR, found.project)
    project = tx.projects.get(found.project)
    if found.mirror is not None:
        mirror = tx.mirrors.get(MirrorId(found.mirror))
        store = tx.stores.get(mirror.store)
        _need_attached(found, mirror)
        _need_scope(principal, store, project)
        _need_writable(store, f"The folder shows the store {store.name}, which is registered read-only.")
        return Target(found, project, store, mirror)
    if project.default_store is None:
        return Target(found, project, None, None)
    store = tx.stores.get(project.default_store)
    _need_scope(principal, store, project)
    _need_writable(store, f"Uploads into this project go to the store {store.name}, which is registered read-only.")
    return Target(found, project, store, None)


def need_free(tx: Transaction, folder: FolderId, name: Key) -> None:
    """Raise AlreadyExists where the folder has a live item of that name."""
    if tx.items.taken(folder, [key_bytes(name)]):
        raise taken(name)


def taken(name: Key) -> AlreadyExists:
    """The error for a name that is taken."""
    return AlreadyExists(
        f"There is an item {escape(name)!r} in this folder already. Nothing was stored.",
        "Upload it with if_exists=replace or if_exists=both, or under another name.",
        key=escape(name),
    )


def mirrored_key(target: Target, mirror: Mirror, name: Key, shows: Shows) -> Key:
    """The key at which the mirror shows an item of that name in this folder. Invalid where it would not show it."""
    relative = target.folder.path + name
    if not shows(mirror, relative):
        raise Invalid(
            f"This folder shows a store, but not what is called {escape(name)!r}: its include and exclude patterns "
            "leave it out. Nothing was stored.",
            "Use a name that they take, or upload into another folder.",
            field="name",
        )
    return Key(mirror.prefix + relative)


def new_key(target: Target, store: Store, adapter: ObjectStore, name: Key) -> Key:
    """A key that no object ever had."""
    return object_name(name, f"{store.prefix}{target.project.id}/{secrets.token_hex(16)}", adapter.unstorable)


def _need_attached(folder: Folder, mirror: Mirror) -> None:
    if mirror.state is MirrorState.DETACHED:
        raise Conflict(
            f"The folder {escape(folder.name)!r} keeps what a removed mirror showed; nothing can be added to it. "
            "Nothing was stored.",
            "Upload into a folder beside it, or mirror the prefix again.",
        )


def _need_writable(store: Store, why: str) -> None:
    if store.read_only:
        raise ReadOnly(
            f"{why} Nothing was stored.",
            f"Upload into another folder or project, or let an admin make the store writable: "
            f"moorage store change {store.name} --writable.",
            store=store.name,
            bucket=store.bucket,
        )


def _need_scope(principal: Principal, store: Store, project: Project) -> None:
    projects, users = store.scope.projects, store.scope.users
    named = principal.user in users or principal.everywhere is Role.ADMIN
    if (projects and project.id not in projects) or (users and not named):
        raise Forbidden(
            f"Uploads here go to the store {store.name}, which is not open to this project or to you. "
            "Nothing was stored.",
            "Ask an admin to add it to the store's scope, or upload elsewhere.",
        )
