"""Names of downloads."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.edge.names import disposition


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("frame 1.jpg", 'attachment; filename="frame 1.jpg"'),
        ("Ünï.jpg", "attachment; filename=\"_n_.jpg\"; filename*=UTF-8''%C3%9Cn%C3%AF.jpg"),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("100%.txt", "attachment; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("a/b/c.txt", 'attachment; filename="c.txt"'),
        ("x/", 'attachment; filename="unnamed"'),
    ],
)
def test_a_name_is_written_as_rfc_6266_says(name: str, header: str) -> None:
    assert disposition("attachment", name) == header


@given(st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0xDCFF), max_size=30))
def test_no_name_breaks_the_header(name: str) -> None:
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return
    header = disposition("attachment", name)
    header.encode("ascii")
    assert "\r" not in header
    assert "\n" not in header
    assert header.count('"') == 2
    if "filename*=" in header:
        unquote_to_bytes(header.split("''")[1]).decode("utf-8")
