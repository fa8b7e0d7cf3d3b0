"""Addresses as people paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.model.address import Address, format_address, parse_address
from moorage.model.errors import Invalid
from moorage.model.keys import Key
from moorage.model.store import Provider

PLACES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/"), min_size=1, max_size=20)
KEYS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=()), max_size=40).map(Key)
PROVIDERS = st.sampled_from([Provider.S3, Provider.AZURE, Provider.GOOGLE, Provider.DISK])


@given(PROVIDERS, PLACES, KEYS, st.sampled_from(["", "\n", "\r\n"]))
def test_what_is_written_is_read_again_byte_for_byte(provider: Provider, place: str, key: Key, end: str) -> None:
    address = Address(provider, place, key)
    assert parse_address(format_address(address) + end) == address


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("s3://reef/a b#c?d%20e+f", "a b#c?d%20e+f"),
        ("s3://reef//leading", "/leading"),
        ("fs://local-datasets/persons/image1.jpg", "persons/image1.jpg"),
        ("s3://reef/trailing \n", "trailing "),
        ("s3://reef", ""),
    ],
)
def test_the_key_is_verbatim_up_to_the_end_of_the_line(line: str, key: str) -> None:
    assert parse_address(line).key == key


@pytest.mark.parametrize("line", ["", "reef/a", "ftp://reef/a", "s3:///a", "s3://"])
def test_what_is_no_address_is_refused_with_how_to_write_one(line: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_address(line)
    assert "://" in caught.value.advice


@pytest.mark.parametrize("key", ["a\nb", "a\rb"])
def test_a_key_with_a_line_break_has_no_address(key: str) -> None:
    with pytest.raises(Invalid):
        format_address(Address(Provider.S3, "reef", Key(key)))
