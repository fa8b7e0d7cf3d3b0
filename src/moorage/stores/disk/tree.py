"""Opening what lies in the store's folder, and never anything outside of it.

Every name is opened relative to the folder before it and without following links, so no rename or link that
another process makes meanwhile leads out. Links are read and walked by us, from the top, where the store says so.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moorage.stores.disk.faults import Place
from moorage.stores.disk.naming import RESERVED

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_PASS: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
_FILE: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_MAX_LINKS: Final = 40
"""As in the kernel: more links than that on one way are a loop."""


@dataclass(frozen=True, slots=True)
class _Link:
    index: int
    target: bytes


@dataclass(frozen=True, slots=True)
class Tree:
    """The folder that is the store. Descriptors that it returns are the caller's to close."""

    place: Place
    follow: bool

    def root(self) -> int:
        """Open the root. StoreUnreachable (``root_missing``) where there is no directory."""
        try:
            return os.open(self.place.root, _FOLDER)
        except OSError as exc:
            raise self.place.no_root(exc, bucket=False) from exc

    def top(self) -> int:
        """Open the store's own folder: the root, or the bucket in it (``bucket_missing``)."""
        root = self.root()
        if not self.place.bucket:
            return root
        try:
            return os.open(self.place.bucket, _FOLDER | os.O_NOFOLLOW, dir_fd=root)
        except OSError as exc:
            raise self.place.no_root(exc, bucket=True) from exc
        finally:
            os.close(root)

    def folder(self, names: Sequence[bytes]) -> int:
        """Open a folder for listing. OSError of ``GONE`` where there is none."""
        return self._open(names, _FOLDER)

    def below(self, folder: int, names: Sequence[bytes]) -> int:
        """The same as ``folder(names)``, quicker where the open ``folder`` is the one that holds it."""
        try:
            return _opened(folder, names[-1], _FOLDER)
        except NotADirectoryError:
            if not self.follow:
                raise
        return self.folder(names)

    def file(self, names: Sequence[bytes]) -> int:
        """Open a regular file for reading; anything else is as if it were not there."""
        descriptor = self._open(names, _FILE)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _absent()
        return descriptor

    def stat(self, names: Sequence[bytes]) -> os.stat_result:
        """What lies at these names, links followed where the store follows them."""
        descriptor = self._open(names, getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC)
        try:
            return os.fstat(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, names: Sequence[bytes]) -> int:
        """Open a folder and make it and those above it where they are missing; durable when this returns."""
        here = self.top()
        try:
            for index, name in enumerate(names):
                below = self._made(here, name, names[: index + 1])
                os.close(here)
                here = below
        except BaseException:
            os.close(here)
            raise
        return here

    def prune(self, names: Sequence[bytes]) -> None:
        """Remove this folder and those above it while they are empty; never the store's own."""
        for count in range(len(names), 0, -1):
            try:
                above = self.folder(names[: count - 1])
            except OSError:
                return
            try:
                os.rmdir(names[count - 1], dir_fd=above)
            except OSError:
                return
            finally:
                os.close(above)

    def _made(self, here: int, name: bytes, names: Sequence[bytes]) -> int:
        for _ in range(2):
            try:
                return _opened(here, name, _FOLDER)
            except FileNotFoundError:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=here)
                os.fsync(here)
            except NotADirectoryError as exc:
                if not self.follow:
                    raise
                try:
                    return self.folder(names)
                except FileNotFoundError:
                    raise exc from None
        raise _absent()

    def _open(self, names: Sequence[bytes], flags: int) -> int:
        for _ in range(_MAX_LINKS + 1):
            found = self._step(names, flags)
            if isinstance(found, int):
                return found
            names = self._through(names, found)
        raise _outside()

    def _step(self, names: Sequence[bytes], flags: int) -> int | _Link:
        """The descriptor, or the first link on the way."""
        here = self.top()
        try:
            for index, name in enumerate(names):
                last = index == len(names) - 1
                try:
                    below = self._below(here, name, flags if last else _PASS)
                except NotADirectoryError as exc:
                    if not self.follow:
                        raise
                    try:
                        return _Link(index, os.readlink(name, dir_fd=here))
                    except OSError:
                        raise exc from None
                os.close(here)
                here = below
            kept, here = here, -1
            return kept
        finally:
            if here >= 0:
                os.close(here)

    @staticmethod
    def _below(here: int, name: bytes, flags: int) -> int:
        if flags & os.O_DIRECTORY:
            return _opened(here, name, flags)
        # Opening a pipe or device has effects on it, so look first.
        mode = os.stat(name, dir_fd=here, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise _outside()
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise _absent()
        return _opened(here, name, flags)

    def _through(self, names: Sequence[bytes], link: _Link) -> list[bytes]:
        """The names with the link replaced by what it says; NotADirectoryError where that leads out."""
        target, way = link.target, list(names[: link.index])
        if target.startswith(b"/"):
            top = os.fsencode(Path(self.place.root, self.place.bucket).resolve())
            if not (target + b"/").startswith(top.rstrip(b"/") + b"/"):
                raise _outside()
            target, way = target[len(top) :], []
        # '..' after a link inside the target is taken by its text: it may miss, it cannot leave.
        for name in target.split(b"/"):
            if name == b"..":
                if not way:
                    raise _outside()
                way.pop()
            elif name not in (b"", b"."):
                way.append(name)
        way += names[link.index + 1 :]
        if way[:1] == [RESERVED]:
            raise _outside()
        return way


def _opened(here: int, name: bytes, flags: int) -> int:
    """Open a name; NotADirectoryError where it is a link."""
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=here)
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise _outside() from exc
        raise


def _absent() -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _outside() -> NotADirectoryError:
    return NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
