"""Entries as files: one each, bounded in bytes and age, found without a database."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from moorage.cache.entry import Corrupted, facts_in, pack, unpack
from moorage.cache.ledger import Ledger
from moorage.model.caches import CacheState, Purged, Which

_DIGEST: Final = 32
_SILENCE_S: Final = 60.0
"""Seconds between two warnings that the disk takes nothing."""
_HEX: Final = frozenset("0123456789abcdef")
_log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found: all data of an entry or the part that was asked for, and when it was put (Unix seconds)."""

    data: bytes
    put_s: float
    size: int
    """Bytes of the entry's file."""
    facts: list[Any]
    """Empty where a part was read of an entry that was found whole before."""


class Files:
    """A folder of entries, which one process owns; it is made when the first one is put.

    ``max_bytes`` is the size of all entries; above it the least recently used go until 95 % are left.
    An entry unused for ``max_age`` is a miss. A hit writes nothing: uses are noted in memory, and after a
    restart the files' own times stand in for them. A disk that is full or read-only turns the cache into
    a pass-through with a warning a minute; nothing is ever raised for it.
    """

    def __init__(
        self,
        root: Path,
        *,
        max_bytes: int,
        max_age: timedelta,
        warning: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``warning``: what a disk that takes nothing means."""
        self._root = root
        self._max_bytes = max_bytes
        self._max_age_s = max_age.total_seconds()
        self._warning = warning
        self._clock = clock
        self._ledger = Ledger(max_bytes)
        self._whole: set[str] = set()
        """Entries whose checksum this process has seen to be right."""
        self._scan: asyncio.Task[None] | None = None
        self._scanned = False
        self._warned = -_SILENCE_S
        self._hits = 0
        self._misses = 0
        self._threads = ThreadPoolExecutor(2, thread_name_prefix=root.name)

    @property
    def total_bytes(self) -> int:
        """Size of the entries that are known: all of them once the first one was put."""
        return self._ledger.total_bytes

    def size(self, digest: str) -> int | None:
        """The size of an entry that is known, with its facts."""
        return None if self._expired(digest) else self._ledger.size(digest)

    def read_now(self, digest: str, part: slice | None = None) -> Kept | None:
        """The entry, read at once: for small ones, and for parts."""
        return self._noted(digest, self._load(digest, part))

    async def read(self, digest: str, part: slice | None = None) -> Kept | None:
        """The entry, or None for one that was never put, is forgotten or damaged."""
        if self._expired(digest) or (self._scanned and digest not in self._ledger):
            self._misses += 1
            return None
        return self._noted(digest, await self._in_thread(self._load, digest, part))

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
            await self._in_thread(self._write, digest, pieces)
        except OSError as exc:
            self._warn(exc)
            return False
        self._ledger.hold(digest, size, self._clock())
        self._whole.add(digest)
        doomed = self._ledger.overdue(self._oldest())
        if doomed:
            self._whole.difference_update(doomed)
            await self._in_thread(self._remove, doomed)
        return True

    async def state(self) -> CacheState:
        """What is held, that of earlier processes too."""
        await self._scanning()
        held = (len(self._ledger), self._ledger.total_bytes, self._max_bytes, self._max_age_s)
        return CacheState(*held, self._hits, self._misses)

    async def purge(self, which: Which) -> Purged:
        """Forget entries; whoever reads one of them now reads on."""
        await self._scanning()
        known = list(self._ledger)
        doomed = known if which == Which() else await self._in_thread(self._those_of, known, which)
        before = self._ledger.total_bytes
        for digest in doomed:
            self._ledger.drop(digest)
        self._whole.difference_update(doomed)
        await self._in_thread(self._remove, doomed)
        return Purged(len(doomed), before - self._ledger.total_bytes)

    async def aclose(self) -> None:
        """Waits for what is being written. A repeat does nothing; later calls raise RuntimeError."""
        await asyncio.to_thread(self._threads.shutdown)

    def _noted(self, digest: str, kept: Kept | None) -> Kept | None:
        self._hits += kept is not None
        self._misses += kept is None
        if kept is None:
            self._ledger.drop(digest)
            self._whole.discard(digest)
        elif digest in self._ledger:
            self._ledger.touch(digest, self._clock())
        else:
            self._ledger.hold(digest, kept.size, self._clock())
        return kept

    def _expired(self, digest: str) -> bool:
        used = self._ledger.used(digest)
        return used is not None and used < self._oldest()

    def _oldest(self) -> float:
        return self._clock() - self._max_age_s

    async def _scanning(self) -> None:
        """Learns, once, what earlier processes left behind."""
        if self._scan is None:
            self._scan = asyncio.create_task(self._learn())
        await asyncio.shield(self._scan)

    async def _learn(self) -> None:
        self._ledger.merge(await self._in_thread(self._survey))
        self._scanned = True

    async def _in_thread(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))

    def _warn(self, exc: OSError) -> None:
        now = time.monotonic()
        if now - self._warned >= _SILENCE_S:
            self._warned = now
            _log.warning("%s: %s takes none (%s).", self._warning, self._root, exc.strerror)

    # Below: disk only; these run in threads and, for small reads, on the event loop.

    def _place(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _load(self, digest: str, part: slice | None) -> Kept | None:
        place = self._place(digest)
        try:
            with place.open("rb", buffering=0) as file:
                told = os.fstat(file.fileno())
                if digest not in self._ledger and max(told.st_atime, told.st_mtime) < self._oldest():
                    return None
                if part is not None and digest in self._whole and told.st_size == self._ledger.size(digest):
                    data = os.pread(file.fileno(), part.stop - part.start, part.start)
                    return Kept(data, told.st_mtime, told.st_size, [])
                facts, data = unpack(digest, file.readall())
        except OSError:
            return None
        except (Corrupted, ValueError, TypeError):
            with suppress(OSError):
                place.unlink()
            return None
        self._whole.add(digest)
        return Kept(data if part is None else data[part], told.st_mtime, told.st_size, facts)

    def _write(self, digest: str, pieces: list[bytes]) -> None:
        place = self._place(digest)
        aside = place.with_name(f".{digest}.{secrets.token_hex(4)}.part")
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with aside.open("xb") as file:
                file.writelines(pieces)
            aside.replace(place)
        except OSError:
            with suppress(OSError):
                aside.unlink()
            raise

    def _those_of(self, digests: list[str], which: Which) -> list[str]:
        return [digest for digest in digests if self._is_of(digest, which)]

    def _is_of(self, digest: str, which: Which) -> bool:
        try:
            with self._place(digest).open("rb", buffering=0) as file:
                store, key, *_ = facts_in(file.fileno(), os.fstat(file.fileno()).st_size)
        except (OSError, Corrupted, ValueError):
            return False
        return which.holds(store, key)

    def _remove(self, digests: list[str]) -> None:
        for digest in digests:
            with suppress(OSError):
                self._place(digest).unlink()

    def _survey(self) -> list[tuple[str, int, float]]:
        """Every entry with its size and last use, least recently used first. Writings cut short are removed."""
        found: list[tuple[str, int, float]] = []
        with suppress(OSError):
            for shard in [place for place in self._root.iterdir() if len(place.name) == 2]:  # noqa: PLR2004 - two digits
                found += _shard(shard)
        return sorted(found, key=lambda known: known[2])


def digest_of(*words: object) -> str:
    """The name of an entry: of all the words, in this order."""
    text = "\0".join(map(str, words)).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=_DIGEST // 2).hexdigest()


def _shard(folder: Path) -> list[tuple[str, int, float]]:
    """The entries of one folder; what is not the cache's own is left alone."""
    found = []
    with suppress(OSError), os.scandir(folder) as places:
        for place in places:
            if place.name.startswith(".") and place.name.endswith(".part"):
                with suppress(OSError):
                    Path(place.path).unlink()
            elif len(place.name) == _DIGEST and set(place.name) <= _HEX:
                facts = place.stat(follow_symlinks=False)
                found.append((place.name, facts.st_size, max(facts.st_atime, facts.st_mtime)))
    return found
