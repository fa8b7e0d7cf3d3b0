"""Listings: ask -> parse -> page; around keys that no XML can name, step by step."""

from __future__ import annotations

import re
import sys
from typing import Final

from moorage.model.errors import StoreUnreachable
from moorage.model.keys import Key, escape, key_bytes, key_of
from moorage.model.objects import ListingPage
from moorage.stores.s3.client import Call, Client
from moorage.stores.s3.errors import not_s3
from moorage.stores.s3.pages import Page, Unreadable, parse

_LARGEST_PAGE: Final = 64 * 1024 * 1024
_HIGHEST: Final = "\U0010ffff"
_RAW_KEY: Final = re.compile(rb"<Key>([^<]*)</Key>")
_TOKEN: Final = re.compile(rb"<NextContinuationToken>([^<]*)</NextContinuationToken>")
_REFERENCE: Final = re.compile(rb"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));")
_NAMED: Final = {b"lt": b"<", b"gt": b">", b"amp": b"&", b"quot": b'"', b"apos": b"'"}
_LONGEST_RUN: Final = 100


async def list_page(client: Client, prefix: str, after: Key | None, limit: int, *, delimiter: bool) -> ListingPage:
    """One page, begun after the key ``after``; never by the server's continuation token.

    Source: Amazon S3 API reference, ListObjectsV2. Ceph writes its token unencoded, so that a page that
    ends at a control character is no XML.

    Raises StoreUnreachable for an answer that is not what was asked for: such a page would hide keys.
    """
    page = await _page_after(client, prefix, after, limit, delimiter=delimiter)
    told = [*page.objects[:1], *page.objects[-1:]]
    bound = key_bytes(after or "")
    if after and told and key_bytes(told[0].key) <= bound:
        raise _unreadable(client, "It begins before the key that it was to follow.")
    if page.next_after is not None and key_bytes(page.next_after) <= bound:
        raise _unreadable(client, "It is not in the order of its keys.")
    if not all(one.key.startswith(prefix) for one in told):
        raise _unreadable(client, "It holds keys outside the prefix.")
    return page


async def _page_after(client: Client, prefix: str, after: Key | None, limit: int, *, delimiter: bool) -> ListingPage:
    start = after
    while True:
        document = await _ask(client, prefix, start, limit, delimiter=delimiter)
        try:
            page = parse(document)
        except Unreadable as reason:
            if not reason.by_key:
                raise _unreadable(client, str(reason)) from reason
            return await _around(client, prefix, start, limit, delimiter=delimiter)
        told = _assembled(page, after)
        if told.objects or told.prefixes or not page.truncated:
            return told
        # The page held nothing but the prefix told last; step over all that it rolls up.
        stepped = Key((page.prefixes[-1] if page.prefixes else "") + _HIGHEST)
        if not page.prefixes or stepped == start:
            raise not_s3(client.names, "a listing that goes on without a key")
        start = stepped


def _assembled(page: Page, after: Key | None, unnameable: tuple[str, ...] = ()) -> ListingPage:
    prefixes = page.prefixes
    if after and prefixes:  # some servers repeat the prefix in which ``after`` lies
        bound = key_bytes(after)
        prefixes = [prefix for prefix in prefixes if key_bytes(prefix) > bound]
    last: Key | None = None
    if page.truncated:
        ends = [page.objects[-1].key] if page.objects else []
        last = max([*ends, *prefixes[-1:]], key=key_bytes, default=None)
    return ListingPage(page.objects, prefixes, last, unnameable)


async def _ask(
    client: Client, prefix: str, after: Key | None, limit: int, *, delimiter: bool, token: str = ""
) -> bytes:
    query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", str(limit))]
    query += [("prefix", prefix)] if prefix else []
    query += [("delimiter", "/")] if delimiter else []
    if token:
        query.append(("continuation-token", token))
    elif after:
        query.append(("start-after", after))
    answer = await client.call(Call("list", "GET", query=tuple(query), collect_bytes=_LARGEST_PAGE))
    if b"<ListBucketResult" not in answer.content[:1000]:
        raise not_s3(client.names, "no listing where one was asked for")
    return answer.content


async def _around(client: Client, prefix: str, after: Key | None, limit: int, *, delimiter: bool) -> ListingPage:
    """The keys before one that breaks the page, or, where that comes first, what follows it.

    Pages are halved until one can be read. Raises StoreUnreachable where that leads nowhere.
    """
    size = limit
    while size > 1:
        size //= 2
        try:
            page = parse(await _ask(client, prefix, after, size, delimiter=delimiter))
        except Unreadable:
            continue
        return _assembled(page, after)
    return await _over(client, prefix, after, delimiter=delimiter)


async def _over(client: Client, prefix: str, after: Key | None, *, delimiter: bool) -> ListingPage:
    """Step over keys that cannot be read, one by one, up to the first that can."""
    lost: list[str] = []
    token = ""
    for _ in range(_LONGEST_RUN):
        document = await _ask(client, prefix, after, 1, delimiter=delimiter, token=token)
        try:
            return _assembled(parse(document), after, tuple(lost))
        except Unreadable as reason:
            if not reason.by_key:
                raise _unreadable(client, str(reason)) from reason
        lost.append(escape(_guess(_RAW_KEY, document)))
        token = _guess(_TOKEN, document)
        if b"<IsTruncated>false</IsTruncated>" in document:
            return ListingPage([], unnameable=tuple(lost))
        if not token:
            break
    raise _unreadable(client, f"Keys near {lost[-1]!r} are no XML, and there is no way past them.")


def _unreadable(client: Client, why: str) -> StoreUnreachable:
    return StoreUnreachable(
        f"{client.place.endpoint} sends a listing that cannot be read. {why} Nothing was changed.",
        "Try again; where a key is named, rename or remove it with the provider's own tools.",
        cause="unreadable listing",
        store=client.names.store,
        bucket=client.names.bucket,
    )


def _guess(what: re.Pattern[bytes], document: bytes) -> Key:
    """The text of an element as it seems to be meant; empty where there is none."""

    def one(match: re.Match[bytes]) -> bytes:
        decimal, hexadecimal, name = match.groups()
        if name:
            return _NAMED[name]
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return chr(code).encode("utf-8", "replace") if code <= sys.maxunicode else b"?"

    found = what.search(document)
    return key_of(_REFERENCE.sub(one, found.group(1))) if found else Key("")
