"""`presign`, `find --urls` and `restore`, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.conftest import Run, Served
from servers.moorage import ask

ODD = os.fsdecode(b"bad\xff.jpg")


@pytest.fixture
def reef(served: Served) -> Served:
    """A project with two images, a video and a text."""
    root = served.client.project(served.project).root
    below = served.client.add_folder(root, "2021").id
    for folder, name in ((root, "a b.jpg"), (below, ODD), (below, "dive.mp4"), (below, "notes.txt")):
        served.client.upload(name.encode("utf-8", "surrogateescape"), folder, name=name)
    return served


def test_a_signed_url_stands_alone_on_stdout_and_its_end_on_stderr(run: Run, reef: Served) -> None:
    ran = run("presign", f"{reef.project}/a b.jpg", "--expires", "30m")
    assert ran.code == 0
    assert ask("GET", ran.out.removesuffix("\n")).body == b"a b.jpg"
    assert ran.err.startswith("Whoever has this URL can read the item until 20")
    document = json.loads(run("presign", f"{reef.project}/2021/{ODD}", "--download", "--json").out)
    assert set(document) == {"item", "name", "path", "kind", "url", "expires", "key_encoding"}
    got = ask("GET", document["url"])
    assert (got.body, got.headers["content-disposition"].split(";")[0]) == (b"bad\xff.jpg", "attachment")


def test_a_signed_preview_has_the_page_and_window_that_were_asked_for(run: Run, reef: Served) -> None:
    ran = run(
        "presign", f"{reef.project}/a b.jpg", "--variant", "preview", "--width", "64", "--page", "2", "--window", "0,9"
    )
    assert ran.code == 0
    assert {"width=64", "page=2", "window=0.0%2C9.0"} <= set(ran.out.partition("?")[2].split("&"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["{project}/2021"], "is a folder, and URLs are of items"),
        (["{project}/a b.jpg", "--expires", "soon"], "soon is no time"),
        (["{project}/a b.jpg", "--expires", "0s"], "0s is over at once"),
        (["{project}/a b.jpg", "--expires", "8d"], "lives at most 604800 s here"),
        (["{project}/a b.jpg", "--variant", "film"], "film is no variant"),
        (["{project}/a b.jpg", "--page", "2"], "Only previews have a width, page or window"),
        (["{project}/a b.jpg", "--variant", "preview", "--window", "5"], "5 is no window"),
    ],
)
def test_what_has_no_signed_url_is_told(run: Run, reef: Served, words: list[str], reason: str) -> None:
    ran = run("presign", *(word.format(project=reef.project) for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert reason in ran.err


def test_a_folder_is_signed_for_viewers_as_a_manifest(run: Run, reef: Served) -> None:
    ran = run("presign", f"{reef.project}/2021", "--variant", "iiif", "--expires", "1h")
    assert "Whoever has this URL can see all images in it until" in ran.err
    assert ask("GET", ran.out.strip()).json["type"] == "Manifest"
    assert set(json.loads(run("presign", reef.project, "--variant", "iiif", "--json").out)) == {
        "folder",
        "url",
        "expires",
    }


def test_urls_of_what_is_found_come_one_a_line(run: Run, reef: Served) -> None:
    lines = [line.split("\t") for line in run("find", reef.project, "--urls", "--expires", "1h").out.splitlines()]
    assert [path for path, _ in lines] == [
        f"{reef.project}/{path}" for path in ("a b.jpg", r"2021/bad\xff.jpg", "2021/dive.mp4", "2021/notes.txt")
    ]
    assert ask("GET", lines[2][1]).body == b"dive.mp4"
    documents = [json.loads(line) for line in run("find", f"{reef.project}/2021", "--urls", "--json").out.splitlines()]
    assert [one["kind"] for one in documents] == ["image", "video", "file"]
    assert set(documents[1]) == {"item", "name", "path", "kind", "url", "expires"}
    assert (documents[0]["path"], documents[0]["key_encoding"]) == (r"2021/bad\xff.jpg", "escaped")


def test_urls_take_the_filters_of_find(run: Run, reef: Served) -> None:
    def paths(*words: str) -> list[str]:
        return [line.split("\t")[0] for line in run("find", reef.project, "--urls", *words).out.splitlines()]

    assert paths("--kind", "image", "--name", "a*.jpg") == [f"{reef.project}/a b.jpg"]
    assert paths("--name", "*.mp4") == [f"{reef.project}/2021/dive.mp4"]
    assert paths("--min-size", "9") == [f"{reef.project}/2021/notes.txt"]
    assert paths("--max-size", "7") == [f"{reef.project}/a b.jpg"]
    assert run("find", reef.project, "--expires", "1h").code == 2
    assert run("find", reef.project, "--format", "coco").code == 2


def test_tasks_of_nothing_are_an_empty_list(run: Run, reef: Served) -> None:
    ran = run("find", reef.project, "--name", "nothing", "--format", "label-studio")
    assert json.loads(ran.out) == []
    assert ran.err == "0 tasks: 0 images, 0 videos. 0 other files left out.\n"


def test_a_reader_of_urls_that_has_enough_ends_them_without_a_trace(reef: Served, tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **reef.environ}
    command = f"{sys.executable} -m moorage find {reef.project} --urls | head -n 1"
    ran = subprocess.run(
        ["bash", "-c", command], env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert len(ran.stdout.splitlines()) == 1
    assert "Traceback" not in ran.stderr


def test_what_was_removed_comes_back_under_its_id(run: Run, reef: Served) -> None:
    place = f"{reef.project}/2021/notes.txt"
    before = reef.client.lookup(reef.project, "2021/notes.txt").id
    assert run("rm", place).code == 0
    assert run("stat", place).code == 3
    ran = run("restore", place)
    assert (ran.code, ran.err) == (0, f"{place} is back.\n")
    assert reef.client.lookup(reef.project, "2021/notes.txt").id == before
    run("rm", place)
    assert json.loads(run("restore", "--id", before, "--json").out)["state"] == "live"


def test_of_several_removed_under_one_name_the_last_comes_back(run: Run, reef: Served) -> None:
    root = reef.client.project(reef.project).root
    ids = []
    for text in (b"first", b"second"):
        ids.append(reef.client.upload(text, root, name="again.txt").id)
        reef.client.remove_item(ids[-1])
    ran = run("restore", f"{reef.project}/again.txt", "--json")
    assert json.loads(ran.out)["id"] == ids[1]
    assert "2 of that name were removed; this is the last one, of 20" in ran.err
    absent = run("restore", f"{reef.project}/never.txt")
    assert absent.code == 3
    assert f"moorage ls {reef.project}/ --gone" in absent.err
    assert run("restore").code == 2
