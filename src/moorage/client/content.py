"""Bytes: content with ranges, previews, posters, downloads, signed URLs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final, Literal

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode
from moorage.client.fetching import Note, chunks, need_length, save
from moorage.client.shapes import ItemKind, SignedManifest, SignedUrl, Variant

Fit = Literal["inside", "down", "cover"]
HERE: Final = {"via": "server"}
"""The bytes come from the server, which knows their version, also where browsers are sent on to the store."""


class ContentCalls(Calls):
    """Bytes of items."""

    async def content(self, item: str, *, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """The item's bytes from ``start`` (inclusive) to ``end`` (exclusive; None: its end), in chunks.

        Raises: RangeUnsatisfiable, TryAgain when the connection breaks, BodyBroken when bytes are missing.
        """
        path = f"/items/{part(item)}/content"
        async with aclosing(chunks(self._transport, path, query=HERE, start=start, end=end)) as found:
            async for chunk in found:
                yield chunk

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
        page: int | None = None,
        window: tuple[float, float] | None = None,
    ) -> bytes:
        """A preview of an image: WebP, unless ``format`` says avif, jpeg or png; ``page`` counts from 1.

        ``window``: the stored values that are shown black and white. Raises: Undecodable with the reason.
        """
        values = _values(window)
        query = query_of(width=width, height=height, fit=fit, format=format or "webp", page=page, window=values)
        return await self._variant(item, "preview", query)

    async def poster(
        self, item: str, *, width: int | None = None, height: int | None = None, format: str | None = None
    ) -> bytes:
        """A frame of a video as an image. Raises: Undecodable with the reason."""
        return await self._variant(item, "poster", query_of(width=width, height=height, format=format))

    async def download(self, item: str, to: Path | str, *, note: Note | None = None) -> int:
        """Write the item to the file ``to``; how many bytes it has. ``note`` is told the length of each chunk.

        The file appears whole or not at all: bytes go to a file beside it that is renamed at the end. A connection
        that breaks is taken up where it broke, as long as the item is the same version.
        Raises: Changed when it became another, BodyBroken, TryAgain.
        """
        return await save(self._transport, f"/items/{part(item)}/content", to, query=HERE, note=note)

    async def sign_url(
        self,
        item: str,
        *,
        variant: Variant = "content",
        expires_in: int = 3600,
        disposition: str | None = None,
        width: int | None = None,
        page: int | None = None,
        window: tuple[float, float] | None = None,
    ) -> SignedUrl:
        """A URL that reads one variant of the item without a token for ``expires_in`` seconds.

        ``width``, ``page`` and ``window`` are those of a preview.
        """
        shown = given(width=width, page=page, window=_values(window))
        body = {**given(variant=variant, expires_in=expires_in, disposition=disposition), **shown}
        return decode(SignedUrl, await self._transport.post(f"/items/{part(item)}/url", body))

    async def sign_manifest(self, folder: str, *, expires_in: int = 3600) -> SignedManifest:
        """The IIIF manifest of a folder for whoever has the URL, with all images in it, for ``expires_in`` seconds."""
        told = await self._transport.post(f"/folders/{part(folder)}/url", {"expires_in": expires_in})
        return decode(SignedManifest, told)

    async def sign_urls(
        self,
        project: str,
        *,
        path: str = "",
        kind: ItemKind | None = None,
        prefix: str = "",
        min_size: int | None = None,
        max_size: int | None = None,
        variant: Variant = "content",
        expires_in: int = 3600,
        disposition: str | None = None,
    ) -> AsyncGenerator[SignedUrl, None]:
        """Such a URL for every item at and below ``path``, as a stream; ``prefix`` is that of an item's name.

        ``path`` names a folder or an item below the project's root, sizes are inclusive.
        """
        filters = given(path=path or None, kind=kind, prefix=prefix or None, min_size=min_size, max_size=max_size)
        body = {**filters, **given(variant=variant, expires_in=expires_in, disposition=disposition)}
        async for row in self._transport.lines("POST", f"/projects/{part(project)}/urls", body=body):
            yield decode(SignedUrl, row)

    async def _variant(self, item: str, variant: str, query: Mapping[str, str | int | bool | None]) -> bytes:
        async with self._transport.stream("GET", f"/items/{part(item)}/{variant}", query=query) as response:
            raw = b"".join([chunk async for chunk in self._transport.body(response)])
            need_length(len(raw), response.content_length)
            return raw


def _values(window: tuple[float, float] | None) -> str | None:
    return None if window is None else f"{window[0]!r},{window[1]!r}"
