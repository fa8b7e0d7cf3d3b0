"""Calls about links: import lists of addresses, look at what became of them, check them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.client.link_shapes import BrokenLink, ImportLine, LinkImport, StartedImport
from moorage.client.shapes import Started
from moorage.model.errors import NotFound
from moorage.model.keys import escape
from moorage.model.links import Directories, Verdict

BLOCK: Final = 1 << 20
Source = bytes | BinaryIO | Iterable[str]
SILENCE_S: Final = 300.0
"""A server that takes no block for so long, or is done with the last one and says nothing, is given up."""


class LinkCalls(Calls):
    """Links."""

    async def import_links(
        self,
        addresses: Path | str | bytes | BinaryIO | Iterable[str],
        project: str,
        *,
        folder: str = "",
        dry_run: bool = False,
        probe: bool = False,
        keep_directories: Directories | str = Directories.NONE,
        table: bool | None = None,
        name: str = "",
    ) -> StartedImport:
        """Link objects where they lie; the answer names the job.

        ``addresses``: a file with one a line (a path, or open in binary mode), its bytes, or the addresses themselves.
        ``table``: it is CSV with a header; None: its name or first line tells. ``folder``: an id, or names below the
        project's root. ``dry_run`` links nothing; ``probe`` asks the stores for sizes and leaves out what is not there.
        Raises: Invalid, TooLarge, Forbidden, Conflict for a folder that shows a mirror.
        """
        path = Path(addresses) if isinstance(addresses, str | Path) else None
        if table is None and path is not None and path.suffix.lower() == ".csv":
            table = True
        query = query_of(
            folder=folder or None,
            dry_run=dry_run or None,
            probe=probe or None,
            keep_directories=str(keep_directories),
            name=name or (escape(path.name)[:200] if path is not None else None) or None,
        )
        async with _opened(addresses) as source:
            found = await self._transport.put(
                f"/projects/{part(project)}/links",
                _blocks(source),
                method="POST",
                query=query,
                headers={"Content-Type": "text/csv" if table else "text/plain"},
                idle_s=SILENCE_S,
            )
        return decode(StartedImport, found)

    async def link_import(self, import_: str) -> LinkImport:
        """One import as it stands. Raises: NotFound."""
        return decode(LinkImport, await self._transport.get(f"/imports/{part(import_)}"))

    async def import_lines(
        self, import_: str, verdicts: Iterable[Verdict | str] = ()
    ) -> AsyncGenerator[ImportLine, None]:
        """What became of its lines, in their order; all that are kept, or those of these verdicts."""
        query = query_of(verdict=",".join(map(str, verdicts)) or None, limit=1000)
        async for row in self._transport.pages(f"/imports/{part(import_)}/lines", "lines", query):
            yield decode(ImportLine, row)

    async def import_table(self, import_: str, verdicts: Iterable[Verdict | str] = ()) -> AsyncGenerator[bytes, None]:
        """The same lines as CSV, in chunks, beside what a table that was sent said of them: to mend and send again."""
        path = f"/imports/{part(import_)}/lines"
        query = query_of(verdict=",".join(map(str, verdicts)) or None)
        async with self._transport.stream("GET", path, query=query, accept="text/csv") as response:
            async for chunk in self._transport.body(response):
                yield chunk

    async def apply_import(self, import_: str) -> StartedImport:
        """Carry a dry run out, without sending its list again; a repeat names the same import."""
        return decode(StartedImport, await self._transport.post(f"/imports/{part(import_)}/apply"))

    async def check_links(self, project: str) -> Started:
        """Look whether the links of a project resolve; the answer names the job."""
        return decode(Started, await self._transport.post(f"/projects/{part(project)}/links/check"))

    async def broken_links(self, project: str) -> AsyncGenerator[BrokenLink, None]:
        """The links of a project that did not resolve when they were last checked."""
        async for row in self._transport.pages(f"/projects/{part(project)}/links/broken", "items"):
            yield decode(BrokenLink, row)


async def _blocks(source: Source) -> AsyncIterator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), BLOCK):
            yield source[start : start + BLOCK]
    elif hasattr(source, "read"):
        while block := await asyncio.to_thread(source.read, BLOCK):
            yield block
    else:
        for line in source:
            yield line.encode("utf-8", "surrogateescape") + b"\n"


@asynccontextmanager
async def _opened(addresses: Path | str | Source) -> AsyncIterator[Source]:
    """A file is opened before anything is sent: its trouble is not the server's."""
    if not isinstance(addresses, Path | str):
        yield addresses
        return
    try:
        file = await asyncio.to_thread(Path(addresses).open, "rb")
    except OSError as exc:
        raise NotFound(
            f"{escape(str(addresses))!r} cannot be read: {exc.strerror}. Nothing was sent.", "Name a file that can be."
        ) from exc
    with file:
        yield file
