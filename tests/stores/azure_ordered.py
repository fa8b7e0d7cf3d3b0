"""A server that lists blobs as Azure does: in an order of its own, by opaque markers, with or without `startFrom`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from aiohttp import web

from stores.azure_facing import error, listing

Order = Callable[[str], Any]


def utf16(name: str) -> bytes:
    """The order of accounts with a flat namespace."""
    return name.encode("utf-16-be")


def by_directory(name: str) -> list[bytes]:
    """The order of accounts with a hierarchical namespace: what is in a directory follows it at once."""
    return [part.encode("utf-16-be") for part in name.split("/")]


@dataclass
class Ordered:
    """The answer of such a server to List Blobs."""

    names: Sequence[str]
    order: Order = utf16
    starts_from: bool = True
    known_version: bool = True
    directories: bool = False
    largest: int = 5000
    pages: int = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        query = request.query
        if "startFrom" in query and not self.known_version:
            return await error(400, "InvalidHeaderValue")(request)
        self.pages += 1
        prefix, size = query.get("prefix", ""), min(int(query["maxresults"]), self.largest)
        found = sorted((name for name in self.names if name.startswith(prefix)), key=self.order)
        if self.starts_from and "startFrom" in query:
            begin = query["startFrom"]
            assert begin.startswith(prefix)
            assert "delimiter" not in query or "/" not in begin[len(prefix) :], "one level only"
            found = [name for name in found if self.order(name) >= self.order(begin)]
        entries = self._rolled(found, prefix) if "delimiter" in query else [(name, False) for name in found]
        at = int(query.get("marker", "!0")[1:])
        told = entries[at : at + size]
        marker = f"!{at + size}" if at + size < len(entries) else ""
        body = listing(
            *(name for name, rolled in told if not rolled),
            prefixes=[name for name, rolled in told if rolled],
            marker=marker,
            directories=self.directories,
        )
        return web.Response(text=body)

    @staticmethod
    def _rolled(found: Sequence[str], prefix: str) -> list[tuple[str, bool]]:
        def cut(name: str) -> tuple[str, bool]:
            end = name.find("/", len(prefix)) + 1
            return (name[:end], True) if end else (name, False)

        return [entry for entry, _ in groupby(found, key=cut)]
