"""The store's face: async verbs that open, do and close in threads."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from moorage.model.errors import BodyBroken, Invalid, ReadOnly, Refused
from moorage.model.keys import ETag, Key, key_bytes
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Provider, Store
from moorage.stores.disk.body import DiskBody
from moorage.stores.disk.faults import Place
from moorage.stores.disk.files import Files
from moorage.stores.disk.listing import Listing
from moorage.stores.disk.naming import names_of, unstorable
from moorage.stores.disk.records import Described, Records
from moorage.stores.disk.snapshots import Snapshots
from moorage.stores.disk.threads import LONG_S, QUICK_S, hop
from moorage.stores.disk.tree import Tree
from moorage.stores.disk.workshop import Incoming, Workshop

T = TypeVar("T")

_WRITE_BYTES: Final = 256 << 10
_BLOCK_BYTES: Final = 1 << 20


class DiskStore:
    """An ``ObjectStore`` of the files below a directory; a plain tree that other tools may read and change.

    An etag is made of a file's mtime, size and inode. Objects become visible in one step, when they are durable. A
    read-only store writes nothing at all.
    """

    def __init__(self, store: Store) -> None:
        root, bucket = store.connection.root, store.bucket
        if not Path(root).is_absolute() or "\0" in root:
            raise Invalid(f"{root!r} is not an absolute directory.", "Give the root as /path/to/folder.", field="root")
        if bucket.startswith(".") or "/" in bucket or unstorable(bucket or "x") is not None:
            raise Invalid(
                f"{bucket!r} cannot be a folder in the root.",
                "Name one folder, without '/' or a leading dot.",
                field="bucket",
            )
        self.provider = Provider.DISK
        self.read_only = store.read_only
        self._place = Place(store.name, root, bucket)
        tree = Tree(self._place, store.connection.follow_symlinks)
        workshop, snapshots = Workshop(tree), Snapshots()
        self._files = Files(tree, workshop, Records(workshop), snapshots)
        self._listing = Listing(tree, snapshots)

    def unstorable(self, key: Key) -> str | None:
        """The reason why no disk can hold ``key``. That ``a`` and ``a/b`` exclude each other shows when they meet."""
        return unstorable(key)

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = 1000, delimiter: bool = False
    ) -> ListingPage:
        """One page, in byte order. Only regular files are objects."""
        begins, last = key_bytes(prefix), key_bytes(after or "")
        return await self._do(
            prefix, "list", lambda: self._listing.page(begins, last, limit, delimiter=delimiter), limit_s=LONG_S
        )

    async def stat(self, key: Key) -> ObjectInfo:
        """What is known of the object."""
        names = self._named(key)
        return await self._do(key, "read", lambda: self._files.stat(key, names))

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """Open the object; the body is a ``FileBody`` and has its descriptor."""
        names = self._named(key)
        return await self._do(
            key, "read", lambda: self._files.open(key, names, byte_range, if_match), undo=DiskBody.close
        )

    async def put(
        self,
        key: Key,
        body: bytes | AsyncIterable[bytes],
        *,
        length: int | None = None,
        media_type: str = "",
        metadata: Mapping[str, str] | None = None,
        condition: Condition = ANYWAY,
    ) -> ObjectInfo:
        """Write the object: file, metadata and folders are flushed to the disk when this returns."""
        names = self._writable(key)
        described = Described(media_type, {name.lower(): value for name, value in (metadata or {}).items()})
        incoming = await self._do(key, "write", lambda: self._files.begin(key, names, condition), undo=Incoming.discard)
        try:
            await self._fill(key, incoming, body, length)
            return await self._do(
                key, "write", lambda: self._files.commit(key, names, incoming, described, condition), limit_s=LONG_S
            )
        finally:
            if incoming.descriptor >= 0:
                await self._do(key, "write", incoming.discard, certain=True)

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:
        """Read and write again; metadata comes along."""
        self._writable(destination)
        async with await self.get(source) as body:
            info = body.info
            return await self.put(
                destination,
                body,
                length=info.size,
                media_type=info.media_type,
                metadata=info.metadata,
                condition=condition,
            )

    async def delete(self, key: Key, *, if_match: ETag | None = None) -> None:
        """Remove the file, and folders that are empty then."""
        self._refuse_read_only(key)
        names = names_of(key)
        if names is not None:
            await self._do(key, "delete", lambda: self._files.remove(key, names, if_match))

    async def try_multipart(self, key: Key) -> None:
        """A disk has no parts: write where every body is written first, and throw it away."""
        names = self._writable(key)

        def attempt() -> None:
            incoming = self._files.begin(key, names, ANYWAY)
            try:
                incoming.write(b"moorage")
            finally:
                incoming.discard()

        await self._do(key, "write", attempt)

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:  # noqa: ARG002 - the port's
        """Always refused: a disk has no URLs."""
        raise Refused("Objects on a disk have no URL of their own.", "Serve the store by proxy.")

    async def aclose(self) -> None:
        """Forget the snapshots; nothing else is open between calls."""
        self._listing.snapshots.clear()

    async def _fill(self, key: Key, incoming: Incoming, body: bytes | AsyncIterable[bytes], length: int | None) -> None:
        """Write the body down in blocks of at least 256 KiB. BodyBroken where its length is not ``length``."""
        if isinstance(body, bytes):
            if length not in (None, len(body)):
                raise self._broken(key)
            for offset in range(0, len(body), _BLOCK_BYTES):
                await self._write(key, incoming, body[offset : offset + _BLOCK_BYTES])
            return
        total, waiting = 0, bytearray()
        async for block in body:
            total += len(block)
            if length is not None and total > length:
                raise self._broken(key)
            waiting += block
            if len(waiting) >= _WRITE_BYTES:
                full, waiting = waiting, bytearray()
                await self._write(key, incoming, full)
        if length not in (None, total):
            raise self._broken(key)
        if waiting:
            await self._write(key, incoming, waiting)

    async def _write(self, key: Key, incoming: Incoming, data: bytes | bytearray) -> None:
        await self._do(key, "write", lambda: incoming.write(data))

    async def _do(
        self,
        key: str,
        permission: str,
        work: Callable[[], T],
        *,
        limit_s: float = QUICK_S,
        undo: Callable[[T], None] | None = None,
        certain: bool = False,
    ) -> T:
        with self._place.translated(key, permission):
            return await hop(work, limit_s=limit_s, undo=undo, certain=certain)

    def _named(self, key: Key) -> Sequence[bytes]:
        names = names_of(key)
        if names is None:
            raise self._place.not_found(key)
        return names

    def _writable(self, key: Key) -> Sequence[bytes]:
        self._refuse_read_only(key)
        reason = unstorable(key)
        if reason is not None:
            raise self._place.unstorable(key, reason)
        return self._named(key)

    def _refuse_read_only(self, key: Key) -> None:
        if self.read_only:
            raise ReadOnly(
                f"The store {self._place.store} is read-only; nothing was changed.",
                "Register it as writable if it shall be written to.",
                store=self._place.store,
                bucket=self._place.bucket,
                key=key,
            )

    def _broken(self, key: Key) -> BodyBroken:
        return BodyBroken(
            "The body has another length than was said; no object was made of it.",
            "Send it again with its exact length.",
            store=self._place.store,
            bucket=self._place.bucket,
            key=key,
        )
