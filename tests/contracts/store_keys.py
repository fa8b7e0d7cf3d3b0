"""Keys that providers allow and programs get wrong, and helpers that walk a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from moorage.model.keys import Key, key_bytes
from moorage.model.objects import Listed
from moorage.model.store import ObjectStore

ODD_KEYS: Final = tuple(
    Key(text)
    for text in (
        " leading blank",
        "trailing blank ",
        "two  blanks/in  a row.jpg",
        "caf\u00e9",
        "cafe\u0301",
        "日本語/画像.jpg",
        "emoji \U0001f600",
        "\uffee above the surrogates",
        "\ufffe no character",
        "hash#1",
        "per%20cent",
        "per%cent",
        "per%2Fcent",
        "plus+plus",
        "q?versions=1&acl",
        "back\\slash",
        "quotes'\"<b>&amp;",
        "marks;:@=,$!*()[]{}|^`~",
        "aa//b",
        "aa/./b",
        "aa/../b",
        ".",
        "..",
        "./a",
        "../a",
        "/leading",
        "//",
        "control\x01\x1f",
        "line\nbreak\r\n",
        "tab\t",
        "del\x7f",
        "\x80next",
        "ends/",
        "ends/in/blank/ ",
        "..hidden",
        ".moorage/x",
        "n" * 255,
        "n" * 256,
        "k" * 1024,
        "k" * 1025,
        ("d" * 32 + "/") * 31 + "e",
        "d/" * 40 + "ee",
    )
)


async def all_listed(
    store: ObjectStore, prefix: str = "", *, after: Key | None = None, limit: int = 1000
) -> list[Listed]:
    """All objects of a listing, page by page; checks on the way that each page makes progress."""
    found: list[Listed] = []
    while True:
        page = await store.list_page(prefix, after=after, limit=limit)
        assert len(page.objects) <= limit
        assert page.prefixes == []
        assert page.unnameable == ()
        found += page.objects
        if page.next_after is None:
            return found
        assert after is None or key_bytes(page.next_after) > key_bytes(after)
        after = page.next_after


async def all_entries(store: ObjectStore, prefix: str = "", *, limit: int = 1000) -> tuple[list[Key], list[Key]]:
    """Keys and rolled-up prefixes below ``prefix``, page by page."""
    keys: list[Key] = []
    prefixes: list[Key] = []
    after: Key | None = None
    while True:
        page = await store.list_page(prefix, after=after, limit=limit, delimiter=True)
        assert len(page.objects) + len(page.prefixes) <= limit
        keys += [listed.key for listed in page.objects]
        prefixes += page.prefixes
        if page.next_after is None:
            return keys, prefixes
        assert after is None or key_bytes(page.next_after) > key_bytes(after)
        after = page.next_after


async def read(store: ObjectStore, key: Key) -> bytes:
    """All bytes of an object, by iteration; checks the size of each block."""
    parts: list[bytes] = []
    async with await store.get(key) as body:
        async for block in body:
            assert 0 < len(block) <= 1 << 20
            parts.append(block)
        assert sum(map(len, parts)) == body.stop - body.start
    return b"".join(parts)


async def empty(store: ObjectStore) -> None:
    """Delete every object."""
    for listed in await all_listed(store):
        await store.delete(listed.key)


def in_order(keys: Iterable[Key]) -> list[Key]:
    """The keys, each once, in byte order."""
    return sorted(set(keys), key=key_bytes)


class Blocks:
    """A body that counts what is taken from it, and may fail after its last block."""

    def __init__(self, *blocks: bytes, fault: Exception | None = None) -> None:
        self.blocks = blocks
        self.fault = fault
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for block in self.blocks:
            self.taken += 1
            yield block
        if self.fault is not None:
            raise self.fault
