"""Disk stores for tests, and a look at everything below a directory."""

from __future__ import annotations

import os
from pathlib import Path

from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.stores.disk import DiskStore


def disk(root: Path, *, read_only: bool = False, follow: bool = False, bucket: str = "") -> DiskStore:
    """A store on ``root``."""
    connection = Connection(Provider.DISK, root=str(root), follow_symlinks=follow)
    return DiskStore(Store("local", connection, Bucket(bucket), read_only=read_only))


def everything(root: Path) -> dict[str, tuple[int, int, int]]:
    """Each name below ``root``, hidden ones too, with mode, size and mtime."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            status = (Path(folder) / name).lstat()
            found[str((Path(folder) / name).relative_to(root))] = (status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def leftovers(root: Path) -> list[Path]:
    """Bodies that lie about unfinished."""
    return sorted(root.glob(".moorage/*/incoming/*"))


def make(root: Path, name: str, data: bytes = b"") -> Path:
    """A file at ``name`` below ``root``, or a folder where it ends with ``/``."""
    path = root / name
    if name.endswith("/"):
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return path


def names_in(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {path.name for path in folder.iterdir()}


def records_in(root: Path) -> list[Path]:
    """Metadata records of all buckets."""
    return sorted(root.glob(".moorage/*/records/*/*"))
