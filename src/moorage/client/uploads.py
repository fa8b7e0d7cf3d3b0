"""Uploads: a file of this machine, or bytes, into a folder of the server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.client.fetching import Note
from moorage.client.shapes import Item
from moorage.client.transport import TRIES
from moorage.model.errors import Changed, Invalid, MoorageError, NotFound, StoreUnreachable, TryAgain
from moorage.model.keys import ESCAPED, Key, escape, needs_escape, unescape
from moorage.model.media import guess

IfExists = Literal["refuse", "replace", "both"]
BLOCK: Final = 1 << 20
SILENCE_S: Final = 300.0
"""A server that takes no block for so long, or is done with the last one and says nothing, is given up."""
_NAMES: Final = 500


class UploadCalls(Calls):
    """What goes into folders."""

    async def upload(
        self,
        file: Path | str | bytes,
        folder: str,
        *,
        name: str | None = None,
        if_exists: IfExists = "refuse",
        note: Note | None = None,
    ) -> Item:
        """Put a file, or bytes, into the folder with that id; the item that it became.

        ``name``: how it shall be called; for a file its own name. ``if_exists``: what to do where an item has that
        name; ``both`` calls the new one ``name (2).jpg``. The file is streamed, at most 5 GiB, and shown once its
        bytes are safe in the store; after a passing fault it is sent again, except with ``both``. ``note`` is told
        the length of each block that was sent, and less than nothing of what is sent again.
        Raises: AlreadyExists, ReadOnly, Forbidden, NotFound, Changed when the file changes meanwhile.
        """
        source = _Bytes(file) if isinstance(file, bytes) else await asyncio.to_thread(_File, Path(file))
        called = name if name is not None else source.name
        if not called:
            raise Invalid("Bytes have no name of their own. Nothing was sent.", "Give a name.", field="name")
        odd = needs_escape(called)
        query = query_of(
            name=escape(called) if odd else called, if_exists=if_exists, key_encoding=ESCAPED if odd else None
        )
        headers = {"Content-Length": str(source.length), "Content-Type": guess(called)[1]}
        for left in range(TRIES if if_exists != "both" else 1, 0, -1):
            sending = _Sending(source, note)
            try:
                with sending.told():
                    found = await self._transport.put(
                        f"/folders/{part(folder)}/items",
                        sending.blocks(),
                        query=query,
                        headers=headers,
                        idle_s=SILENCE_S,
                    )
            except TryAgain as error:
                sending.take_back()
                full = isinstance(error, StoreUnreachable) and error.cause == "disk_full"
                if left == 1 or full:
                    raise
                await self._transport.pause(TRIES - left + 1, error)
            else:
                return decode(Item, found)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def taken(self, folder: str, names: Iterable[str]) -> list[str]:
        """Which of these names items of the folder have, in their order."""
        wanted = list(names)
        found: list[str] = []
        for start in range(0, len(wanted), _NAMES):
            some = [escape(name) for name in wanted[start : start + _NAMES]]
            body = {"names": some, "key_encoding": ESCAPED}
            answered = await self._transport.post(f"/folders/{part(folder)}/taken", body)
            found += [unescape(name) for name in answered["taken"]]
        return found


class _Bytes:
    """Bytes at hand."""

    name = Key("")

    def __init__(self, data: bytes) -> None:
        self.length = len(data)
        self._data = data

    async def blocks(self) -> AsyncIterator[bytes]:
        for start in range(0, self.length, BLOCK):
            yield self._data[start : start + BLOCK]


class _File:
    """A file, as it is when the upload begins."""

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                self._before = _version(file.fileno())
        except (FileNotFoundError, IsADirectoryError, PermissionError) as exc:
            raise NotFound(
                f"{escape(str(path))!r} cannot be read: {exc.strerror}. Nothing was sent.", "Name a file that can be."
            ) from exc
        self._path = path
        self.name = Key(path.name)
        self.length = self._before[0]

    async def blocks(self) -> AsyncIterator[bytes]:
        """Its bytes; the last ones only once it is certain that all of them are of one version."""
        with await asyncio.to_thread(self._path.open, "rb") as file:
            held, count = b"", 0
            while count <= self.length and (block := await asyncio.to_thread(file.read, BLOCK)):
                count += len(block)
                if held:
                    yield held
                held = block
            if count != self.length or _version(file.fileno()) != self._before:
                raise Changed(
                    f"{escape(self._path.name)!r} changed while it was sent. Nothing was stored.",
                    "Wait until nobody writes to it, then send it again.",
                )
            if held:
                yield held


class _Sending:
    """One try: it counts what was sent, and keeps what the source raised, which aiohttp would hide."""

    def __init__(self, source: _Bytes | _File, note: Note | None) -> None:
        self._source = source
        self._note: Callable[[int], object] = note or (lambda _: None)
        self._sent = 0
        self._failure: MoorageError | None = None

    async def blocks(self) -> AsyncIterator[bytes]:
        try:
            async for block in self._source.blocks():
                yield block
                self._sent += len(block)
                self._note(len(block))
        except MoorageError as failure:
            self._failure = failure
            raise

    def take_back(self) -> None:
        """Nothing of it counts."""
        self._note(-self._sent)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raise what the source raised in place of the broken connection that came of it."""
        try:
            yield
        except TryAgain:
            if self._failure is not None:
                raise self._failure from None
            raise


def _version(descriptor: int) -> tuple[int, int, int]:
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns, status.st_ino
