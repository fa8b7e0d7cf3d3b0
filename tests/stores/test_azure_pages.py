"""Pages of Azure are read byte for byte, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.stores.azure.pages import Unreadable, parse
from stores.azure_facing import listing

TEXTS = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=1), min_size=1)


@given(found=st.lists(TEXTS, unique=True), prefixes=st.lists(TEXTS, unique=True), marker=TEXTS)
def test_every_name_comes_out_as_it_went_in(found: list[str], prefixes: list[str], marker: str) -> None:
    page = parse(listing(*found, prefixes=prefixes, marker=marker).encode())
    assert [one.key for one in page.objects] == found
    assert page.prefixes == prefixes
    assert page.marker == marker


def test_a_name_that_xml_cannot_hold_comes_encoded() -> None:
    """As of version 2021-02-12; Azurite fails instead."""
    document = listing("a\ufffeb%20")
    assert 'Encoded="true"' in document
    assert [one.key for one in parse(document.encode()).objects] == ["a\ufffeb%20"]


def test_the_facts_of_a_blob_are_read() -> None:
    (one,) = parse(listing("a").encode()).objects
    assert (one.size, one.etag, one.modified_ms, one.generation) == (1, "0x8DEADBEEF", 1767323045000, "")


def test_an_empty_container_has_an_empty_page() -> None:
    assert parse(b"<EnumerationResults><Blobs /><NextMarker /></EnumerationResults>").empty


@pytest.mark.parametrize(
    "document",
    [
        listing("a").encode()[:-5],
        listing("a").encode("utf-16"),
        listing("a").replace("<Name>a</Name>", "").encode(),
        listing("a").replace("<Name>a</Name>", "<Name></Name>").encode(),
        listing("a").replace("<Name>a</Name>", "<Name>&nbsp;</Name>").encode(),
        listing("a").replace("<Name>", '<Name Encoded="true">%FF').encode(),
        listing("a").replace("<Content-Length>1</Content-Length>", "").encode(),
        listing("a").replace("<Blobs>", "<Blobs>stray").encode(),
        listing("a").replace("</Blob>", "", 1).encode(),
        listing("a").replace("<EnumerationResults", "<!DOCTYPE a><EnumerationResults").encode(),
        listing("a").replace("<Blobs>", "<Bobs>").encode(),
    ],
)
def test_whatever_might_hide_a_name_is_refused(document: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(document)
