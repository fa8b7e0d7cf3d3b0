"""Listings: ask -> check -> page; begun after a key, never by the server's page token across calls."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, Final

from moorage.model.errors import Invalid, StoreUnreachable
from moorage.model.keys import Key
from moorage.model.objects import Listed, ListingPage
from moorage.stores.google.client import Call, Client
from moorage.stores.google.errors import not_google
from moorage.stores.google.facts import LISTED, listed_of

_LARGEST_PAGE: Final = 64 * 1024 * 1024
_MOST: Final = 1000
_MOST_EMPTY: Final = 1000
_AFTER_SLASH: Final = "0"
"""The character after ``/``."""


async def list_page(client: Client, prefix: str, after: Key | None, limit: int, *, delimiter: bool) -> ListingPage:
    """One page, begun by ``startOffset``, which is inclusive: the key ``after`` itself is asked for and dropped.

    Google's order is that of the code points, which is that of the bytes of UTF-8.
    Source: Cloud Storage JSON API reference, Objects: list. Raises StoreUnreachable for an answer that is not
    what was asked for: such a page would hide keys.
    """
    if not _is_text(prefix):
        return ListingPage([])  # no key of Google's begins with bytes that are no UTF-8
    if not _is_text(after or ""):
        raise Invalid("Google keys are UTF-8; the one to begin after is not.", "Give another.", field="after")
    start = _start(prefix, after, delimiter=delimiter)
    query = [("fields", LISTED), ("maxResults", str(min(_MOST, limit + (start == after))))]
    query += [("prefix", prefix)] if prefix else []
    query += [("delimiter", "/")] if delimiter else []
    query += [("startOffset", start)] if start else []
    objects, prefixes, more = await _entries(client, query, start, told=after if start == after else None)
    _check(client, objects, prefixes, prefix, after)
    return _page(objects, prefixes, limit, more=more)


def _start(prefix: str, after: Key | None, *, delimiter: bool) -> str:
    """Where to begin. Behind a rolled-up prefix that was told: no page is wasted on what it rolls up."""
    text = after or ""
    if delimiter and text.startswith(prefix) and (cut := text.find("/", len(prefix))) >= 0:
        return text[:cut] + _AFTER_SLASH
    return text


async def _entries(
    client: Client, query: list[tuple[str, str]], start: str, told: Key | None
) -> tuple[list[Listed], list[Key], bool]:
    """Objects and prefixes of the first page that has any, and whether more follow."""
    token = ""
    for _ in range(_MOST_EMPTY):
        asked = [*query, ("pageToken", token)] if token else query
        call = Call("list", "GET", client.place.objects(asked), collect_bytes=_LARGEST_PAGE)
        document = await client.document(call)
        client.see_bucket()
        try:
            objects = list(map(listed_of, _items(document, "items")))
            prefixes = [Key(name) for name in _items(document, "prefixes")]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unreadable(client, "A field is missing or of another kind.") from error
        if told and objects and objects[0].key == told:
            del objects[0]
        prefixes = [name for name in prefixes if name >= start]
        last, token = token, str(document.get("nextPageToken", ""))
        if objects or prefixes or not token:
            return objects, prefixes, bool(token)
        if token == last:
            break
    raise not_google(client.names, "a listing that goes on without a key")


def _items(document: Mapping[str, Any], name: str) -> list[Any]:
    items = document.get(name, [])
    if not isinstance(items, list):
        raise TypeError(name)
    return items


def _check(client: Client, objects: list[Listed], prefixes: list[Key], prefix: str, after: Key | None) -> None:
    for keys in ([one.key for one in objects], prefixes):
        if after and keys and keys[0] <= after:
            raise _unreadable(client, "It begins before the key that it was to follow.")
        if not all(map(operator.lt, keys, keys[1:])):
            raise _unreadable(client, "It is not in the order of its keys.")
        if not all(key.startswith(prefix) for key in (*keys[:1], *keys[-1:])):
            raise _unreadable(client, "It holds keys outside the prefix.")


def _page(objects: list[Listed], prefixes: list[Key], limit: int, *, more: bool) -> ListingPage:
    """At most ``limit`` entries; what was asked for too much is left for the next page."""
    while len(objects) + len(prefixes) > limit:
        drop_prefix = not objects or (prefixes and prefixes[-1] > objects[-1].key)
        (prefixes if drop_prefix else objects).pop()
        more = True
    ends = [*(one.key for one in objects[-1:]), *prefixes[-1:]]
    return ListingPage(objects, prefixes, max(ends) if more and ends else None)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unreadable(client: Client, why: str) -> StoreUnreachable:
    return client.names.unreachable(
        f"{client.place.endpoint} sends a listing that cannot be read. {why} Nothing was changed.",
        "Try again; where it happens every time, the endpoint is no faithful copy of Google Cloud Storage.",
        "unreadable listing",
    )
