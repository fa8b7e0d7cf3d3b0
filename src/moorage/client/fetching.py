"""Fetching: the bytes at one path of the server, as a stream or into a file; always those of one version."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import BinaryIO, Final

import aiohttp

from moorage.client.transport import TRIES, Query, Transport
from moorage.model.errors import BodyBroken, Changed, TryAgain

PARTIAL: Final = 206
Note = Callable[[int], None]
"""Told of each chunk that was written: how many bytes it has."""


async def chunks(
    transport: Transport, path: str, *, query: Query | None = None, start: int = 0, end: int | None = None
) -> AsyncGenerator[bytes, None]:
    """The bytes from ``start`` (inclusive) to ``end`` (exclusive; None: the end), in chunks.

    Raises: RangeUnsatisfiable, TryAgain when the connection breaks, BodyBroken when bytes are missing.
    """
    headers = _range(start, end)
    async with transport.stream("GET", path, query=query, headers=headers) as response:
        if headers:
            _need_partial(response)
        expected, count = response.content_length, 0
        async for chunk in transport.body(response):
            count += len(chunk)
            yield chunk
        need_length(count, expected)


async def save(
    transport: Transport, path: str, to: Path | str, *, query: Query | None = None, note: Note | None = None
) -> int:
    """Write all bytes to the file ``to``; how many they are.

    The file appears whole or not at all: bytes go to a file beside it that is renamed at the end. A connection
    that breaks is taken up where it broke, as long as the bytes are of the same version.
    Raises: Changed when they became others, BodyBroken, TryAgain.
    """
    target = Path(to)
    draft = target.with_name(f".{secrets.token_hex(8)}.moorage-part")  # not longer than any name may be
    try:
        with await asyncio.to_thread(draft.open, "xb") as file:
            size = await _fill(transport, path, query, file, note or _nobody)
            await asyncio.to_thread(_settle, file)
        await asyncio.to_thread(draft.replace, target)
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)
    return size


async def _fill(transport: Transport, path: str, query: Query | None, file: BinaryIO, note: Note) -> int:
    """Write all of it, taking a broken answer up where it broke; its size."""
    version: str | None = None
    size: int | None = None
    done = 0
    for attempt in range(1, TRIES + 1):
        async with transport.stream("GET", path, query=query, headers=_range(done, None)) as response:
            validator = response.headers.get("ETag")
            if done:
                _need_partial(response)
                _need_same(version, validator)
            version = validator
            size = done + response.content_length if response.content_length is not None else None
            try:
                async for chunk in transport.body(response):
                    await asyncio.to_thread(file.write, chunk)
                    done += len(chunk)
                    note(len(chunk))
            except TryAgain:
                if attempt == TRIES or version is None:
                    raise
                continue
        need_length(done, size)
        return done
    raise AssertionError("unreachable: the last attempt returns or raises")


def need_length(count: int, expected: int | None) -> None:
    """Raise BodyBroken where the count is not what was promised."""
    if expected is not None and count != expected:
        raise BodyBroken(f"{count} bytes came in place of {expected}; nothing was kept.", "Ask again.")


def _nobody(_: int) -> None:
    return


def _range(start: int, end: int | None) -> dict[str, str]:
    """Ranges of HTTP include their last byte. Source: RFC 9110 section 14.1.2."""
    if not start and end is None:
        return {}
    return {"Range": f"bytes={start}-{'' if end is None else end - 1}"}


def _need_partial(response: aiohttp.ClientResponse) -> None:
    if response.status != PARTIAL:
        raise BodyBroken("The server sent the whole item in place of a range; nothing was kept.", "Ask again.")


def _need_same(before: str | None, now: str | None) -> None:
    if before != now:
        raise Changed("The item changed while it was read; nothing was kept.", "Read it again.")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
