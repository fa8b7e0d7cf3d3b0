"""What somebody sees who knows none of our words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from moorage.cli.application import app


def shown(*words: str) -> list[str]:
    """The lines of a help, as a terminal of 80 columns shows them."""
    environ = {"PATH": os.environ["PATH"], "COLUMNS": "80", "HOME": "/"}
    ran = subprocess.run(
        [sys.executable, "-m", "moorage", *words, "--help"], env=environ, capture_output=True, text=True, check=True
    )
    return [line.rstrip() for line in ran.stdout.splitlines()]


def test_help_begins_with_one_picture_in_words() -> None:
    lines = shown()
    assert "   where the bytes are ---> how they appear     ---> where you see them" in lines[:10]
    picture = "\n".join(lines[:18])
    for word in ("store", "mirror", "link", "project", "folders", "items"):
        assert word in picture
    assert "moorage mirror add /data/photos     or s3://bucket/prefix" in picture


def test_commands_stand_in_the_order_in_which_a_newcomer_needs_them() -> None:
    names = [line.split()[1] for line in shown() if line.startswith("│ ") and line[2] not in " -"]
    assert names[:6] == ["mirror", "link", "ls", "find", "cat", "cp"]
    assert names[-1] == "worker"
    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert set(names) == known


@pytest.mark.parametrize("words", [(), ("mirror", "add"), ("cp",), ("find",), ("presign",), ("restore",)])
def test_no_line_is_longer_than_the_terminal_nor_left_hanging(words: tuple[str, ...], tmp_path: Path) -> None:
    lines = shown(*words)
    assert max(map(len, lines)) <= 80
    prose = [line for line in lines if line and line[0] == " "]
    assert not [line for line in prose if len(line.split()) == 1 and line.strip() != "MOORAGE_STORE_ACCESS_KEY"]
