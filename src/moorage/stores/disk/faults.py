"""The one place where errors of the operating system become errors of the model."""

from __future__ import annotations

import errno
import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import Busy, MoorageError, ObjectNotFound, StoreDenied, StoreUnreachable, Unstorable
from moorage.model.keys import escape

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_DENIED: Final = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_SUCH_NAME: Final = (errno.ENAMETOOLONG, errno.EILSEQ)
_LIMITS: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
GONE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""What opening a name answers when nothing, or nothing of ours, is there."""


def _user() -> str:
    """The user of this process, by name where it has one."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a disk store is: its name, its root directory and the folder in it that is the bucket."""

    store: str
    root: str
    bucket: str

    def error(self, exc: OSError, key: str, permission: str) -> MoorageError:
        """The error of the model for ``exc``, met while doing what needs ``permission`` (list, read, write, delete)."""
        what, code = exc.strerror or str(exc), errno.errorcode.get(exc.errno or 0, "")
        where = f"{escape(key)!r} in {self.root}" if key else self.root
        if exc.errno in _FULL and permission == "list":
            return self._unreachable(
                f"There is no room to sort the names of {where} in {tempfile.gettempdir()}; nothing was listed.",
                "Free some space there, or set TMPDIR to another folder, then try again.",
                key,
                "disk_full",
            )
        if exc.errno in _FULL:
            return self._unreachable(
                f"The disk of {self.root} is full; nothing was kept of {where}.",
                "Free some space or raise the quota, then try again.",
                key,
                "disk_full",
            )
        if exc.errno == errno.EFBIG:
            return self._unreachable(
                f"The disk takes no file of that size; nothing was kept of {where}.",
                "Raise the limit of file sizes, or use another disk, then try again.",
                key,
                "file_too_large",
            )
        if exc.errno == errno.EXDEV:
            return self._unreachable(
                f"{where} lies on another file system than the root; nothing was written.",
                "Register the folder that is mounted there as a store of its own.",
                key,
                "another_file_system",
            )
        if isinstance(exc, TimeoutError):
            return self._unreachable(
                f"The disk of {self.root} gave {what}.",
                "Look whether its mount is alive, then try again.",
                key,
                "timeout",
            )
        if exc.errno in _DENIED:
            return StoreDenied(
                f"The operating system does not let Moorage {permission} {where}: {what}.",
                f"Moorage runs as the user {_user()}: give it this right there, and the right to enter the directories "
                "above.",
                store=self.store,
                bucket=self.bucket,
                key=key,
                permission=permission,
                code=code,
            )
        if exc.errno in _NO_SUCH_NAME:
            return self.unstorable(key, "The file system there cannot hold such a name.")
        if exc.errno in _LIMITS:
            return Busy(f"This process is at a limit of the operating system: {what}.", "Try again in a moment.", 1.0)
        if exc.errno in GONE and permission != "list":
            return self.not_found(key)
        return self._unreachable(
            f"The disk failed at {where}: {what}.",
            "Look whether the disk and its mount are well, then try again.",
            key,
            code.lower() or "io_error",
        )

    def not_found(self, key: str) -> ObjectNotFound:
        """No object is there."""
        return ObjectNotFound(
            "There is no object at that key.",
            "Look at the listing.",
            store=self.store,
            bucket=self.bucket,
            key=key,
        )

    def unstorable(self, key: str, reason: str) -> Unstorable:
        """The key cannot be held here."""
        return Unstorable(
            f"Nothing was written: {reason}",
            "Choose another key.",
            store=self.store,
            bucket=self.bucket,
            key=key,
            reason=reason,
        )

    def no_root(self, exc: OSError, *, bucket: bool) -> MoorageError:
        """The root, or the bucket's folder in it, cannot be opened as a directory."""
        if exc.errno in _DENIED:
            return self.error(exc, "", "list")
        named = f"{self.root}/{self.bucket}" if bucket else self.root
        absent = exc.errno == errno.ENOENT
        why = "it, or a part of its path, is a file" if exc.errno == errno.ENOTDIR else exc.strerror
        return self._unreachable(
            f"There is no directory {named} on the machine that runs Moorage."
            if absent
            else f"{named} is no directory: {why}.",
            "Check the spelling, and that its disk is mounted there."
            if absent
            else "Name the directory that holds the files.",
            "",
            "bucket_missing" if bucket else "root_missing",
        )

    def root_changed(self) -> StoreUnreachable:
        """Another directory took the root's place while it was being listed."""
        return self._unreachable(
            f"Another directory took the place of {self.root} while it was being listed; nothing was listed.",
            "Look whether its mount came or went, then try again.",
            "",
            "root_changed",
        )

    def _unreachable(self, message: str, advice: str, key: str, cause: str) -> StoreUnreachable:
        return StoreUnreachable(message, advice, store=self.store, bucket=self.bucket, key=key, cause=cause)

    @contextmanager
    def translated(self, key: str, permission: str) -> Iterator[None]:
        """Errors of the operating system inside become errors of the model."""
        try:
            yield
        except OSError as exc:
            raise self.error(exc, key, permission) from exc
