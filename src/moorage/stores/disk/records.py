"""What a file cannot say of itself: media type and user metadata.

A record holds up to two versions of its key, the one that is there and the one that is about to replace it, so that
it can be written first and is right whichever of the two a crash leaves. A version is named by the etag, which is made
of the file's mtime, size and inode: a file that another tool wrote has no version here, and so no metadata.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from moorage.model.keys import ETag
from moorage.stores.disk.faults import GONE
from moorage.stores.disk.workshop import Workshop

_MAX_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Described:
    """Metadata of one version."""

    media_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


NOTHING: Final = Described()


def etag_of(status: os.stat_result) -> ETag:
    """The version of a file: mtime in nanoseconds, size and inode, in hex."""
    return ETag(f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}")


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one bucket."""

    workshop: Workshop

    def read(self, key: bytes, etag: ETag) -> Described:
        """What was recorded of this version; nothing where another tool wrote it."""
        return self._versions(key).get(etag, NOTHING)

    def announce(self, key: bytes, etag: ETag, described: Described, *, before: ETag | None) -> None:
        """Write down what will hold once the version ``etag`` is there; durable when this returns."""
        versions = self._versions(key)
        kept = {} if before is None or before not in versions else {before: versions[before]}
        if described == NOTHING and not kept:
            return
        text = {
            version: {"media_type": one.media_type, "metadata": dict(one.metadata)}
            for version, one in {**kept, etag: described}.items()
        }
        folder_name, name = _place(key)
        temporary = secrets.token_hex(16).encode()
        with self.workshop.folder(b"incoming", make=True) as incoming:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(temporary, flags, 0o666, dir_fd=incoming)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(json.dumps(text).encode())
                    file.flush()
                    os.fsync(descriptor)
                with self.workshop.folder(b"records", folder_name, make=True) as records:
                    os.rename(temporary, name, src_dir_fd=incoming, dst_dir_fd=records)
                    os.fsync(records)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=incoming)
                raise

    def forget(self, key: bytes) -> None:
        """Remove the record of a key that has no object any more."""
        folder_name, name = _place(key)
        with suppress(OSError), self.workshop.folder(b"records", folder_name, make=False) as records:
            os.unlink(name, dir_fd=records)

    def _versions(self, key: bytes) -> dict[ETag, Described]:
        folder_name, name = _place(key)
        try:
            with self.workshop.folder(b"records", folder_name, make=False) as records:
                descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=records)
        except OSError as exc:
            # Another user's record that we may not read, or a link in its place, is none.
            if exc.errno in (*GONE, errno.EACCES):
                return {}
            raise
        with os.fdopen(descriptor, "rb") as file:
            text = file.read(_MAX_BYTES)
        try:
            return {ETag(version): Described(**one) for version, one in json.loads(text).items()}
        except (ValueError, TypeError, AttributeError):
            # Only another tool can have written that; the object is as good as one without a record.
            return {}


def _place(key: bytes) -> tuple[bytes, bytes]:
    name = hashlib.sha256(key).hexdigest().encode()
    return name[:2], name[2:]
