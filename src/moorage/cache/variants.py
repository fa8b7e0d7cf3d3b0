"""Finished variants as files: one per variant, bounded in bytes and age, found without a database."""

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
from datetime import timedelta
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from moorage.cache import entry
from moorage.cache.entry import Corrupted
from moorage.cache.ledger import Ledger
from moorage.model.variant import Rendered

INLINE_BYTES: Final = 256 * 1024
"""Entries up to this size are read on the event loop: opening and reading takes about 30 microseconds."""
_DIGEST: Final = 32
_SILENCE_S: Final = 60.0
"""Seconds between two warnings that the disk takes nothing."""
_HEX: Final = frozenset("0123456789abcdef")
_log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


class FileVariantCache:
    """A VariantCache in ``root``, which one process owns; it is made when the first variant is put.

    ``max_bytes`` is the size of all entries; above it the least recently used go until 95 % are left.
    An entry unused for ``max_age`` is a miss. A hit writes nothing: uses are noted in memory, and after a
    restart the files' own times stand in for them. A disk that is full or read-only turns the cache into
    a pass-through with a warning a minute; nothing is ever raised for it.
    """

    def __init__(
        self, root: Path, *, max_bytes: int, max_age: timedelta, clock: Callable[[], float] = time.time
    ) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._max_age_s = max_age.total_seconds()
        self._clock = clock
        self._ledger = Ledger(max_bytes)
        self._scan: asyncio.Task[None] | None = None
        self._scanned = False
        self._warned = -_SILENCE_S
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="variants")

    @property
    def total_bytes(self) -> int:
        """Size of the entries that are known: all of them once the first variant was put."""
        return self._ledger.total_bytes

    def get_now(self, store: int, key: str, name: str) -> Rendered | None:
        """The variant, if it is at hand in at most ``INLINE_BYTES``; else None, and ``get`` may still find it."""
        digest = _digest(store, key, name)
        size = self._ledger.size(digest)
        if size is None or size > INLINE_BYTES or self._expired(digest):
            return None
        return self._noted(digest, self._load(digest))

    async def get(self, store: int, key: str, name: str) -> Rendered | None:
        """The variant, or None for one that was never put, is forgotten or damaged."""
        digest = _digest(store, key, name)
        size = self._ledger.size(digest)
        if self._expired(digest) or (size is None and self._scanned):
            return None
        if size is not None and size <= INLINE_BYTES:
            return self._noted(digest, self._load(digest))
        return self._noted(digest, await self._in_thread(self._load, digest))

    async def put(self, store: int, key: str, name: str, rendered: Rendered) -> None:
        """Keeps a variant; a repeat replaces it. One larger than the whole cache is not kept."""
        digest = _digest(store, key, name)
        packed = entry.pack(digest, rendered)
        if len(packed) > self._max_bytes:
            return
        await self._scanning()
        try:
            await self._in_thread(self._write, digest, packed)
        except OSError as exc:
            self._warn(exc)
            return
        self._ledger.hold(digest, len(packed), self._clock())
        doomed = self._ledger.overdue(self._oldest())
        if doomed:
            await self._in_thread(self._remove, doomed)

    async def aclose(self) -> None:
        """Waits for what is being written. A repeat does nothing; later calls raise RuntimeError."""
        await asyncio.to_thread(self._threads.shutdown)

    def _noted(self, digest: str, rendered: Rendered | None) -> Rendered | None:
        if rendered is None:
            self._ledger.drop(digest)
        elif digest in self._ledger:
            self._ledger.touch(digest, self._clock())
        else:
            # Found before the scan; the few bytes of its head do not matter until then.
            self._ledger.hold(digest, len(rendered.data), self._clock())
        return rendered

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
            _log.warning("Previews are made anew each time: %s takes none (%s).", self._root, exc.strerror)

    # Below: disk only; these run in threads and, for small entries, on the event loop.

    def _place(self, digest: str) -> Path:
        return self._root / digest[:2] / digest

    def _load(self, digest: str) -> Rendered | None:
        place = self._place(digest)
        try:
            with place.open("rb", buffering=0) as file:
                facts = os.fstat(file.fileno())
                if digest not in self._ledger and max(facts.st_atime, facts.st_mtime) < self._oldest():
                    return None
                return entry.unpack(digest, file.read())
        except OSError:
            return None
        except (Corrupted, ValueError, TypeError):
            with suppress(OSError):
                place.unlink()
            return None

    def _write(self, digest: str, packed: bytes) -> None:
        place = self._place(digest)
        aside = place.with_name(f".{digest}.{secrets.token_hex(4)}.part")
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with aside.open("xb") as file:
                file.write(packed)
            aside.replace(place)
        except OSError:
            with suppress(OSError):
                aside.unlink()
            raise

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


def _digest(store: int, key: str, name: str) -> str:
    text = f"{store}\0{name}\0{key}".encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=_DIGEST // 2).hexdigest()
