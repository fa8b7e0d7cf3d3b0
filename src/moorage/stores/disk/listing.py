"""Pages of a listing: folders are walked depth first, which is the byte order of keys."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import takewhile

from moorage.model.keys import Key, key_of
from moorage.model.objects import Listed, ListingPage
from moorage.stores.disk.faults import GONE
from moorage.stores.disk.naming import RESERVED
from moorage.stores.disk.records import etag_of
from moorage.stores.disk.snapshot import Names, sorted_names
from moorage.stores.disk.snapshots import Identity, Snapshots
from moorage.stores.disk.tree import Tree


@dataclass(slots=True)
class _Level:
    """A folder on the way down. Its descriptor is closed while a folder below is walked."""

    path: bytes
    """Empty, or ends with ``/``."""
    names: Iterator[bytes]
    identity: Identity
    descriptor: int

    def close(self) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Listing:
    """Lists one tree; all of it blocks."""

    tree: Tree
    snapshots: Snapshots = field(default_factory=Snapshots)

    def page(self, prefix: bytes, after: bytes, limit: int, *, delimiter: bool) -> ListingPage:
        """One page. Raises StoreDenied or StoreUnreachable where a folder cannot be read: never less than all."""
        objects: list[Listed] = []
        prefixes: list[Key] = []
        last: Key | None = None
        top = self._top()
        with closing(self._entries(prefix, after, delimiter=delimiter)) as entries:
            for entry in entries:
                if len(objects) + len(prefixes) == limit:
                    break
                if isinstance(entry, Listed):
                    objects.append(entry)
                    last = entry.key
                else:
                    last = key_of(entry)
                    prefixes.append(last)
            else:
                last = None
        # A mount that went half-way makes folders look as if they were gone.
        if self._top() != top:
            raise self.tree.place.root_changed()
        return ListingPage(objects, prefixes, last)

    def _top(self) -> Identity:
        descriptor = self.tree.top()
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        return status.st_dev, status.st_ino

    def _entries(self, prefix: bytes, after: bytes, *, delimiter: bool) -> Generator[Listed | bytes, None, None]:
        path, separator, begins = prefix.rpartition(b"/")
        levels: list[_Level] = []
        self._descend(levels, path + separator, after, begins)
        try:
            while levels:
                level = levels[-1]
                name = next(level.names, None)
                if name is None:
                    level.close()
                    levels.pop()
                    continue
                full = level.path + name
                if not name.endswith(b"/"):
                    listed = self._listed(level, name, full) if full > after else None
                    if listed is not None:
                        yield listed
                elif delimiter:
                    if full > after and self._holds_object(full):
                        yield full
                elif full > after or after.startswith(full):
                    self._descend(levels, full, after, b"")
                    if levels[-1] is not level:
                        level.close()
        finally:
            for level in levels:
                level.close()

    def _descend(self, levels: list[_Level], path: bytes, after: bytes, begins: bytes) -> None:
        """Enter a folder, unless it is gone, no folder of ours, or one that a link has led back to."""
        if path <= after and not after.startswith(path):
            return
        with self.tree.place.translated(key_of(path), "list"):
            names = _names(path)
            if names is None:
                return
            try:
                descriptor = (
                    self.tree.below(levels[-1].descriptor, names)
                    if levels and levels[-1].descriptor >= 0
                    else self.tree.folder(names)
                )
            except OSError as exc:
                if exc.errno in GONE:
                    return
                raise
            try:
                status = os.fstat(descriptor)
                identity = (status.st_dev, status.st_ino)
                if any(level.identity == identity for level in levels):
                    os.close(descriptor)
                    return
                least = _least(path, after)
                found = self.snapshots.names(descriptor, lambda: self._read(descriptor, names), continued=bool(least))
            except BaseException:
                os.close(descriptor)
                raise
        wanted = takewhile(lambda name: name.startswith(begins), found.since(max(least, begins)))
        levels.append(_Level(path, wanted, identity, descriptor))

    def _read(self, folder: int, names: Sequence[bytes]) -> Names:
        return sorted_names(self._scan(folder, names))

    def _scan(self, folder: int, names: Sequence[bytes]) -> Iterator[bytes]:
        """Names of files, and of folders with a ``/``, in the order of the disk."""
        with os.scandir(folder) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                if not names and name == RESERVED:
                    continue
                if entry.is_file(follow_symlinks=False):
                    yield name
                elif entry.is_dir(follow_symlinks=False):
                    yield name + b"/"
                elif self.tree.follow and entry.is_symlink():
                    yield from self._followed(names, name)

    def _followed(self, names: Sequence[bytes], name: bytes) -> Iterator[bytes]:
        try:
            mode = self.tree.stat([*names, name]).st_mode
        except OSError as exc:
            if exc.errno in GONE:
                return
            raise
        if stat.S_ISREG(mode):
            yield name
        elif stat.S_ISDIR(mode):
            yield name + b"/"

    def _listed(self, level: _Level, name: bytes, full: bytes) -> Listed | None:
        """The facts of a file; None where it went meanwhile."""
        key = key_of(full)
        with self.tree.place.translated(key, "list"):
            try:
                if level.descriptor < 0:
                    level.descriptor = self.tree.folder(_names(level.path) or ())
                status = os.stat(name, dir_fd=level.descriptor, follow_symlinks=False)
                if self.tree.follow and stat.S_ISLNK(status.st_mode):
                    status = self.tree.stat(full.split(b"/"))
            except OSError as exc:
                if exc.errno in GONE:
                    return None
                raise
        if not stat.S_ISREG(status.st_mode):
            return None
        return Listed(key, status.st_size, etag_of(status), status.st_mtime_ns // 1_000_000)

    def _holds_object(self, path: bytes) -> bool:
        """Whether any file lies in or below this folder; looks no further than the first."""
        todo, seen = [path], set[Identity]()
        while todo:
            folder = todo.pop()
            with self.tree.place.translated(key_of(folder), "list"):
                names = _names(folder) or ()
                try:
                    descriptor = self.tree.folder(names)
                except OSError as exc:
                    if exc.errno in GONE:
                        continue
                    raise
                try:
                    status = os.fstat(descriptor)
                    if (status.st_dev, status.st_ino) in seen:
                        continue
                    seen.add((status.st_dev, status.st_ino))
                    for name in self._scan(descriptor, names):
                        if not name.endswith(b"/"):
                            return True
                        todo.append(folder + name)
                finally:
                    os.close(descriptor)
        return False


def _least(path: bytes, after: bytes) -> bytes:
    """Where to begin in the folder ``path``: its first entry that may hold keys greater than ``after``."""
    if not after.startswith(path):
        return b""
    name, separator, _ = after[len(path) :].partition(b"/")
    return name + separator


def _names(path: bytes) -> tuple[bytes, ...] | None:
    """The names of a path that ends with ``/``; None where no folder can have it."""
    if not path:
        return ()
    names = tuple(path[:-1].split(b"/"))
    odd = names[0] == RESERVED or any(name in (b"", b".", b"..") or b"\0" in name for name in names)
    return None if odd else names
