"""The command line and the SDK against a real server with a disk store: moor, mirror, browse, read, let go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from moorage.client import Client
from moorage.model.errors import AlreadyExists
from servers import warm

MOORAGE = (sys.executable, "-m", "moorage")


@dataclass(frozen=True)
class Installation:
    """A served data directory, and a shell to run commands in."""

    environ: dict[str, str]
    url: str
    token: str
    root: Path

    def run(self, *words: str, code: int = 0) -> str:
        ran = warm.run([*words], self.environ, timeout=120)
        assert ran.returncode == code, ran.stderr
        return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("installation")
    root = home / "media"
    (root / "2021").mkdir(parents=True)
    (root / "a b#1.txt").write_bytes(b"anchor")
    (root / "2021" / "%20.bin").write_bytes(bytes(range(256)))
    (root / os.fsdecode(b"odd\xff.txt")).write_bytes(b"odd")
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "MOORAGE_DATA": str(home / "data")}
    offline = {"env": environ, "cwd": home, "text": True, "stdout": subprocess.PIPE}
    with subprocess.Popen([*MOORAGE, "serve", "--port", "0"], **offline) as server:  # type: ignore[call-overload]  # options are one dict
        try:
            url = server.stdout.readline().split()[-1]
            server.stdout.readline()
            add = [*MOORAGE, "token", "add", "test", "--user", "admin@localhost", "--json"]
            made = subprocess.run(add, check=True, **offline)  # type: ignore[call-overload]
            token = json.loads(made.stdout)["token"]
            yield Installation(environ | {"MOORAGE_URL": url, "MOORAGE_TOKEN": token}, url, token, root)
        finally:
            server.send_signal(signal.SIGTERM)
            server.stdout.close()


def test_a_disk_is_moored_browsed_read_and_let_go(installed: Installation) -> None:
    run, root = installed.run, installed.root
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    assert json.loads(run("store", "add", "reef", "--root", str(root), "--json"))["check"]["passed"]
    run("store", "add", "absent", "--root", str(root / "absent"), code=4)
    started, job = map(
        json.loads,
        run("mirror", "add", "reef", "--project", "Reef", "--create-project", "--wait", "--json").splitlines(),
    )
    assert (job["state"], job["outcome"]["added"]) == ("succeeded", 3)

    assert sorted(run("find", "Reef").splitlines()) == [
        "Reef/reef/2021/%20.bin", "Reef/reef/a b#1.txt", "Reef/reef/odd\\xff.txt",
    ]  # fmt: skip
    assert run("cat", "Reef/reef/a b#1.txt", "--range", "2-3") == "ch"
    assert run("cat", os.fsdecode(b"Reef/reef/odd\xff.txt")) == "odd"
    assert json.loads(run("stat", "Reef/reef/2021/%20.bin", "--json"))["size"] == 256
    run("stat", "Reef/reef/nowhere", code=3)

    run("rm", "Reef/reef/a b#1.txt")
    assert "a b#1.txt" in run("ls", "Reef/reef", "--gone")
    run("store", "rm", "reef", code=8)
    run("mirror", "rm", started["id"])
    run("project", "rm", "Reef", "--yes")
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


def test_the_sdk_sees_what_the_command_line_made(installed: Installation, tmp_path: Path) -> None:
    with Client(installed.url, installed.token) as client:
        store = client.add_store("local", "disk", root=str(installed.root))
        assert store.check is not None
        assert store.check.passed
        started = client.add_mirror("local", "SDK", create_project=True)
        assert client.wait_job(started.job).outcome["added"] == 3
        items = {str(item.name): item for item in client.items("SDK")}
        assert set(items) == {"a b#1.txt", "%20.bin", os.fsdecode(b"odd\xff.txt")}
        binary = items["%20.bin"]
        assert client.download(binary.id, tmp_path / "x") == 256
        assert client.read(binary.id, start=250) == bytes(range(250, 256))
        assert client.sign_url(binary.id).url.startswith(installed.url)
        assert [job.id for job in client.jobs(project=items["%20.bin"].project)] == [started.job]
        assert client.me().everywhere == "admin"
        assert client.users()[0].email == "admin@localhost"
        assert client.tokens()[0].email == "admin@localhost"
        assert [type(row).__name__ for row in client.objects("local", delimiter=True)].count("CommonPrefix") == 1
        assert client.reindex_mirror(started.id, dry_run=True).job != started.job


def test_doctor_and_where_know_the_running_server(installed: Installation) -> None:
    assert "held by\tprocess" in installed.run("where")
    assert "catalogue\tok" in installed.run("doctor")


def test_people_are_managed_through_the_sdk(installed: Installation) -> None:
    with Client(installed.url, installed.token) as client:
        project = client.add_project("People")
        made = client.add_user("eve@reef.example", role="viewer", project="People")
        assert made.link is not None
        assert made.link.url.startswith(f"{installed.url}/sign-in/")
        assert made.link.url not in repr(made)
        assert [(grant.role, grant.project) for grant in made.grants] == [("viewer", project.id)]
        client.add_grant(made.id, "editor", project="People")
        assert {grant.role for grant in client.grants() if grant.user == made.id} == {"editor"}
        assert client.shut_out(made.id).disabled
        client.remove_grant(made.id, project="People")
        client.remove_user(made.id)
        token = client.add_token("second", role="viewer", expires_in=3600)
        client.remove_token(token.id)
        actions = [row.action for row in client.audit()]
        assert {"user.add", "grant.set", "user.remove", "token.add", "token.remove"} <= set(actions)
        assert actions.index("user.remove") < actions.index("user.add")


def test_a_name_that_is_taken_is_a_conflict(installed: Installation) -> None:
    with Client(installed.url, installed.token) as client:
        client.add_project("Once")
        with pytest.raises(AlreadyExists):
            client.add_project("Once")
        assert [project.name for project in client.projects()].count("Once") == 1


def test_a_worker_beside_the_embedded_catalogue_is_refused(installed: Installation) -> None:
    installed.run("worker", code=2)
    installed.run("serve", "--port", "0", code=8)
