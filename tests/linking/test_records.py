"""Lists are read line by line from any place, whatever is in them, in bounded memory."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.linking.records import LONGEST_LINE, LONGEST_ROW, Record, Records, Table
from moorage.model.errors import Invalid


def read(data: bytes, *, csv: bool = False, most: int = 1000) -> list[Record]:
    """All records, batch by batch, each read anew from where the one before ended."""
    found: list[Record] = []
    offset = line = 0
    while True:
        batch = Records(io.BytesIO(data), csv=csv).read(offset, line, most)
        found += batch.records
        offset, line = batch.offset, batch.line
        if batch.ended:
            return found


def addresses(data: bytes, **more: bool) -> list[tuple[int, str]]:
    return [(record.line, record.address) for record in read(data, **more)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"s3://b/a\ns3://b/c", [(1, "s3://b/a"), (2, "s3://b/c")]),
        (b"\xef\xbb\xbfs3://b/a\r\n\r\n  \t\ns3://b/c\r\n", [(1, "s3://b/a"), (4, "s3://b/c")]),
        (b"  \ts3://b/a \n", [(1, "s3://b/a ")]),
        (b"s3://b/a\rb\n", [(1, "s3://b/a\rb")]),
        (b"s3://b/\x00\x1b[2J\xff\xfe\n", [(1, "s3://b/\x00\x1b[2J\udcff\udcfe")]),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_each_line_counts_and_its_key_is_verbatim(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert addresses(data) == expected


def test_a_line_longer_than_any_address_is_told_and_the_next_one_is_read() -> None:
    data = b"s3://b/" + b"x" * (5 * LONGEST_ROW) + b"\ns3://b/a\n" + b"s3://b/" + b"y" * LONGEST_LINE
    long, good, last = read(data)
    assert (long.line, good.line, last.line) == (1, 2, 3)
    assert "longer than" in long.fault
    assert "longer than" in last.fault
    assert not long.address
    assert good.address == "s3://b/a"


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 7))
def test_any_bytes_in_any_batches_are_the_same_records(parts: list[bytes], most: int) -> None:
    data = b"\n".join(parts)
    whole = read(data)
    assert read(data, most=most) == whole
    assert [record.line for record in whole] == sorted({record.line for record in whole})


@given(st.lists(st.text(st.sampled_from('a",;\n\r\x00\udcff'), max_size=12), max_size=20), st.integers(1, 5))
def test_any_table_in_any_batches_is_the_same_rows(rows: list[str], most: int) -> None:
    data = b"address,name\n" + "\n".join(rows).encode("utf-8", "surrogateescape")
    assert read(data, csv=True, most=most) == read(data, csv=True)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_has_its_columns_in_any_order_and_what_else_it_says_is_kept(delimiter: str) -> None:
    rows = [["diver", "Name", "ADDRESS", "folder"], ["Ada", "first", "s3://b/a", "2021/dive 4"], ["", "", "s3://b/b"]]
    first, second = read("\r\n".join(map(delimiter.join, rows)).encode(), csv=True)
    assert (first.line, first.address, first.name, first.folder) == (2, "s3://b/a", "first", "2021/dive 4")
    assert first.metadata == {"diver": "Ada"}
    assert (second.line, second.address, second.metadata) == (3, "s3://b/b", {})


def test_our_own_table_comes_back_as_what_was_sent() -> None:
    data = b"line,verdict,address,reason,line,name\r\n7,refused,'=x,why,3 m,'-a.jpg\r\n8,missing,s3://b/a,why,,'a\r\n"
    assert [(one.address, one.name, one.metadata) for one in read(data, csv=True)] == [
        ("=x", "-a.jpg", {"line": "3 m"}), ("s3://b/a", "'a", {}),
    ]  # fmt: skip


def test_a_key_with_a_line_break_goes_by_a_quoted_cell() -> None:
    data = b'address,name\n"s3://b/two\nlines",x\ns3://b/c,"say ""hi"", all"\n'
    assert [(r.line, r.address, r.name) for r in read(data, csv=True)] == [
        (2, "s3://b/two\nlines", "x"), (4, "s3://b/c", 'say "hi", all'),
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    data = b'address\n"s3://b/a\n' + b"s3://b/c\n" * 20_000
    found = read(data, csv=True)
    assert "never closed" in found[0].fault
    assert len(found) == 20_001
    assert found[1].address == found[-1].address == "s3://b/c"


def test_the_first_line_tells_a_table_from_a_list() -> None:
    assert Table.of(io.BytesIO(b"\xef\xbb\xbfAddress;name\n"), csv=None) is not None
    assert Table.of(io.BytesIO(b"s3://address,x/y\n"), csv=None) is None
    assert Table.of(io.BytesIO(b"garbage\n"), csv=None) is None


@pytest.mark.parametrize("data", [b"s3://b/a\n", b"name,folder\n", b"", b"address,diver,diver\n", b"address"])
def test_a_table_that_cannot_be_one_is_refused_at_once(data: bytes) -> None:
    with pytest.raises(Invalid, match="Nothing was linked"):
        Table.of(io.BytesIO(data), csv=True)
