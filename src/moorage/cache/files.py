"""Entries as files: one each, bounded in bytes and age, found without a database."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Final, ParamSpec, TypeVar

from moorage.cache.entry import pack
from moorage.cache.folder import DIGEST, Folder, Kept
from moorage.cache.ledger import LeastRecentlyUsed, Ledger
from moorage.model.caches import CacheState, Purged, Which
from moorage.model.descriptors import Descriptors

_SILENCE_S: Final = 60.0
"""Seconds between two warnings that the disk takes nothing."""
_log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


class Files:
    """A folder of entries, which one process owns; it is made when the first one is put.

    ``max_bytes`` is the size of all entries; above it those go that ``evicts`` says until 95 % are left.
    An entry unused for ``max_age`` is a miss. A hit writes nothing: uses are noted in memory, and after a
    restart the files' own times stand in for them. A disk that is full or read-only turns the cache into
    a pass-through with a warning a minute; nothing is ever raised for it.
    """

    warning: ClassVar[str]
    """What a disk that takes nothing means."""
    evicts: ClassVar[type[Ledger]] = LeastRecentlyUsed
    """What leaves first."""

    def __init__(
        self, root: Path, *, max_bytes: int, max_age: timedelta, clock: Callable[[], float] = time.time
    ) -> None:
        self._root = root
        self._folder = Folder(root)
        self._max_bytes = max_bytes
        self._max_age_s = max_age.total_seconds()
        self._clock = clock
        self._ledger = self.evicts(max_bytes)
        self._whole: set[str] = set()
        """Entries whose checksum this process has seen to be right."""
        self._open: Descriptors[str, None] = Descriptors()
        """Those that were lent a moment ago."""
        self._scan: asyncio.Task[None] | None = None
        self._scanned = False
        self._warned = -_SILENCE_S
        self.trouble = ""
        """Why the disk took nothing when it was last written to."""
        self._hits = 0
        self._misses = 0
        self._threads = ThreadPoolExecutor(2, thread_name_prefix=root.name)

    @property
    def total_bytes(self) -> int:
        """Size of the entries that are known: all of them once the first one was put."""
        return self._ledger.total_bytes

    def size(self, digest: str) -> int | None:
        """The size of an entry that is known and not expired, with its facts."""
        held = self._ledger.held(digest)
        return None if held is None or held[1] < self._oldest() else held[0]

    def read_now(self, digest: str, part: slice | None = None) -> Kept | None:
        """The entry, read at once: for small ones, and for parts."""
        return self._noted(digest, self._load(digest, part))

    def used(self, digest: str) -> None:
        """Note a use of an entry that is known, and that was not read for it."""
        self._hits += 1
        self._ledger.touch(digest, self._clock())

    async def read(self, digest: str, part: slice | None = None) -> Kept | None:
        """The entry, or None for one that was never put, is forgotten or damaged."""
        if self.size(digest) is None and (self._scanned or digest in self._ledger):
            self._misses += 1
            return None
        return self._noted(digest, await self._in_thread(self._load, digest, part))

    async def lend_entry(self, digest: str) -> int | None:
        """A descriptor of the entry's file, which begins with its data, for the caller to close; None as ``read``.

        Its checksum is looked at once, as with every entry.
        """
        known = digest in self._whole and self.size(digest) is not None
        if not known and await self.read(digest) is None:
            return None
        self._ledger.touch(digest, self._clock())
        return self._folder.open(digest)

    def lend_now(self, digest: str) -> tuple[int, float] | None:
        """A descriptor of an entry that was found whole before, for the caller to close, and when it was put."""
        size = self.size(digest)
        if size is None or digest not in self._whole:
            return None
        kept = self._open.get(digest)
        try:
            descriptor = self._folder.open(digest) if kept is None else os.dup(kept[0])
        except OSError:  # too many open files
            return None
        if descriptor is None:
            return None
        told = os.fstat(descriptor)
        if told.st_size != size:
            os.close(descriptor)
            return None
        if kept is None:
            self._open.keep(digest, descriptor, None)
        self.used(digest)
        return descriptor, told.st_mtime

    async def write(self, digest: str, facts: list[Any], data: bytes) -> bool:
        """Keep an entry; a repeat replaces it. False where it is not kept: the disk takes none, or it is too large.

        ``facts`` begin with the numbers of the store and the key of what it was made of.
        """
        pieces = pack(digest, facts, data)
        size = sum(map(len, pieces))
        if size > self._max_bytes:
            return False
        await self._scanning()
        try:
            await self._in_thread(self._folder.write, digest, pieces)
        except OSError as exc:
            self._warn(exc)
            return False
        self.trouble = ""
        self._open.drop(digest)
        self._whole.add(digest)
        return await self._held(digest, size)

    @property
    def max_bytes(self) -> int:
        """The size of all entries at most."""
        return self._max_bytes

    async def aside(self, digest: str) -> Path:
        """Where an entry may be written piece by piece, to be taken then."""
        await self._scanning()  # which removes what earlier processes left aside
        return self._folder.aside(digest)

    async def take(self, digest: str, aside: Path, size: int) -> bool:
        """Keep an entry that was written aside; its file has ``size`` bytes. False where it is larger than all may be.

        Raises OSError.
        """
        if size > self._max_bytes:
            return False
        await self._in_thread(self._folder.put, digest, aside)
        return await self._held(digest, size)

    async def lend_taken(self, digest: str) -> tuple[int, int] | None:
        """A descriptor of an entry that was taken, for the caller to close, and the length of its data; None: a miss.

        Whoever wrote it vouched for it, so no checksum is looked at.
        """
        await self._scanning()
        lent = None if self.size(digest) is None else await self._in_thread(self._folder.lend, digest)
        if lent is None:
            self._misses += 1
            self._ledger.drop(digest)
            return None
        self.used(digest)
        return lent[:2]

    async def _held(self, digest: str, size: int) -> bool:
        """Note an entry that is there now, and make room; whether it is there still."""
        self._ledger.hold(digest, size, self._clock())
        doomed = self._ledger.overdue(self._oldest())
        if doomed:
            self._forget(doomed)
            await self._in_thread(self._folder.remove, doomed)
        return digest in self._ledger

    async def state(self) -> CacheState:
        """What is held, that of earlier processes too."""
        await self._scanning()
        held = (len(self._ledger), self._ledger.total_bytes, self._max_bytes, self._max_age_s)
        return CacheState(*held, self._hits, self._misses, self.trouble)

    async def purge(self, which: Which) -> Purged:
        """Forget entries; whoever reads one of them now reads on."""
        await self._scanning()
        doomed = list(self._ledger)
        if which != Which():
            doomed = await self._in_thread(self._folder.those_of, doomed, lambda facts: which.holds(*facts[:2]))
        before = self._ledger.total_bytes
        for digest in doomed:
            self._ledger.drop(digest)
        self._forget(doomed)
        await self._in_thread(self._folder.remove, doomed)
        return Purged(len(doomed), before - self._ledger.total_bytes)

    async def aclose(self) -> None:
        """Waits for what is being written. A repeat does nothing; later calls raise RuntimeError."""
        self._open.close()
        await asyncio.to_thread(self._threads.shutdown)

    def _noted(self, digest: str, kept: Kept | None) -> Kept | None:
        if kept is None:
            self._misses += 1
            self._ledger.drop(digest)
            self._forget([digest])
            return None
        self._hits += 1
        self._whole.add(digest)
        if not self._ledger.touch(digest, self._clock()):
            self._ledger.hold(digest, kept.size, self._clock())
        return kept

    def _forget(self, digests: Iterable[str]) -> None:
        """That they were found whole."""
        for digest in digests:
            self._whole.discard(digest)
            self._open.drop(digest)

    def _oldest(self) -> float:
        return self._clock() - self._max_age_s

    async def _scanning(self) -> None:
        """Learns, once, what earlier processes left behind."""
        if self._scan is None:
            self._scan = asyncio.create_task(self._learn())
        await asyncio.shield(self._scan)

    async def _learn(self) -> None:
        self._ledger.merge(await self._in_thread(self._folder.survey))
        self._scanned = True

    async def _in_thread(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))

    def _warn(self, exc: OSError) -> None:
        self.trouble = exc.strerror or str(exc)
        now = time.monotonic()
        if now - self._warned >= _SILENCE_S:
            self._warned = now
            _log.warning("%s: %s takes none (%s).", self.warning, self._root, exc.strerror)

    def _load(self, digest: str, part: slice | None) -> Kept | None:
        held = self._ledger.held(digest)
        oldest = self._oldest() if held is None else 0.0
        whole = held[0] if held is not None and digest in self._whole else None
        return self._folder.load(digest, part=part, whole=whole, oldest=oldest)


def digest_of(text: str) -> str:
    """The name of the entry that ``text`` is about."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=DIGEST // 2).hexdigest()
