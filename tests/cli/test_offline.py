"""Commands on the data directory, without a server."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.conftest import Run
from client.toy import Toy
from moorage import __version__

BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"sqlalchemy", "uvicorn", "starlette", "dbos", "argon2", "cryptography"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from moorage.cli.application import main
main(sys.argv[1:])
"""


def test_a_user_gets_a_link_and_a_token(run: Run, tmp_path: Path) -> None:
    added = run("user", "add", "ada@reef.example", "--role", "admin")
    assert added.code == 0
    assert added.out.startswith("http://127.0.0.1:8080/sign-in/")
    made = run("token", "add", "ci", "--user", "ada@reef.example", "--expires", "30d", "--json")
    document = json.loads(made.out)
    assert set(document) == {"token"}
    assert document["token"].startswith("mrg_")
    (listed,) = run("token", "ls", "--json").out.splitlines()
    assert document["token"] not in listed
    token = json.loads(listed)
    assert (token["name"], token["role"]) == ("ci", None)
    assert run("token", "rm", token["id"]).code == 0
    assert run("token", "ls").out == ""
    assert run("token", "rm", token["id"]).code == 3


def test_users_are_listed_with_their_roles_and_removed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("user", "add", "ada@reef.example", "--role", "admin")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert run("user", "add", "bob@reef.example", "--role", "viewer", "--password-stdin").out == ""
    rows = [line.split("\t") for line in run("user", "ls").out.splitlines()]
    assert [(row[1], row[2], row[3]) for row in rows] == [
        ("ada@reef.example", "no", "admin of all"),
        ("bob@reef.example", "yes", "viewer of all"),
    ]
    assert run("user", "rm", "bob@reef.example").code == 0
    assert run("user", "rm", "ada@reef.example").code == 8
    assert run("user", "link", "bob@reef.example").code == 3
    assert "/sign-in/" in json.loads(run("user", "link", "ada@reef.example", "--json").out)["url"]


def test_a_role_and_a_life_that_are_none_are_refused(run: Run) -> None:
    assert "admin" in run("user", "add", "a@b.example", "--role", "king").err
    ran = run("token", "add", "ci", "--user", "a@b.example", "--expires", "soon")
    assert ran.code == 2
    assert "soon is no time" in ran.err


def test_where_and_doctor_tell_about_the_directory(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert json.loads(run("where", "--data", str(other), "--json").out)["data directory"] == str(other)
    assert not other.exists()
    ran = run("doctor", "--data", str(other))
    assert ran.code == 0
    assert f"data directory\tok\t{other}" in ran.out
    (other / "secret.key").chmod(0o644)
    assert run("doctor", "--data", str(other)).code == 4


def test_settings_are_shown_with_their_origin_and_without_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOORAGE_TOKEN", "hush")
    monkeypatch.setenv("MOORAGE_PORT", "81")
    out = run("config", "show").out
    assert "port\t81\tenvironment (MOORAGE_PORT)\t" in out
    assert "token\t(hidden)\t" in out
    assert "hush" not in out
    assert "jupyter_sync\tfalse\tdefault\tnot used yet" in out
    monkeypatch.setenv("MOORAGE_PROT", "81")
    ran = run("config", "show")
    assert ran.code == 2
    assert "Did you mean MOORAGE_PORT?" in ran.err


@pytest.mark.parametrize("words", [["serve"], ["doctor"], ["user", "ls"]])
def test_without_the_server_part_a_command_says_how_to_install_it(words: list[str], tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BLOCKED, *words, "--data", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 4
    assert "pip install 'moorage[server]'" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_commands_that_talk_to_a_server_do_without_the_server_part(toy: Toy) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", BLOCKED, "ls", "Reef"], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("2021/\t11\tfolder")


def test_the_version_is_printed_without_loading_the_rest() -> None:
    heavy = ["aiohttp", "pydantic", "rich", "sqlalchemy", "botocore"]
    code = f"""
import sys
from moorage.cli.application import main
try:
    main(["--version"])
finally:
    print([name for name in {heavy} if name in sys.modules])
"""
    started_s = time.monotonic()
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert time.monotonic() - started_s < 10
    assert ran.stdout == f"moorage {__version__}\n[]\n"


def test_a_foreign_env_in_the_working_directory_is_imported_and_not_obeyed(run: Run, tmp_path: Path) -> None:
    env, theirs = tmp_path / ".env", f"DATA_PATH={tmp_path / 'theirs'}\nSTORAGE_PROVIDER=http\nCACHE_PREVIEWS_SIZE=2g\n"
    env.write_text(theirs)
    (tmp_path / "docker-compose.override.yml").write_text("services: {}\n")
    assert run("config", "show").code == 2, "two names of the data directory, which differ"
    assert run("config", "import", "docker-compose.override.yml").code == 0
    ran = run("config", "import", ".env", "--apply")
    assert ran.code == 0, ran.err
    assert (tmp_path / "data" / "moorage.toml").read_text() == 'storage_provider = "http"\ncache_previews_size = "2g"\n'
    assert not (tmp_path / "theirs").exists()
    env.write_text(f"MOORAGE_PORT=81\n{theirs}")
    assert run("config", "import", "docker-compose.override.yml").code == 2, "here it is our own"
