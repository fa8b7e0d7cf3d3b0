"""`moorage mirror add ADDRESS`: one command from nothing to one's own pictures, and no secret for others to see."""

from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.conftest import Run, Served
from cli.terminal import at_terminal
from servers import Server, ceph
from stores.s3_bucket import admin, bucket_of


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A directory of two pictures, with a name of its own."""
    root = tmp_path / f"m{abs(hash(tmp_path))}"
    (root / "2021").mkdir(parents=True)
    (root / "a.jpg").write_bytes(b"a")
    (root / "2021" / "b.jpg").write_bytes(b"b")
    return root


def fields(out: str) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in out.splitlines())


def test_a_directory_here_becomes_a_folder_and_all_that_was_made_is_told(run: Run, served: Served, media: Path) -> None:
    name = media.name
    ran = run("mirror", "add", name, "--wait")
    assert ran.code == 0, ran.err
    made = fields(ran.out)
    assert list(made) == ["mirror", "job", "folder", "project", "store", "page"]
    assert (made["project"], made["store"]) == (name, name)
    assert made["page"] == f"{served.url}/folders/{made['folder']}"
    assert ran.err.splitlines()[0] == f"Made the store {name} and the project {name}."
    assert ran.err.splitlines()[-1] == f"See it: moorage ls {name}/{name}/"
    assert run("find", f"{name}/{name}/").out.splitlines() == [f"{name}/{name}/a.jpg", f"{name}/{name}/2021/b.jpg"]
    again = run("mirror", "add", f"./{name}")
    assert again.code == 0
    assert fields(again.out)["mirror"] == made["mirror"]
    assert "This is shown already; nothing was made." in again.err
    assert f"moorage mirror reindex {made['mirror']}" in again.err


def test_in_a_pipe_it_does_not_wait_unless_told(run: Run, served: Served, media: Path) -> None:
    ran = run("mirror", "add", str(media), "--project", served.project, "--folder", "here/it is")
    assert ran.code == 0
    assert f"moorage job watch {fields(ran.out)['job']}" in ran.err
    assert f"moorage ls '{served.project}/here/it is/'" in ran.err
    document = json.loads(run("mirror", "add", str(media), "--project", served.project, "--json").out)
    assert (document["made"], document["store"]) == ([], media.name)


def test_a_store_is_named_alone_with_a_prefix_or_as_before(run: Run, served: Served, media: Path) -> None:
    served.client.add_store(media.name, "disk", root=str(media))
    ran = run("mirror", "add", f"{media.name}:2021/", "--project", served.project, "--wait")
    assert ran.code == 0, ran.err
    old = ["--prefix", "2021/", "--project", served.project, "--create-project", "--folder", "old", "--wait"]
    assert run("mirror", "add", media.name, *old).code == 0
    assert run("ls", f"{served.project}/old/").out.split("\t")[0] == "b.jpg"
    assert "--create-project" not in run("mirror", "add", "--help").out


def test_a_word_that_is_store_and_directory_is_the_store_and_says_so(
    run: Run, served: Served, media: Path, tmp_path: Path
) -> None:
    served.client.add_store(media.name, "disk", root=str(media / "2021"))
    ran = run("mirror", "add", media.name, "--project", served.project, "--wait")
    assert ran.code == 0
    assert f"For the directory here, write ./{media.name}" in ran.err
    assert fields(ran.out)["store"] == media.name
    assert "1 added" in ran.err


def test_what_is_neither_store_nor_directory_is_told(run: Run, served: Served) -> None:
    ran = run("mirror", "add", "nowhere")
    assert ran.code == 3
    assert ran.err.startswith("moorage: There is no store nowhere, and no directory nowhere here. Nothing was made.\n")
    absent = run("mirror", "add", "./nowhere")
    assert absent.code == 4
    assert "Nothing was made" in absent.err
    assert all("nowhere" not in store.name for store in served.client.stores())


@pytest.fixture
async def bucket() -> AsyncIterator[str]:
    async with bucket_of(ceph()) as name:
        client = admin(ceph())
        client.put_object(Bucket=name, Key="cruise/a.jpg", Body=b"a")
        client.close()
        yield name


def address(bucket: str) -> str:
    return f"{ceph().endpoint}/{bucket}/cruise/"


@pytest.mark.parametrize("way", ["stdin", "file", "environment"])
def test_keys_come_by_stdin_a_file_or_the_environment(
    run: Run, served: Served, bucket: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ceph()
    words: list[str] = []
    if way == "stdin":
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{server.secret_key}\n"))
        words = ["--access-key", server.access_key, "--secret-stdin"]
    elif way == "file":
        keys = {"access_key": server.access_key, "secret_key": server.secret_key}
        (tmp_path / "keys.json").write_text(json.dumps(keys))
        words = ["--credentials", "keys.json"]
    else:
        monkeypatch.setenv("MOORAGE_STORE_ACCESS_KEY", server.access_key)
        monkeypatch.setenv("MOORAGE_STORE_SECRET_KEY", server.secret_key)
    ran = run("mirror", "add", address(bucket), *words, "--wait")
    assert ran.code == 0, ran.err
    assert server.secret_key not in ran.out + ran.err
    assert run("find", fields(ran.out)["project"]).out.endswith("/a.jpg\n")


def test_a_bucket_without_keys_is_not_asked_and_the_error_says_how(run: Run, served: Served, bucket: str) -> None:
    ran = run("mirror", "add", address(bucket))
    assert ran.code == 2
    assert "No credentials were given for the bucket. Nothing was made." in ran.err
    for way in ("--anonymous", "--credentials FILE", "--secret-stdin", "MOORAGE_STORE_SECRET_KEY"):
        assert way in ran.err


def test_a_person_is_asked_for_keys_and_project_and_nobody_else_sees_the_secret(
    served: Served, bucket: str, tmp_path: Path
) -> None:
    server: Server = ceph()
    with at_terminal("mirror", "add", address(bucket), environ=served.environ, cwd=tmp_path) as person:
        person.expects("Access key (empty: a public bucket): ")
        person.types(server.access_key)
        person.expects("Secret key: ")
        person.types(server.secret_key)
        person.expects("Project [")
        listed = Path(f"/proc/{person.process.pid}/cmdline").read_bytes()
        assert server.secret_key.encode() not in listed
        assert address(bucket).encode() in listed
        person.types(f"{served.project}")
        person.expects("/folders/")
        assert person.ends() == 0
    assert server.secret_key not in person.seen
    assert "1 added" in person.seen
    assert f"See it: moorage ls {served.project}/" in person.seen


def test_a_person_who_leaves_lets_the_job_go_on(served: Served, tmp_path: Path) -> None:
    root = tmp_path / f"many{abs(hash(tmp_path))}"
    root.mkdir()
    for number in range(20_000):
        (root / f"{number:05}.jpg").touch()
    with at_terminal(
        "mirror", "add", str(root), "--project", served.project, environ=served.environ, cwd=tmp_path
    ) as person:
        person.expects("/folders/")
        os.kill(person.process.pid, signal.SIGINT)
        assert person.ends() == 130
    assert "The job goes on. Watch it again: moorage job watch " in person.seen
    job = person.seen.rpartition("job watch ")[2].split()[0]
    assert served.client.wait_job(job).outcome["added"] == 20_000


def test_a_directory_that_a_server_elsewhere_does_not_find_is_told_whose_it_is(
    run: Run, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "server's machine" not in run("mirror", "add", "/nowhere/at/all").err
    monkeypatch.setattr("moorage.cli.mooring._LOCAL", ())
    ran = run("mirror", "add", "/nowhere/at/all")
    assert ran.code == 4
    assert "The directory is looked for on the server's machine, 127.0.0.1, not here." in ran.err
