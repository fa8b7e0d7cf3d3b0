"""The store for uploads: what ``STORAGE_*`` declares, else a disk in the data directory, made when first needed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from moorage.model.access import SYSTEM
from moorage.model.errors import AlreadyExists, Changed, NotFound, ReadOnly, StoreUnreachable
from moorage.model.keys import Bucket, Prefix
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Facts, Transaction
from moorage.wiring.directory import Directory

NAME: Final = "primary"
BUCKET: Final = Bucket("moorage-public")
"""Originals of items; it is as private as everything else."""


class PrimaryStore:
    """Finds it, or makes it."""

    def __init__(self, facts: Facts, directory: Directory, *, bucket: Bucket = BUCKET) -> None:
        self._facts = facts
        self._directory = directory
        self._bucket = bucket

    async def __call__(self) -> Store:
        """The store. ReadOnly, with what to do, where somebody registered another of its name that is."""
        store = await self._facts.read(_registered)
        if store is None:
            store = await self._make()
        if store.read_only:
            raise ReadOnly(
                f"Uploads go to the store {NAME}, and it is registered read-only. Nothing was stored.",
                f"Make it writable: moorage store change {NAME} --writable. Or give the project another store: "
                "moorage project set PROJECT --default-store STORE.",
                store=store.name,
                bucket=store.bucket,
            )
        return store

    async def follow(self) -> None:
        """Look for it here where the whole data directory was moved or brought back at another place."""
        store = await self._facts.read(_registered)
        if store is None or store.connection.provider is not Provider.DISK or store.bucket != self._bucket:
            return
        here, there = str(self._directory.storage), store.connection.root
        if here != there and await asyncio.to_thread(_moved, there, here, self._bucket):
            moved = replace(store, connection=replace(store.connection, root=here))

            def write(tx: Transaction) -> None:
                tx.stores.update(moved)
                tx.audit.add(SYSTEM, "store.change", f"store {NAME}", root=here, before=there)

            await self._facts.write(write)

    async def _make(self) -> Store:
        root = self._directory.storage
        try:
            await asyncio.to_thread(_make_folders, root, self._bucket)
        except OSError as exc:
            raise StoreUnreachable(
                f"The directory {root} for uploads cannot be made: {exc.strerror}. Nothing was stored.",
                "Mend its permissions, or free some space; then send it again.",
                store=NAME,
                cause="root_missing",
            ) from exc

        def register(tx: Transaction) -> Store:
            connection = Connection(Provider.DISK, root=str(root))
            made = tx.stores.add(Store(NAME, connection, bucket=self._bucket, read_only=False))
            tx.audit.add(SYSTEM, "store.add", f"store {NAME}", provider="disk", root=str(root), bucket=made.bucket)
            return made

        try:
            return await self._facts.write(register)
        except (AlreadyExists, Changed):  # another upload was quicker
            return await self._facts.read(lambda tx: tx.stores.named(NAME))


def register_declared(tx: Transaction, connection: Connection | None, bucket: str) -> None:
    """Let the store be what the settings declare; None: nothing. A repeat writes nothing.

    Where objects were put into it already, it stays what it was: they would be looked for at the new place.
    """
    store = _registered(tx)
    declared = None if connection is None else _declared(tx, connection.origin)
    if store is None:
        if declared is not None:
            made = tx.stores.add(Store(NAME, declared, bucket=Bucket(bucket), read_only=False))
            _told(tx, "store.add", made)
        return
    if _same(store, declared, bucket) or _holds_objects(tx, store):
        return
    if declared is not None:
        moved = replace(store, connection=declared, bucket=Bucket(bucket), prefix=Prefix(""), read_only=False)
        tx.stores.update(moved)
        _told(tx, "store.change", moved)
        if not store.connection.name and store.connection.id != declared.id:
            tx.connections.remove(store.connection.id)
    elif store.connection.origin and not tx.stores.users_of(store.id):
        tx.stores.remove(store.id)
        tx.audit.add(SYSTEM, "store.remove", f"store {NAME}")


def unmoved(tx: Transaction, connection: Connection | None, bucket: str) -> str:
    """Why uploads do not go where the settings say; empty: they do."""
    store = _registered(tx)
    declared = None if connection is None else _declared(tx, connection.origin)
    if store is None or declared is None or _same(store, declared, bucket):
        return ""
    there = store.connection.endpoint or store.connection.root or store.connection.provider.value
    return (
        f"The store {NAME} holds objects in {store.bucket} at {there}, so uploads go there on, and not to what the "
        "settings STORAGE_* say."
    )


def _same(store: Store, declared: Connection | None, bucket: str) -> bool:
    return declared is not None and store.connection.id == declared.id and store.bucket == bucket


def _declared(tx: Transaction, origin: str) -> Connection | None:
    return next((one for one in tx.connections.all() if one.origin == origin), None)


def _holds_objects(tx: Transaction, store: Store) -> bool:
    return any(not user.startswith("project ") for user in tx.stores.users_of(store.id))


def _told(tx: Transaction, action: str, store: Store) -> None:
    told = {"provider": store.connection.provider.value, "endpoint": store.connection.endpoint, "bucket": store.bucket}
    tx.audit.add(SYSTEM, action, f"store {NAME}", **told)


def _registered(tx: Transaction) -> Store | None:
    try:
        return tx.stores.named(NAME)
    except NotFound:
        return None


def _moved(there: str, here: str, bucket: Bucket) -> bool:
    return not Path(there, bucket).exists() and Path(here, bucket).is_dir()


def _make_folders(root: Path, bucket: Bucket) -> None:
    """Make them so that they outlast a power cut."""
    (root / bucket).mkdir(mode=0o750, parents=True, exist_ok=True)
    for folder in (root, root.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
