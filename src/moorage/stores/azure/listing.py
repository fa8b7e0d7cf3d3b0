"""Listings: ask -> parse -> put in byte order -> page.

Azure's own order is that of UTF-16, and in accounts with a hierarchical namespace that of directories; both
differ from byte order for some keys only. Where a page might be concerned, all keys below the prefix are
gathered and sorted, up to a bound; everywhere else pages are passed on as they come.

Azure pages by an opaque marker. The one that follows a page is remembered, so that a listing read to its end
costs one request a page. A listing begun in the middle uses ``startFrom``, or, where the server does not know it,
walks there from the beginning: one request for each 5,000 keys before it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise
from typing import Final

from moorage.model.errors import StoreUnreachable
from moorage.model.keys import Key, key_bytes
from moorage.model.objects import Listed, ListingPage
from moorage.stores.azure.client import VERSION, Call, Client
from moorage.stores.azure.errors import error_of, not_azure, problem_in
from moorage.stores.azure.pages import Page, Unreadable, parse

STARTS_FROM: Final = "2026-02-06"
"""The first version of the service that knows ``startFrom``."""
MOST_GATHERED: Final = 200_000
"""Keys that are put in order in memory, about 60 MB."""
_LARGEST_PAGE: Final = 64 * 1024 * 1024
_MOST: Final = 5000
_REMEMBERED: Final = 256
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
_HIGH: Final = re.compile("[\ue000-\uffff]")
_UNKNOWN: Final = frozenset({"InvalidHeaderValue", "InvalidQueryParameterValue", "UnsupportedQueryParameter"})

Entry = tuple[bytes, Key, Listed | None]
"""Bytes of the key, the key, and its object; None: it is a prefix."""


@dataclass(slots=True)
class _Gathered:
    """All entries of a listing, in byte order."""

    entries: list[Entry]


@dataclass(slots=True)
class Lister:
    """Lists one container; remembers how the listings under way go on."""

    _following: OrderedDict[tuple[str, bool, str], str | _Gathered] = field(default_factory=OrderedDict)
    _starts_from: bool = True
    """False once the server has shown that it does not know ``startFrom``."""
    _hierarchical: bool | None = None
    """None: not known yet."""

    async def page(self, client: Client, prefix: str, after: Key | None, limit: int, *, delimiter: bool) -> ListingPage:
        """One page in byte order. Raises StoreUnreachable for an answer that would hide keys."""
        if after and not after.startswith(prefix):
            if key_bytes(after) > key_bytes(prefix):
                return ListingPage([])  # all keys below the prefix come before it
            after = None
        ask = _Ask(client, prefix, delimiter=delimiter)
        following = self._following.pop((prefix, delimiter, after), None) if after else None
        if isinstance(following, _Gathered):
            return self._cut(ask, following, after or "", limit)
        start = "" if following or not after else await self._start(ask, after)
        if self._hierarchical and after:
            return await self._in_order(ask, after, limit)
        return await self._walked(ask, after or "", following or "", start, limit)

    async def _walked(self, ask: _Ask, after: str, marker: str, start: str, limit: int) -> ListingPage:
        """The first page that tells of keys after ``after``, from the marker or the start on."""
        size = _MOST if after and not marker and not start else min(limit + (start != ""), _MOST)
        while True:
            raw = await ask.page(marker, start, size)
            if start and self._ignored(raw, start):
                return await self._walked(ask, after, "", "", limit)
            hierarchical = await self._learn(ask, raw)
            entries, sound = _in_byte_order(raw, after)
            whole = not (marker or start or raw.marker)
            if not whole and (hierarchical or not sound or await self._cuts_disorder(ask, raw)):
                return await self._in_order(ask, after, limit)
            if entries or not raw.marker:
                return self._told(ask, entries, limit, (marker, raw.marker))
            if raw.marker == marker:
                raise not_azure(ask.client.names, "a listing that does not go on")
            marker, start, size = raw.marker, "", _MOST

    async def _in_order(self, ask: _Ask, after: str, limit: int) -> ListingPage:
        """A page out of all that lies below the prefix. Raises StoreUnreachable where that is too much."""
        entries: list[Entry] = []
        marker = ""
        while True:
            raw = await ask.page(marker, "", _MOST)
            entries += _entries(raw)
            if len(entries) > MOST_GATHERED:
                raise StoreUnreachable(
                    f"{ask.client.place.endpoint} lists {ask.client.place.bucket} in another order than that of its "
                    f"keys, and there are more than {MOST_GATHERED} below {ask.prefix!r}. Nothing was changed.",
                    "Use a prefix that holds fewer, such as one folder at a time.",
                    cause="unordered listing",
                    store=ask.client.names.store,
                    bucket=ask.client.names.bucket,
                )
            if not raw.marker:
                break
            marker = raw.marker
        entries.sort(key=_first)
        return self._cut(ask, _Gathered(_once(entries)), after, limit)

    def _cut(self, ask: _Ask, gathered: _Gathered, after: str, limit: int) -> ListingPage:
        begin = bisect_right(gathered.entries, key_bytes(after), key=_first) if after else 0
        told = gathered.entries[begin : begin + limit]
        last = told[-1][1] if begin + limit < len(gathered.entries) else None
        if last is not None:
            self._remember(ask, last, gathered)
        return _page(told, last)

    def _told(self, ask: _Ask, entries: list[Entry], limit: int, markers: tuple[str, str]) -> ListingPage:
        """The page of these entries; ``markers`` are that of the raw page and that of the one after it."""
        told = entries[:limit]
        cut = len(told) < len(entries)
        last = told[-1][1] if told and (cut or markers[1]) else None
        if last is not None and (following := markers[0] if cut else markers[1]):
            self._remember(ask, last, following)
        return _page(told, last)

    def _remember(self, ask: _Ask, last: Key, following: str | _Gathered) -> None:
        self._following[ask.prefix, ask.delimiter, last] = following
        if len(self._following) > _REMEMBERED:
            self._following.popitem(last=False)

    async def _start(self, ask: _Ask, after: Key) -> str:
        """The greatest name from which no key after ``after`` is missed, in whatever order; empty: the beginning."""
        if not self._starts_from:
            return ""
        if self._hierarchical is None:
            await self._learn(ask, None)
        # Characters beyond the 16-bit plane stand before these in UTF-16, and after them in byte order.
        high = _HIGH.search(after)
        start = after[: high.start()] if high else after
        if ask.delimiter:
            start = ask.prefix + start[len(ask.prefix) :].partition("/")[0]
        return start if len(start) > len(ask.prefix) else ""

    async def _learn(self, ask: _Ask, raw: Page | None) -> bool:
        """Whether the account has a hierarchical namespace; False while nothing tells. Objects do, prefixes do not."""
        if raw is None or (self._hierarchical is None and not raw.objects and raw.prefixes):
            raw = await _Ask(ask.client, ask.prefix, delimiter=False).page("", "", 1)
        if raw.hierarchical or (raw.objects and self._hierarchical is None):
            self._hierarchical = raw.hierarchical
        return bool(self._hierarchical)

    def _ignored(self, raw: Page, start: str) -> bool:
        """True where the server does not know ``startFrom``: then the page begins before it."""
        first = min((_utf16(key) for key in _keys(raw)), default=None)
        if first is not None and first >= _utf16(start):
            return False
        if first is None and raw.marker != _REFUSED:
            return False
        self._starts_from = False
        return True

    async def _cuts_disorder(self, ask: _Ask, raw: Page) -> bool:
        """True where keys that byte order puts into this page may follow only after it.

        That takes a name with a character beyond the 16-bit plane, and later one that is the same before that
        character, and has one from U+E000 on in its place. A page whose last name is past both is safe.
        """
        if not raw.marker or raw.empty:
            return False
        keys = _keys(raw)
        last = max(keys, key=_utf16)
        open_ends = {
            key[: found.start()]
            for key in keys
            if _ASTRAL.search(key)
            for found in _ASTRAL.finditer(key, len(ask.prefix))
            if last.startswith(key[: found.start()])
        }
        for common in open_ends:
            if not self._starts_from or not _ASTRAL.match(last, len(common)):
                return True
            beside = await _Ask(ask.client, common, delimiter=False).page("", f"{common}\ue000", 1)
            if self._ignored(beside, f"{common}\ue000"):
                return True
            if any(_HIGH.match(key, len(common)) for key in _keys(beside)):
                return True
        return False


_REFUSED: Final = "\0refused"
"""In place of a marker: the server refuses ``startFrom``."""


@dataclass(frozen=True, slots=True)
class _Ask:
    """One listing, as it is asked for."""

    client: Client
    prefix: str
    delimiter: bool

    async def page(self, marker: str, start: str, size: int) -> Page:
        """One raw page. Raises StoreUnreachable for what is no listing, or one of something else."""
        query = [("restype", "container"), ("comp", "list"), ("maxresults", str(size))]
        query += [("prefix", self.prefix)] if self.prefix else []
        query += [("delimiter", "/")] if self.delimiter else []
        query += [("marker", marker)] if marker else []
        query += [("startFrom", start)] if start else []
        call = Call("list", "GET", query=tuple(query), collect_bytes=_LARGEST_PAGE)
        call.version = STARTS_FROM if start else VERSION
        call.admit = frozenset({HTTPStatus.BAD_REQUEST}) if start else frozenset()
        answer = await self.client.call(call)
        if not answer.ok:
            problem = problem_in(answer)
            if problem.code in _UNKNOWN:
                return Page([], [], _REFUSED, hierarchical=False)
            raise error_of("list", "", answer, problem, self.client.names)
        if b"<EnumerationResults" not in answer.content[:1000]:
            raise not_azure(self.client.names, "no listing where one was asked for")
        try:
            page = parse(answer.content)
        except Unreadable as reason:
            raise self._unreadable(str(reason)) from reason
        if not all(key.startswith(self.prefix) for key in _keys(page)):
            raise self._unreadable("It holds keys outside the prefix.")
        return page

    def _unreadable(self, why: str) -> StoreUnreachable:
        return StoreUnreachable(
            f"{self.client.place.endpoint} sends a listing that cannot be read. {why} Nothing was changed.",
            "Try again; check for a proxy that changes bodies.",
            cause="unreadable listing",
            store=self.client.names.store,
            bucket=self.client.names.bucket,
        )


def _in_byte_order(raw: Page, after: str) -> tuple[list[Entry], bool]:
    """The entries after ``after`` in byte order, and whether the server's own order is that of UTF-16 or bytes."""
    bound = key_bytes(after)
    entries = sorted((entry for entry in _entries(raw) if entry[0] > bound), key=_first)
    sound = _rises([_utf16(one.key) for one in raw.objects]) or _rises([key_bytes(one.key) for one in raw.objects])
    return _once(entries), sound


def _entries(raw: Page) -> list[Entry]:
    objects: list[Entry] = [(key_bytes(one.key), one.key, one) for one in raw.objects]
    return objects + [(key_bytes(prefix), prefix, None) for prefix in raw.prefixes]


def _once(entries: list[Entry]) -> list[Entry]:
    """The sorted entries without repeats: a prefix may be told at the end of a page and again on the next."""
    return [entry for place, entry in enumerate(entries) if not place or entries[place - 1][0] != entry[0]]


def _page(entries: list[Entry], last: Key | None) -> ListingPage:
    objects = [listed for _, _, listed in entries if listed is not None]
    return ListingPage(objects, [key for _, key, listed in entries if listed is None], last)


def _keys(raw: Page) -> list[Key]:
    return [one.key for one in raw.objects] + raw.prefixes


def _first(entry: Entry) -> bytes:
    return entry[0]


def _rises(values: list[bytes]) -> bool:
    return all(one < next_one for one, next_one in pairwise(values))


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")
