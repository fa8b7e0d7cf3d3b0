"""The verbs of a disk store as they are done in a thread: all of it blocks and may raise OSError."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import AlreadyExists, Changed, RangeUnsatisfiable
from moorage.model.keys import ETag, Key, key_bytes
from moorage.model.objects import ByteRange, ObjectInfo
from moorage.model.store import Condition
from moorage.stores.disk.body import DiskBody
from moorage.stores.disk.faults import Place
from moorage.stores.disk.records import Described, Records, etag_of
from moorage.stores.disk.snapshots import Snapshots
from moorage.stores.disk.tree import Tree
from moorage.stores.disk.workshop import Incoming, Workshop

_TRIES: Final = 100
"""A folder may be pruned by a delete between its making and the rename into it."""

Names = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Files:
    """Objects as files. ``names`` are the key's names from the store's top to the file."""

    tree: Tree
    workshop: Workshop
    records: Records
    snapshots: Snapshots

    @property
    def place(self) -> Place:
        """Where the store is."""
        return self.tree.place

    def stat(self, key: Key, names: Names) -> ObjectInfo:
        """What is known of the object."""
        status = self.tree.stat(names)
        if not stat.S_ISREG(status.st_mode):
            raise self.place.not_found(key)
        return self._info(key, status)

    def open(self, key: Key, names: Names, byte_range: ByteRange | None, if_match: ETag | None) -> DiskBody:
        """Open the file; the bytes of a small range are read at once."""
        descriptor = self.tree.file(names)
        try:
            info = self._info(key, os.fstat(descriptor))
            span = self._span(info, byte_range, if_match)
        except BaseException:
            os.close(descriptor)
            raise
        body = DiskBody(self.place, info, descriptor, span)
        try:
            body.read_small()
        except BaseException:
            body.close()
            raise
        return body

    def begin(self, key: Key, names: Names, condition: Condition) -> Incoming:
        """A place for the body, when nothing stands against the object that it will be."""
        self._admit(key, names, condition)
        return self.workshop.begin()

    def commit(
        self, key: Key, names: Names, incoming: Incoming, described: Described, condition: Condition
    ) -> ObjectInfo:
        """Make the body the object, durably; the object that was there is replaced in one step."""
        # Inodes are used again and clocks of file systems are coarse; a time of our own keeps versions apart.
        now_ns = time.time_ns()
        os.utime(incoming.descriptor, ns=(now_ns, now_ns))
        os.fsync(incoming.descriptor)
        status = os.fstat(incoming.descriptor)
        raw, etag = key_bytes(key), etag_of(status)
        with self.workshop.locked(raw):
            before = self._admit(key, names, condition)
            self.records.announce(raw, etag, described, before=before)
            self._name(key, names, incoming)
        incoming.discard()
        return self._described(key, status, described)

    def remove(self, key: Key, names: Names, if_match: ETag | None) -> None:
        """Remove the file, its record, and folders that are empty then."""
        with self.workshop.locked(key_bytes(key)):
            try:
                etag = self._etag(names)
            except (NotADirectoryError, IsADirectoryError):
                return
            if etag is None:
                return
            if if_match not in (None, etag):
                raise self._changed(key)
            # Whoever else removed it meanwhile did what was asked.
            with suppress(FileNotFoundError):
                self._unlink(names)
            self.records.forget(key_bytes(key))
        self.tree.prune(names[:-1])

    def _unlink(self, names: Names) -> None:
        folder = self.tree.folder(names[:-1])
        try:
            os.unlink(names[-1], dir_fd=folder)
            os.fsync(folder)
            self.snapshots.forget(folder)
        finally:
            os.close(folder)

    def _span(self, info: ObjectInfo, byte_range: ByteRange | None, if_match: ETag | None) -> tuple[int, int]:
        if if_match not in (None, info.etag):
            raise self._changed(info.key)
        span = (0, info.size) if byte_range is None else byte_range.within(info.size)
        if span is None:
            raise RangeUnsatisfiable(
                f"The object has {info.size} bytes; none lies in the range asked for.",
                "Ask for a range that begins inside the object.",
                store=self.place.store,
                bucket=self.place.bucket,
                key=info.key,
                size=info.size,
            )
        return span

    def _name(self, key: Key, names: Names, incoming: Incoming) -> None:
        for _ in range(_TRIES):
            try:
                folder = self.tree.make_folder(names[:-1])
                try:
                    incoming.move(folder, names[-1])
                    self.snapshots.forget(folder)
                finally:
                    os.close(folder)
            except FileNotFoundError:
                continue
            except (NotADirectoryError, IsADirectoryError) as exc:
                raise self._beside(key) from exc
            return
        raise OSError(errno.EAGAIN, "folders on the way vanish again and again")

    def _admit(self, key: Key, names: Names, condition: Condition) -> ETag | None:
        """The etag of what is there now. Raises where the object may not, or cannot, be put in its place."""
        try:
            etag = self._etag(names)
        except (NotADirectoryError, IsADirectoryError) as exc:
            raise self._beside(key) from exc
        if condition.if_absent and etag is not None:
            raise AlreadyExists(
                "An object is there already; it was left alone.",
                "Choose another key.",
                store=self.place.store,
                bucket=self.place.bucket,
                key=key,
            )
        if condition.if_match not in (None, etag):
            raise self._changed(key)
        return etag

    def _etag(self, names: Names) -> ETag | None:
        """The version of the file at these names, None where there is nothing.

        Raises NotADirectoryError or IsADirectoryError where something else is in the way.
        """
        try:
            folder = self.tree.folder(names[:-1])
        except FileNotFoundError:
            return None
        try:
            status = os.stat(names[-1], dir_fd=folder, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode) and self.tree.follow:
                status = self.tree.stat(names)
        except FileNotFoundError:
            return None
        finally:
            os.close(folder)
        if not stat.S_ISREG(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return etag_of(status)

    def _info(self, key: Key, status: os.stat_result) -> ObjectInfo:
        return self._described(key, status, self.records.read(key_bytes(key), etag_of(status)))

    @staticmethod
    def _described(key: Key, status: os.stat_result, described: Described) -> ObjectInfo:
        return ObjectInfo(
            key,
            status.st_size,
            etag_of(status),
            status.st_mtime_ns // 1_000_000,
            media_type=described.media_type,
            metadata=described.metadata,
        )

    def _beside(self, key: Key) -> Exception:
        return self.place.unstorable(
            key, "A disk cannot hold a file beside a folder of that name, and one of the two is there already."
        )

    def _changed(self, key: Key) -> Changed:
        return Changed(
            "The object is not the version that was named; nothing was done.",
            "Look at it again and repeat with its present etag.",
            store=self.place.store,
            bucket=self.place.bucket,
            key=key,
        )
