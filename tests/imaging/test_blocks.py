"""The file object that decoders read from."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.imaging.blocks import BLOCK, Blocks

CONTENT = os.urandom(3 * BLOCK // 2) * 2
MOVES = st.lists(
    st.tuples(st.sampled_from([os.SEEK_SET, os.SEEK_CUR, os.SEEK_END]), st.integers(-4 * BLOCK, 4 * BLOCK),
              st.integers(-1, 2 * BLOCK)),
    max_size=12,
)  # fmt: skip


@given(MOVES)
def test_it_reads_and_seeks_as_a_file_does(moves: list[tuple[int, int, int]]) -> None:
    ours, real = Blocks(len(CONTENT), lambda start, length: CONTENT[start : start + length]), io.BytesIO(CONTENT)
    for whence, offset, length in moves:
        target = offset + {os.SEEK_SET: 0, os.SEEK_CUR: real.tell(), os.SEEK_END: len(CONTENT)}[whence]
        if target < 0:
            with pytest.raises(OSError, match="before the first byte"):
                ours.seek(offset, whence)
            continue
        assert ours.seek(offset, whence) == real.seek(target)
        assert ours.read(length) == real.read(length)
        assert ours.tell() == real.tell()


def test_a_block_is_fetched_once_while_it_is_kept() -> None:
    fetched = []

    def fetch(start: int, length: int) -> bytes:
        fetched.append((start, length))
        return CONTENT[start : start + length]

    blocks = Blocks(len(CONTENT), fetch)
    for start in (10, 20, BLOCK - 5, 30):
        blocks.seek(start)
        blocks.read(10)
    assert fetched == [(0, BLOCK), (BLOCK, BLOCK)]
    blocks.seek(-1, os.SEEK_END)
    blocks.read()
    assert fetched[-1] == (2 * BLOCK, BLOCK)


def test_an_object_that_ends_early_ends_the_reading() -> None:
    blocks = Blocks(100, lambda start, length: b"short")
    assert blocks.read(10) == b"short"


def test_everything_comes_as_one_buffer_filled_in_place_where_that_is_possible() -> None:
    content = bytes(range(256)) * 9000  # more than two blocks, the last one short

    def fetch(start: int, length: int) -> bytes:
        return content[start : start + length]

    def fill(start: int, view: memoryview) -> None:
        view[:] = fetch(start, len(view))

    assert Blocks(len(content), fetch).everything() == content
    assert Blocks(len(content), fetch, fill=fill).everything() == content
    assert Blocks(len(content), fetch, fill=fill, length=64).every(1024).everything() == content


def test_a_buffered_reader_reads_the_same() -> None:
    content = bytes(range(256)) * 300
    reader = io.BufferedReader(Blocks(len(content), lambda start, length: content[start : start + length], length=100))
    assert reader.read(7) + reader.read() == content
