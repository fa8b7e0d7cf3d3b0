"""The built-in store for uploads: a writable disk store below the data directory, registered when first needed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from moorage.model.access import SYSTEM
from moorage.model.errors import AlreadyExists, Changed, NotFound, ReadOnly, StoreUnreachable
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Facts, Transaction
from moorage.wiring.directory import Directory

NAME: Final = "primary"
BUCKET: Final = Bucket("moorage-public")
"""Originals of items; it is as private as everything else."""


class PrimaryStore:
    """Finds it, or makes it."""

    def __init__(self, facts: Facts, directory: Directory) -> None:
        self._facts = facts
        self._directory = directory

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
        if store is None or store.connection.provider is not Provider.DISK or store.bucket != BUCKET:
            return
        here, there = str(self._directory.storage), store.connection.root
        if here != there and await asyncio.to_thread(_moved, there, here):
            moved = replace(store, connection=replace(store.connection, root=here))

            def write(tx: Transaction) -> None:
                tx.stores.update(moved)
                tx.audit.add(SYSTEM, "store.change", f"store {NAME}", root=here, before=there)

            await self._facts.write(write)

    async def _make(self) -> Store:
        root = self._directory.storage
        try:
            await asyncio.to_thread(_make_folders, root)
        except OSError as exc:
            raise StoreUnreachable(
                f"The directory {root} for uploads cannot be made: {exc.strerror}. Nothing was stored.",
                "Mend its permissions, or free some space; then send it again.",
                store=NAME,
                cause="root_missing",
            ) from exc

        def register(tx: Transaction) -> Store:
            connection = Connection(Provider.DISK, root=str(root))
            made = tx.stores.add(Store(NAME, connection, bucket=BUCKET, read_only=False))
            tx.audit.add(SYSTEM, "store.add", f"store {NAME}", provider="disk", root=str(root), bucket=BUCKET)
            return made

        try:
            return await self._facts.write(register)
        except (AlreadyExists, Changed):  # another upload was quicker
            return await self._facts.read(lambda tx: tx.stores.named(NAME))


def _registered(tx: Transaction) -> Store | None:
    try:
        return tx.stores.named(NAME)
    except NotFound:
        return None


def _moved(there: str, here: str) -> bool:
    return not Path(there, BUCKET).exists() and Path(here, BUCKET).is_dir()


def _make_folders(root: Path) -> None:
    """Make them so that they outlast a power cut."""
    (root / BUCKET).mkdir(mode=0o750, parents=True, exist_ok=True)
    for folder in (root, root.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
