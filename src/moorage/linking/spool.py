"""The spool: lists as they were sent, but for secrets in URLs, until their imports are forgotten."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from moorage.linking.masking import Mask
from moorage.linking.records import Table, looks_like_table, need_readable
from moorage.model.errors import Busy, Invalid, NotFound, TooLarge

STRAY_S: Final = 24 * 3600.0
"""A list that no import names for so long was left behind by a request that ended early."""
_ENDING: Final = ".list"
_PLACE: Final = "place"


@dataclass(frozen=True, slots=True)
class Spooled:
    """A list that is safe on disk. ``source`` names it; ``lines`` counts those that end, and the last."""

    source: str
    size: int
    lines: int
    csv: bool


class Spool:
    """Keeps lists below ``root``, each of at most ``most_bytes``."""

    def __init__(self, root: Path, *, most_bytes: int) -> None:
        self._root = root
        self._most_bytes = most_bytes
        self._place = ""

    async def place(self) -> str:
        """What names this directory; lists of another one cannot be read here."""
        if not self._place:
            self._place = await asyncio.to_thread(self._read_place)
        return self._place

    async def keep(self, blocks: AsyncIterator[bytes], *, csv: bool | None = None) -> Spooled:
        """Write a list down as it comes; durable when this returns. ``csv`` None: its first line tells.

        Raises TooLarge, and Invalid for what is no text or a table without addresses; nothing is left behind then.
        """
        source = uuid.uuid4().hex
        path = self._path(source)
        await asyncio.to_thread(self._root.mkdir, mode=0o750, parents=True, exist_ok=True)
        file = await asyncio.to_thread(_new, path)
        try:
            with file:
                size, lines = await self._write(file, blocks, csv=csv)
                await asyncio.to_thread(_sync, file)
            table = await asyncio.to_thread(self._table, path, csv=csv)
            await asyncio.to_thread(_sync_folder, self._root)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return Spooled(source, size, lines, table is not None)

    async def _write(self, file: BinaryIO, blocks: AsyncIterator[bytes], *, csv: bool | None) -> tuple[int, int]:
        """Bytes as they are kept, and lines."""
        size, lines, last, mask = 0, 0, b"\n", None
        async for block in blocks:
            size += len(block)
            if size > self._most_bytes:
                raise TooLarge(
                    f"The list is longer than {self._most_bytes:,} bytes. Nothing was linked.",
                    "Send it in parts, or let an admin raise MOORAGE_LINK_LIST_SIZE.",
                )
            if mask is None:
                need_readable(block)
                mask = Mask(csv=looks_like_table(block) if csv is None else csv)
            lines += block.count(b"\n")
            last = block[-1:] or last
            await asyncio.to_thread(_put, file, mask.take(block))
        if mask is None or not size:
            raise Invalid("The list is empty. Nothing was linked.", "Send one address a line.", field="list")
        await asyncio.to_thread(_put, file, mask.end())
        return file.tell(), lines + (last != b"\n")

    def _table(self, path: Path, *, csv: bool | None) -> Table | None:
        with path.open("rb") as file:
            return Table.of(file, csv=csv)

    async def path(self, source: str) -> Path:
        """The file of a list. NotFound when it is gone."""
        path = self._path(source)
        if not await asyncio.to_thread(path.is_file):
            raise NotFound("The list is no longer in the data directory. Nothing more was linked.", "Send it again.")
        return path

    async def sweep(self, named: Collection[str]) -> int:
        """Delete lists that no import names and that are not being sent; how many."""
        return await asyncio.to_thread(self._sweep, named)

    def _sweep(self, named: Collection[str]) -> int:
        swept = 0
        for path in self._root.glob(f"*{_ENDING}"):
            if path.stem not in named and path.stat().st_mtime < time.time() - STRAY_S:
                path.unlink(missing_ok=True)
                swept += 1
        return swept

    async def remove(self, source: str) -> None:
        """Delete a list; a repeat does nothing."""
        await asyncio.to_thread(self._path(source).unlink, missing_ok=True)

    def _path(self, source: str) -> Path:
        return self._root / f"{source}{_ENDING}"

    def _read_place(self) -> str:
        self._root.mkdir(mode=0o750, parents=True, exist_ok=True)
        path = self._root / _PLACE
        try:
            with _new(path) as file:
                file.write(uuid.uuid4().hex.encode())
                _sync(file)
        except FileExistsError:
            pass
        return path.read_text()


def _new(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb")


def _put(file: BinaryIO, data: bytes) -> None:
    try:
        file.write(data)
    except OSError as exc:
        raise Busy(
            f"The list cannot be kept in the data directory: {exc.strerror}. Nothing was linked.",
            "Free some space there, then send it again.",
        ) from exc


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
