"""Files that stay open for the next range: only those that are what they were taken for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from moorage.reading.handles import Handles

NAME = (1, "f", "version")


async def test_a_file_that_changed_before_it_was_kept_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"old" * 10)
    handles, descriptor = Handles(), os.open(tmp_path / "f", os.O_RDONLY)
    handles.keep(NAME, descriptor, is_that=lambda: False)
    assert (len(handles), handles.read_now(NAME, 0, 3)) == (0, None)
    handles.keep(NAME, descriptor, is_that=lambda: True)
    assert bytes(handles.read_now(NAME, 0, 3) or b"") == b"old"
    (tmp_path / "f").write_bytes(b"changed")
    assert handles.read_now(NAME, 0, 3) is None
    os.close(descriptor)
    handles.close()


async def test_where_too_many_files_are_open_none_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"old")
    handles, descriptor = Handles(), os.open(tmp_path / "f", os.O_RDONLY)

    def refused(_descriptor: int) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "dup", refused)
    handles.keep(NAME, descriptor, is_that=lambda: True)
    assert len(handles) == 0
    os.close(descriptor)
