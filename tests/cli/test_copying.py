"""`moorage cp`, up into a project and down from it, against a real server."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cli.conftest import Run, Served
from cli.terminal import at_terminal
from moorage.cli.names import file_name

ODD = os.fsdecode(b"bad\xff #1.txt")


def write(path: Path, text: str = "anchor") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def below(served: Served, path: str = "") -> list[str]:
    """The paths of all items of the project."""
    return sorted(str(one.path) for one in served.client.sign_urls(served.project, path=path))


def text_of(served: Served, path: str) -> str:
    item = served.client.lookup(served.project, path)
    return served.client.read(item.id).decode()


def test_files_and_folders_go_up_and_come_down_byte_for_byte(run: Run, served: Served, tmp_path: Path) -> None:
    media = tmp_path / "media"
    for name in ("a b#1.txt", "2021/deep/x.txt", f"2021/{ODD}", "../single.txt"):
        write(media / name, name.encode("utf-8", "surrogateescape").hex())
    (media / "2021" / "empty").mkdir()
    went = run("cp", "-r", "single.txt", "media", f"{served.project}/new/")
    assert (went.code, went.out) == (0, "")
    assert went.err.startswith("Copied 4 files, ")
    assert below(served) == sorted(
        ["new/single.txt", "new/media/a b#1.txt", "new/media/2021/deep/x.txt", f"new/media/2021/{ODD}"]
    )
    assert served.client.lookup(served.project, "new/media/2021/empty/").id
    came = run("cp", "-r", f"{served.project}/new/media", "./back")
    assert came.code == 0, came.err
    for path in media.rglob("*"):
        other = tmp_path / "back" / path.relative_to(media)
        assert other.is_dir() if path.is_dir() else other.read_bytes() == path.read_bytes()
    assert not [path for path in (tmp_path / "back").rglob("*") if path.name.endswith("moorage-part")]


def test_what_is_in_a_folder_goes_up_without_it_and_a_missing_last_part_is_the_new_name(
    run: Run, served: Served, tmp_path: Path
) -> None:
    write(tmp_path / "media" / "x.txt")
    assert run("cp", "-r", "media/.", f"{served.project}/").code == 0
    assert run("cp", "media/x.txt", f"{served.project}/y.txt").code == 0
    assert run("cp", "-r", "media", f"{served.project}/other").code == 0
    assert below(served) == ["other/x.txt", "x.txt", "y.txt"]
    assert run("cp", f"{served.project}/x.txt", "z.txt").code == 0
    assert run("cp", f"{served.project}/x.txt", f"{served.project}/y.txt", "./down/").code == 0
    assert sorted(path.name for path in (tmp_path / "down").iterdir()) == ["x.txt", "y.txt"]
    assert (tmp_path / "z.txt").read_text() == "anchor"


def test_a_taken_name_is_refused_and_the_rest_goes_on(run: Run, served: Served, tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "old")
    write(tmp_path / "b.txt")
    to = f"{served.project}/"
    assert run("cp", "a.txt", to).code == 0
    write(tmp_path / "a.txt", "new")
    ran = run("cp", "a.txt", "b.txt", to, "--json")
    assert ran.code == 6
    assert f"a.txt: {served.project}/a.txt is there already, and was left as it is." in ran.err
    assert "Copied 1 file, 6 bytes, in " in ran.err
    assert [json.loads(line)["outcome"] for line in ran.out.splitlines()] == ["failed", "copied"]
    assert text_of(served, "a.txt") == "old"
    assert run("cp", "a.txt", to).code == 8
    assert run("cp", "a.txt", to, "--if-exists", "skip").code == 0
    assert text_of(served, "a.txt") == "old"
    assert run("cp", "a.txt", to, "--if-exists", "both").code == 0
    assert text_of(served, "a (2).txt") == "new"
    assert run("cp", "a.txt", to, "--if-exists", "replace").code == 0
    assert text_of(served, "a.txt") == "new"
    assert run("cp", "a.txt", to, "--if-exists", "perhaps").code == 2


def test_a_file_here_is_never_overwritten_unasked(run: Run, served: Served, tmp_path: Path) -> None:
    served.client.upload(b"there", served.client.project(served.project).root, name="a.txt")
    write(tmp_path / "down" / "a.txt", "mine")
    place = f"{served.project}/a.txt"
    assert run("cp", place, "./down/").code == 8
    assert run("cp", place, "./down/a.txt", "--if-exists", "skip").code == 0
    assert (tmp_path / "down" / "a.txt").read_text() == "mine"
    assert run("cp", place, "./down/", "--if-exists", "both").code == 0
    assert (tmp_path / "down" / "a (2).txt").read_text() == "there"
    assert run("cp", place, "./down/", "--if-exists", "replace").code == 0
    assert (tmp_path / "down" / "a.txt").read_text() == "there"


def test_objects_of_a_store_come_down_by_key_and_by_address(run: Run, served: Served, tmp_path: Path) -> None:
    root = tmp_path / "root"
    for name in ("2021/a.txt", "2021/below/b.txt", f"2021/{ODD}"):
        write(root / name, name.encode("utf-8", "surrogateescape").hex())
    store = f"s-{abs(hash(tmp_path))}"
    served.client.add_store(store, "disk", root=str(root))
    assert run("cp", f"{store}:2021/a.txt", f"fs://{store}/2021/{ODD}", "./down/").code == 0
    assert (tmp_path / "down" / "a.txt").read_text() == b"2021/a.txt".hex()
    assert (tmp_path / "down" / ODD).exists()
    assert run("cp", f"{store}:2021/", "./all").code == 2
    assert run("cp", "-r", f"{store}:2021/", "./all").code == 0
    assert sorted(str(path.relative_to(tmp_path / "all")) for path in (tmp_path / "all").rglob("*.txt")) == sorted(
        ["a.txt", "below/b.txt", ODD]
    )
    assert run("cp", f"{store}:absent", "./down/").code == 3
    assert run("cp", "s3://nobody/x.jpg", "./down/").code == 3


def test_links_and_what_is_no_file_do_not_go_up(run: Run, served: Served, tmp_path: Path) -> None:
    write(tmp_path / "media" / "a.txt")
    (tmp_path / "media" / "etc").symlink_to("/etc")
    (tmp_path / "media" / "nothing").symlink_to("nowhere")
    (tmp_path / "media" / "same.txt").symlink_to("a.txt")
    os.mkfifo(tmp_path / "media" / "pipe")
    ran = run("cp", "-r", "media", f"{served.project}/")
    assert ran.code == 0
    assert "media/etc: a link to a folder is not followed." in ran.err
    assert "3 skipped." in ran.err
    assert below(served) == ["media/a.txt", "media/same.txt"]


@pytest.mark.parametrize(
    ("name", "written"),
    [("..", r"\x2e\x2e"), (".", r"\x2e"), ("", r"\empty"), ("a/b", r"a\x2fb"), ("a\0b", r"a\x00b"), (ODD, ODD)],
)
def test_a_name_that_no_file_has_stays_in_its_folder(name: str, written: str) -> None:
    assert file_name(name) == written
    assert "/" not in file_name(name)


def test_names_of_a_store_that_lead_elsewhere_are_written_beside_the_others(
    run: Run, served: Served, tmp_path: Path
) -> None:
    """Keys that only a bucket can hold are tried against a bucket in tests/cli/test_copying_ceph.py."""
    root = write(tmp_path / "root" / "a\nb\x1b[2J.txt").parent
    store = f"c-{abs(hash(tmp_path))}"
    served.client.add_store(store, "disk", root=str(root))
    ran = run("cp", "-r", f"{store}:", "./all/", "--json")
    assert ran.code == 0
    assert (tmp_path / "all" / store / "a\nb\x1b[2J.txt").exists()
    assert len(ran.out.splitlines()) == 1
    assert "\x1b" not in ran.out + ran.err


def test_nothing_is_written_through_a_link_that_lies_in_the_way(run: Run, served: Served, tmp_path: Path) -> None:
    root = served.client.project(served.project).root
    served.client.upload(b"x", served.client.add_folder(root, "sub").id, name="x.txt")
    (tmp_path / "down" / served.project).mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "down" / served.project / "sub").symlink_to(tmp_path / "elsewhere")
    ran = run("cp", "-r", served.project, "./down/")
    assert ran.code == 2
    assert "is a link, and nothing is written through one" in ran.err
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["a.txt"], 2, "Missing argument"),
        (["a.txt", "b.txt"], 3, "b.txt is no file here, and no project or store"),
        (["a.txt", "a.txt"], 2, "All of these are files here"),
        (["./absent", "{project}/"], 3, "There is no file absent here"),
        (["media", "{project}/"], 2, "media is a folder. Nothing was copied.\nAdd -r"),
        (["a.txt", "{project}/no/where/"], 3, "there is no folder 'no'"),
        (["a.txt", "media/x.txt", "{project}/new"], 3, "{project}/new does not exist"),
        (["{project}", "./down/"], 2, "{project}/ is a folder. Nothing was copied.\nAdd -r"),
        (["{project}/absent", "./down/"], 3, "{project}/absent does not exist"),
        (["-r", "{project}", "./no/where"], 3, "There is no folder no here"),
        (["-r", "{project}", "a.txt/"], 2, "a.txt is no folder"),
        (["{project}/x", "{project}/"], 2, "All of these lie on the server"),
        (["a.txt", "{project}/x", "./down/"], 2, "Some of these lie here and some on the server"),
    ],
)
def test_what_cannot_be_copied_is_told_before_anything_is(
    run: Run, served: Served, tmp_path: Path, words: list[str], code: int, reason: str
) -> None:
    write(tmp_path / "a.txt")
    write(tmp_path / "media" / "x.txt")
    ran = run("cp", *(word.format(project=served.project) for word in words))
    assert (ran.code, reason.format(project=served.project) in ran.err) == (code, True), ran.err
    assert below(served) == []
    assert not (tmp_path / "down").exists()


def test_a_word_that_names_two_things_is_not_guessed(run: Run, served: Served, tmp_path: Path) -> None:
    served.client.upload(b"there", served.client.project(served.project).root, name="x.txt")
    write(tmp_path / served.project / "x.txt", "here")
    place = f"{served.project}/x.txt"
    id_ = served.client.project(served.project).id
    ran = run("cp", place, f"{served.project}/")
    assert ran.code == 8
    assert f"Write {id_}/ for the project {served.project}, ./{served.project}/ for what is here." in ran.err
    assert run("cp", place, "./down").code == 0  # only what is there can come down
    assert (tmp_path / "down").read_text() == "there"
    assert run("cp", f"./{place}", f"{id_}/y.txt").code == 0
    assert text_of(served, "y.txt") == "here"


def test_a_person_is_asked_about_each_taken_name(served: Served, tmp_path: Path) -> None:
    root = served.client.project(served.project).root
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        served.client.upload(b"old", root, name=name)
        write(tmp_path / name, "new")
    with at_terminal(
        "cp", "a.txt", "b.txt", "c.txt", "d.txt", f"{served.project}/", environ=served.environ, cwd=tmp_path
    ) as person:
        for answer in ("r", "what?", "b", "S"):
            person.expects("so for all")
            person.types(answer)
        assert person.ends() == 0
    assert "2 skipped." in person.seen
    assert [text_of(served, name) for name in ("a.txt", "b.txt", "b (2).txt", "c.txt", "d.txt")] == [
        "new", "old", "new", "old", "old",
    ]  # fmt: skip
