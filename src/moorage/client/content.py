"""Bytes: content with ranges, previews, posters, downloads, signed URLs."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import BinaryIO, Final, Literal

import aiohttp

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode
from moorage.client.shapes import SignedUrl, Variant
from moorage.client.transport import TRIES
from moorage.model.errors import BodyBroken, Changed, TryAgain

PARTIAL: Final = 206
Fit = Literal["inside", "cover", "fill"]


class ContentCalls(Calls):
    """Bytes of items."""

    async def content(self, item: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """The item's bytes from ``start`` (inclusive) to ``end`` (exclusive; None: its end), in chunks.

        Raises: RangeUnsatisfiable, TryAgain when the connection breaks, BodyBroken when bytes are missing.
        """
        headers = _range(start, end)
        async with self._transport.stream("GET", f"/items/{part(item)}/content", headers=headers) as response:
            if headers:
                _need_partial(response)
            expected, count = response.content_length, 0
            async for chunk in self._transport.body(response):
                count += len(chunk)
                yield chunk
            _need_length(count, expected)

    async def read(self, item: str, *, start: int = 0, end: int | None = None) -> bytes:
        """The same bytes at once."""
        return b"".join([chunk async for chunk in self.content(item, start=start, end=end)])

    async def preview(
        self,
        item: str,
        *,
        width: int | None = None,
        height: int | None = None,
        fit: str | None = None,
        format: str | None = None,
    ) -> bytes:
        """A preview of an image. Raises: Undecodable with the reason."""
        query = query_of(width=width, height=height, fit=fit, format=format)
        return await self._variant(item, "preview", query)

    async def poster(
        self, item: str, *, width: int | None = None, height: int | None = None, format: str | None = None
    ) -> bytes:
        """A frame of a video as an image. Raises: Undecodable with the reason."""
        return await self._variant(item, "poster", query_of(width=width, height=height, format=format))

    async def download(self, item: str, to: Path | str) -> int:
        """Write the item to the file ``to``; how many bytes it has.

        The file appears whole or not at all: bytes go to a file beside it that is renamed at the end. A connection
        that breaks is taken up where it broke, as long as the item is the same version.
        Raises: Changed when it became another, BodyBroken, TryAgain.
        """
        target = Path(to)
        draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.moorage-part")
        try:
            with await asyncio.to_thread(draft.open, "xb") as file:
                size = await self._fill(item, file)
                await asyncio.to_thread(_settle, file)
            await asyncio.to_thread(draft.replace, target)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
        return size

    async def sign_url(
        self, item: str, *, variant: Variant = "content", expires_in: int = 3600, disposition: str | None = None
    ) -> SignedUrl:
        """A URL that reads one variant of the item without a token for ``expires_in`` seconds."""
        body = given(variant=variant, expires_in=expires_in, disposition=disposition)
        return decode(SignedUrl, await self._transport.post(f"/items/{part(item)}/url", body))

    async def sign_urls(
        self, project: str, *, variant: Variant = "content", expires_in: int = 3600, disposition: str | None = None
    ) -> AsyncGenerator[SignedUrl, None]:
        """Such a URL for every item of a project, as a stream."""
        body = given(variant=variant, expires_in=expires_in, disposition=disposition)
        async for row in self._transport.lines("POST", f"/projects/{part(project)}/urls", body=body):
            yield decode(SignedUrl, row)

    async def _variant(self, item: str, variant: str, query: Mapping[str, str | int | bool | None]) -> bytes:
        async with self._transport.stream("GET", f"/items/{part(item)}/{variant}", query=query) as response:
            raw = b"".join([chunk async for chunk in self._transport.body(response)])
            _need_length(len(raw), response.content_length)
            return raw

    async def _fill(self, item: str, file: BinaryIO) -> int:
        """Write the whole item, taking a broken answer up where it broke; its size."""
        version: str | None = None
        size: int | None = None
        done = 0
        for attempt in range(1, TRIES + 1):
            headers = _range(done, None)
            async with self._transport.stream("GET", f"/items/{part(item)}/content", headers=headers) as response:
                validator = response.headers.get("ETag")
                if done:
                    _need_partial(response)
                    _need_same(version, validator)
                version = validator
                size = done + response.content_length if response.content_length is not None else None
                try:
                    async for chunk in self._transport.body(response):
                        await asyncio.to_thread(file.write, chunk)
                        done += len(chunk)
                except TryAgain:
                    if attempt == TRIES or version is None:
                        raise
                    continue
            _need_length(done, size)
            return done
        raise AssertionError("unreachable: the last attempt returns or raises")


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


def _need_length(count: int, expected: int | None) -> None:
    if expected is not None and count != expected:
        raise BodyBroken(f"{count} bytes came in place of {expected}; nothing was kept.", "Ask again.")


def _settle(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
