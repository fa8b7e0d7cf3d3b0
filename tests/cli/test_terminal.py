"""On a terminal: tables, and a bar that is redrawn in place."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from operator import itemgetter

import pytest

from client.toy import TOKEN, Toy
from moorage.cli.printing import Told, put_rows, text


def on_terminal(toy: Toy, *words: str) -> tuple[int, str]:
    """(exit code, all that a terminal of 100 columns got)."""
    ours, theirs = pty.openpty()
    environ = {
        "PATH": os.environ["PATH"], "HOME": "/", "TERM": "xterm", "COLUMNS": "100", "MOORAGE_URL": toy.url,
        "MOORAGE_TOKEN": TOKEN,
    }  # fmt: skip
    command = [sys.executable, "-m", "moorage", *words]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, cwd="/") as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not chunk:
                break
            written += chunk
    os.close(ours)
    return process.returncode, written.decode()


def test_a_list_is_a_table_with_titles(toy: Toy) -> None:
    code, written = on_terminal(toy, "store", "ls")
    assert code == 0
    assert "provider" in written
    assert "reef" in written
    assert "\t" not in written


def test_a_job_is_a_bar_and_then_a_line(toy: Toy) -> None:
    code, written = on_terminal(toy, "job", "watch", "30")
    assert code == 0
    assert "\x1b[" in written
    assert "Index s3://reef/2021/: succeeded, 10 of 10 objects, 10 added" in written


def test_a_check_is_a_table_with_colours(toy: Toy) -> None:
    code, written = on_terminal(toy, "store", "add", "reef", "--bucket", "reef", "--anonymous")
    assert code == 4
    assert "permission" in written
    assert "\x1b[31mmissing" in written


def test_numbers_stand_at_the_right_of_their_column_with_their_thousands_apart(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout.isatty", lambda: True)
        patch.setenv("TERM", "dumb")
        put_rows(
            [("a", 5), ("bb", 1234567), ("c", None)], [("name", itemgetter(0)), ("size", itemgetter(1))], as_json=False
        )
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "name       size", "a             5", "bb    1,234,567", "c             -",
    ]  # fmt: skip


def test_a_sentence_of_the_server_is_not_escaped_twice() -> None:
    assert text(Told("Index fs://disk/a\\x00/")) == "Index fs://disk/a\\x00/"
    assert text(Told("one\x1b[2J")) == "one\\x1b[2J"
    assert text("a\\b") == "a\\\\b"
