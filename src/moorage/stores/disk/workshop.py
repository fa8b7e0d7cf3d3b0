"""The store's own folder ``<root>/.moorage/<bucket>``: what is being written, locks, and metadata.

    incoming/<random>       a body that is not an object yet; its writer holds a lock on it
    locks/<00 to 3f>        one lock for each 64th of the keys, held while an object is replaced
    records/<2>/<62>        metadata of one key, named by the SHA-256 of the key

Made at the first write; a store that is only read has none.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from moorage.stores.disk.naming import RESERVED
from moorage.stores.disk.tree import Tree

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_WHOLE: Final = b".root"
"""In place of a bucket's name where the root itself is the store; no bucket begins with a dot."""
_STRIPES: Final = 64


@dataclass(slots=True)
class Workshop:
    """Opens places below ``.moorage``; descriptors that it returns are the caller's to close."""

    tree: Tree
    _tidied: bool = False
    _tidying: Lock = field(default_factory=Lock)

    @contextmanager
    def folder(self, *names: bytes, make: bool) -> Iterator[int]:
        """A descriptor of ``.moorage/<bucket>/<names>``. FileNotFoundError where it is missing and not made."""
        place = self.tree.place
        here = self.tree.root()
        try:
            for name in (RESERVED, os.fsencode(place.bucket) or _WHOLE, *names):
                below = _opened(here, name, make=make)
                os.close(here)
                here = below
            yield here
        finally:
            os.close(here)

    @contextmanager
    def locked(self, key: bytes) -> Iterator[None]:
        """Hold the lock of this key against all threads and processes on this machine."""
        with self.folder(b"locks", make=True) as folder:
            name = b"%02x" % (zlib.crc32(key) % _STRIPES)
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666, dir_fd=folder)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def begin(self) -> Incoming:
        """A new place for a body. The first call removes what dead writers left behind."""
        with self._tidying:
            if not self._tidied:
                self._tidy()
                self._tidied = True
        while True:
            incoming = self._created()
            if incoming is not None:
                return incoming

    def _created(self) -> Incoming | None:
        with self.folder(b"incoming", make=True) as folder:
            name = secrets.token_hex(16).encode()
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(name, flags, 0o666, dir_fd=folder)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_nlink:
                    return Incoming(self, name, descriptor)
            except BlockingIOError:
                pass
            # A tidying process took it for a dead writer's before it was locked.
            os.close(descriptor)
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            return None

    def _tidy(self) -> None:
        with self.folder(b"incoming", make=True) as folder:
            for entry in list(os.scandir(folder)):
                with suppress(OSError):
                    descriptor = os.open(entry.name, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        os.unlink(entry.name, dir_fd=folder)
                    finally:
                        os.close(descriptor)


@dataclass(slots=True)
class Incoming:
    """A body on its way: a locked file that no listing shows."""

    workshop: Workshop
    name: bytes
    descriptor: int
    size: int = 0
    _unflushed: int = 0

    def write(self, data: bytes | bytearray) -> None:
        """Append ``data``; every 64 MiB are made durable, so that the last flush is short."""
        view = memoryview(data)
        while view:
            count = os.write(self.descriptor, view)
            view = view[count:]
            self.size += count
            self._unflushed += count
        if self._unflushed >= 64 << 20:
            os.fdatasync(self.descriptor)
            self._unflushed = 0

    def move(self, folder: int, name: bytes) -> None:
        """Give the file its name, in one step, in place of what had it."""
        with self.workshop.folder(b"incoming", make=True) as incoming:
            os.rename(self.name, name, src_dir_fd=incoming, dst_dir_fd=folder)
        self.name = b""
        os.fsync(folder)

    def discard(self) -> None:
        """Close; the file goes too unless it was moved. A repeat does nothing."""
        descriptor, self.descriptor = self.descriptor, -1
        if self.name:
            with suppress(OSError), self.workshop.folder(b"incoming", make=False) as incoming:
                os.unlink(self.name, dir_fd=incoming)
            self.name = b""
        if descriptor >= 0:
            os.close(descriptor)


def _opened(here: int, name: bytes, *, make: bool) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=here)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=here)
        os.fsync(here)
    return os.open(name, _FOLDER, dir_fd=here)
