"""Lines to copy: one word of a shell each, whatever the name holds."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta

import pytest

from moorage.model.catalogue import FolderId, Item, ItemId, Kind, ProjectId
from moorage.model.keys import ETag, Key
from moorage.model.store import StoreId
from moorage.web.pages.elsewhere import file_name, lines_of, lives, shell_word

HOSTILE = [
    "plain.jpg", "it's.jpg", 'say "hi".jpg', "$HOME `id` $(id).jpg", "a\nb.jpg", "back\\slash\\n.jpg", "bang!$!.jpg",
    "-rf.jpg", "~.jpg", "*[a]?{b}#1.jpg", "tab\there'\\\"!.jpg", "\x03\x1b[201~;id\n.jpg", "\x9bm.jpg", "\u202egpj.exe",
    "\udcff\udcfe.jpg", "写真 é.jpg", "a" * 190 + ".jpg",
]  # fmt: skip


def item(name: str) -> Item:
    return Item(
        ItemId(7), ProjectId(1), FolderId(2), Key(name), Kind.IMAGE, StoreId(3), Key(name), 1, ETag(""), "", 0, "", True
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shell_reads_the_name_back_and_a_terminal_sees_no_control_character(name: str) -> None:
    word = shell_word(name)
    said = subprocess.run(["bash", "-c", f"printf %s {word}"], check=True, capture_output=True).stdout
    assert said == os.fsencode(name)
    assert word.isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_the_lines_hold_no_more_lines_than_ours_and_name_the_file_as_the_item(name: str) -> None:
    lines = lines_of(item(name), "https://media.example.org/moorage")
    assert all(line.isprintable() for text in lines.values() for line in text.split("\n"))
    assert [text.count("\n") for text in lines.values()] == [0, 0, 1]
    compile(lines["python"], "pasted", "exec")
    assert lines["page"] == "https://media.example.org/moorage/items/7"
    words = subprocess.run(
        ["bash", "-c", f"curl() {{ printf '%s\\0' \"$@\"; }}; {lines['curl']}"],
        check=True,
        capture_output=True,
        env={"MOORAGE_TOKEN": "mrg_x", "PATH": os.environ["PATH"]},
    ).stdout.split(b"\0")
    assert words[:-1] == [
        b"-gfL", b"-H", b"Authorization: Bearer mrg_x", b"-o", b"./" + os.fsencode(name),
        b"https://media.example.org/moorage/api/v1/items/7/content",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "file"),
    [("", "item-7"), ("..", "item-7"), ("a\0b.jpg", "item-7.jpg"), ("a" * 300 + ".jpeg", "item-7.jpeg"), ("ok", "ok")],
)
def test_a_name_that_no_file_can_have_is_replaced(name: str, file: str) -> None:
    assert file_name(item(name)) == file


def test_a_signed_url_is_offered_for_no_longer_than_the_installation_allows() -> None:
    assert lives(timedelta(days=7))[-1] == (604_800, "7 days")
    assert lives(timedelta(days=2)) == [(3600, "1 hour"), (86_400, "1 day")]
    assert lives(timedelta(minutes=5)) == [(300, "300 seconds")]
