"""What the catalogue's contract suites plant in it: projects, mirrors, items by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from moorage.model.catalogue import FolderId, Kind, ProjectId
from moorage.model.keys import Bucket, Prefix, key_bytes
from moorage.model.mirror import Mirror, MirrorId
from moorage.model.store import Connection, Provider, Store, StoreId
from moorage.model.transaction import Facts, NewRow, Transaction


@dataclass(frozen=True)
class Moored:
    """A project with one mirror in it."""

    project: ProjectId
    root: FolderId
    store: StoreId
    mirror: MirrorId
    tree: FolderId
    prefix: str


def disk(name: str) -> Store:
    """A store of the plainest kind."""
    return Store(name=name, connection=Connection(Provider.DISK, root="/srv/media"), bucket=Bucket("b"))


def moor(tx: Transaction, *, name: str = "reef", prefix: str = "2021/") -> Moored:
    """A project, a store and a mirror of ``prefix`` in the project's folder ``shown``."""
    project = tx.projects.add(name)
    store = tx.stores.add(disk(f"store-of-{name}"))
    unplaced = Mirror(MirrorId(0), project.id, FolderId(0), store.id, Prefix(prefix))
    mirror = tx.mirrors.add(unplaced)
    tree = tx.folders.mount(project.root, "shown", mirror.id).id
    tx.mirrors.update(Mirror(mirror.id, project.id, tree, store.id, Prefix(prefix)))
    return Moored(project.id, project.root, store.id, mirror.id, tree, prefix)


def split(key: bytes) -> tuple[bytes, bytes]:
    """(path of the folder, name) of a key."""
    above, slash, name = key.rpartition(b"/")
    return above + slash, name


def plant(
    tx: Transaction, moored: Moored, sizes: Mapping[bytes, int] | Iterable[bytes], kind: Kind = Kind.FILE
) -> None:
    """Insert a live row for each key relative to the mirror's prefix; size 1 where none is given."""
    by_key = dict(sizes) if isinstance(sizes, Mapping) else dict.fromkeys(sizes, 1)
    folders = tx.folders.ensure(moored.tree, [split(key)[0] for key in by_key])
    rows = [
        NewRow(folders[split(key)[0]], split(key)[1], kind, size, f"etag-{size}", 1000 + size, "")
        for key, size in by_key.items()
    ]
    tx.items.insert(moored.project, rows)


async def planted(facts: Facts, moored: Moored, sizes: Mapping[bytes, int] | Iterable[bytes]) -> None:
    """``plant`` in a transaction of its own."""
    await facts.write(lambda tx: plant(tx, moored, sizes))


def ids_of(tx: Transaction, moored: Moored) -> dict[bytes, int]:
    """Ids of all live rows by key."""
    return {row.path + row.name: row.id for row in tx.items.between(moored.tree, None, None)}


def all_rows(tx: Transaction, moored: Moored) -> list[bytes]:
    """Keys of all live rows, sorted."""
    return sorted(ids_of(tx, moored))


def as_bytes(name: str) -> bytes:
    """The bytes of a key or name."""
    return key_bytes(name)
