"""Pages of listings: both readers agree, and no key is lost or made up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from moorage.model.errors import StoreUnreachable
from moorage.model.keys import Key, key_bytes, key_of
from moorage.stores.s3 import S3Store
from moorage.stores.s3.dates import http_ms, iso_ms
from moorage.stores.s3.pages import Unreadable, parse, parse_fast, parse_strict
from stores.faulty import QUICK, Faulty, faulty, listing, store_on

keys = st.binary(min_size=1, max_size=40).map(key_of) | st.text(min_size=1, max_size=20).map(Key)
encoders: st.SearchStrategy[Callable[[bytes], str]] = st.sampled_from(
    [lambda key: quote(key, safe=""), lambda key: quote(key, safe="/"), quote_plus]
)


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, list[tuple[Key, int]], list[Key]]:
    """A page in one of the forms that servers write, with the keys and prefixes in it."""
    encode = draw(encoders)
    found = draw(st.lists(st.tuples(keys, st.integers(0, 2**45)), max_size=6))
    prefixes = draw(st.lists(keys, max_size=3))
    quoted = draw(st.sampled_from(["&quot;", '"', "&#34;"]))
    more = draw(st.sampled_from(["", "<StorageClass>STANDARD</StorageClass>", "<Owner><ID>o</ID></Owner>"]))
    token = draw(
        st.sampled_from(["", "<NextContinuationToken>a\x01b</NextContinuationToken>", "<Prefix>&#x01;</Prefix>"])
    )
    counted = draw(st.sampled_from(["", f"<KeyCount>{len(found) + len(prefixes)}</KeyCount>"]))
    space = draw(st.sampled_from(["", "\n  "]))
    blocks = "".join(
        f"{space}<Contents><Key>{encode(key_bytes(key))}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>"
        f"<ETag>{quoted}abc-2{quoted}</ETag><Size>{size}</Size>{more}</Contents>"
        for key, size in found
    )
    rolled = "".join(f"<CommonPrefixes><Prefix>{encode(key_bytes(one))}</Prefix></CommonPrefixes>" for one in prefixes)
    head = '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>'
    tail = f"<IsTruncated>true</IsTruncated>{token}{counted}</ListBucketResult>"
    return f"{head}{blocks}{rolled}{tail}", found, prefixes


@given(pages())
def test_both_readers_find_every_key(page: tuple[str, list[tuple[Key, int]], list[Key]]) -> None:
    document, found, prefixes = page
    strict = parse_strict(document.encode())
    assert [(one.key, one.size, one.etag, one.modified_ms) for one in strict.objects] == [
        (key, size, "abc-2", 1767323045000) for key, size in found
    ]
    assert strict.prefixes == prefixes
    assert strict.truncated
    fast = parse_fast(document.encode())
    assert fast in (None, strict)
    if "<Owner>" not in document and "&#34;" not in document:
        assert fast == strict


def test_blocks_that_are_not_alike_are_read_as_those_that_are() -> None:
    document = listing(*(f"k{number}" for number in range(9)))
    alike = parse_fast(document.encode())
    assert alike == parse_strict(document.encode())
    for at in (0, 4, 8):
        blocks = document.split("</Contents>")
        blocks[at] += "<StorageClass>GLACIER</StorageClass>"
        assert parse_fast("</Contents>".join(blocks).encode()) == alike


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<Key>k4", "<Key>"),
        ("<Size>", "<Size>+"),
        ("<Key>k4<", "<Key>k4\nk5<"),
        ("<Key>k4</Key>", "<Key>k4</Key><Key/>"),
    ],
    ids=["no key", "no size", "two lines", "two keys"],
)
def test_a_field_of_another_form_is_left_to_the_strict_reader(was: str, becomes: str) -> None:
    document = listing(*(f"k{number}" for number in range(9)))
    assert was in document
    assert parse_fast(document.replace(was, becomes).encode()) is None


@given(pages(), st.data())
def test_a_damaged_page_is_read_right_or_not_at_all(
    page: tuple[str, list[tuple[Key, int]], list[Key]], data: st.DataObject
) -> None:
    document, found, _ = page
    cut = data.draw(st.integers(0, len(document) - 1))
    with pytest.raises(Unreadable):
        parse(document[:cut].encode())
    if found and "KeyCount" in document:
        start = document.index("<Contents>")
        stop = document.index("</Contents>") + len("</Contents>")
        with pytest.raises(Unreadable):
            parse((document[:start] + document[stop:]).encode())


@pytest.mark.parametrize("key", ["a\x01b", "a\ufffeb", "a&#x1;b", "a\rb"])
def test_a_raw_key_that_is_no_xml_is_never_repaired(key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(listing(key, encoded=False).encode())
    assert caught.value.by_key


def test_raw_keys_stand_as_they_are() -> None:
    page = parse(listing(escape("a+b%20c&<é"), encoded=False).encode())
    assert ([one.key for one in page.objects], page.encoded) == (["a+b%20c&<é"], False)


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + listing("x&b;", encoded=False)[38:]
    with pytest.raises(Unreadable):
        parse(bomb.encode())


def test_times_are_whole_seconds_wherever_they_come_from() -> None:
    assert iso_ms("2026-01-02T03:04:05.678Z") == http_ms("Fri, 02 Jan 2026 03:04:05 GMT") == 1767323045000
    assert iso_ms("2026-01-02T03:04:05Z") == 1767323045000
    assert (iso_ms("yesterday"), http_ms("yesterday"), http_ms(None)) == (0, 0, 0)


@asynccontextmanager
async def without_encoding(*held: str, tokens: bool = True) -> AsyncIterator[tuple[Faulty, S3Store]]:
    """A server that ignores encoding-type and writes keys raw, as Google does for HMAC keys."""

    async def s3(request: web.BaseRequest) -> web.StreamResponse:
        after = request.query.get("start-after", "")
        if "continuation-token" in request.query:
            after = held[int(request.query["continuation-token"])]
        rest = [key for key in held if key > after]
        shown = rest[: int(request.query["max-keys"])]
        page = listing(*(escape(key) for key in shown), truncated=len(shown) < len(rest), encoded=False)
        if tokens and len(shown) < len(rest):
            token = f"<NextContinuationToken>{held.index(shown[-1])}</NextContinuationToken>"
            page = page.replace("<KeyCount>", f"{token}<KeyCount>")
        return web.Response(text=page)

    async with faulty(s3) as server:
        store = S3Store(store_on(server), limits=QUICK)
        yield server, store
        await store.aclose()


async def walk(store: S3Store) -> tuple[list[Key], list[str]]:
    found: list[Key] = []
    lost: list[str] = []
    after: Key | None = None
    while True:
        page = await store.list_page(after=after)
        found += [one.key for one in page.objects]
        lost += page.unnameable
        if page.next_after is None:
            return found, lost
        assert after is None or page.next_after > after
        after = page.next_after


@pytest.mark.parametrize(
    "bad", [["m\x01"], ["m\x01", "m\x02"], ["\x01first"], ["z\x01last"], ["\x01", "m\x02", "z\x03"]]
)
async def test_keys_that_cannot_be_named_are_reported_and_their_neighbours_go_on(bad: list[str]) -> None:
    good = [f"{letter}{number:02}" for letter in "amz" for number in range(20)]
    async with without_encoding(*sorted([*good, *bad])) as (_, store):
        found, lost = await walk(store)
        assert found == good
        assert lost == [key.replace("\x01", "\\x01").replace("\x02", "\\x02").replace("\x03", "\\x03") for key in bad]


async def test_a_listing_without_a_way_past_a_key_ends_in_an_error() -> None:
    async with without_encoding("a", "b\x01", "c", tokens=False) as (_, store):
        with pytest.raises(StoreUnreachable) as caught:
            await walk(store)
        assert caught.value.cause == "unreadable listing"
        assert "b\\\\x01" in caught.value.message
