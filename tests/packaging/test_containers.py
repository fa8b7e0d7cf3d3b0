"""Dockerfile and compose.yml without Docker: what they name is there, and their steps work in a scratch directory."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from moorage.settings import Settings
from servers.moorage import ask, clean_environment

yaml: Any = import_module("yaml")  # it brings no types
pytestmark = pytest.mark.xdist_group("wheel")
ROOT = Path(__file__).resolve().parents[2]
PLACE = "/opt/moorage"
NOT_RUN = "# Not run on the machines of this project, which have no Docker"
FLAGS = re.compile(r"^--\w+=\S+$")


@dataclass(frozen=True)
class Step:
    """One instruction, its lines joined."""

    word: str
    text: str

    @property
    def words(self) -> list[str]:
        """Its arguments: of the JSON form, or as a shell reads them; without flags such as --from=build."""
        parts = json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)
        return [one for one in parts if not FLAGS.match(one)]


def steps() -> list[Step]:
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        Step(word, re.sub(r"^(--\w[\w-]*=\S+\s+)+", "", rest.strip()) if word == "HEALTHCHECK" else rest.strip())
        for word, rest in (line.split(None, 1) for line in joined.splitlines() if line.strip())
    ]


def of(word: str) -> list[Step]:
    return [step for step in steps() if step.word == word]


def copied() -> list[tuple[list[str], str]]:
    """What is copied from the checkout, and to where."""
    return [(step.words[:-1], step.words[-1]) for step in of("COPY") if "--from=" not in step.text]


def reaches(path: str) -> bool:
    """Whether .dockerignore lets a file into the build; its last line that fits counts, for it or a folder above."""
    allowed = True
    ways = [path, *(str(above) for above in Path(path).parents)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!")
        if any(fnmatchcase(way, pattern) or fnmatchcase(f"/{way}", pattern.replace("**/", "*/")) for way in ways):
            allowed = rule.startswith("!")
    return allowed


def settings_named(names: list[str]) -> list[str]:
    """Those that are no settings of ours."""
    fields = {f"MOORAGE_{name.upper()}" for name in Settings.model_fields}
    return [name for name in names if name.startswith("MOORAGE_") and name not in fields]


def environment() -> dict[str, str]:
    return dict(word.split("=", 1) for step in of("ENV") for word in step.words)


def test_both_say_that_they_were_not_run_here() -> None:
    for name in ("Dockerfile", "compose.yml"):
        assert (ROOT / name).read_text().startswith(NOT_RUN)


def test_what_is_copied_is_there_and_nothing_else_reaches_the_build() -> None:
    for sources, _ in copied():
        for source in sources:
            assert (ROOT / source).exists(), source
            files = [ROOT / source] if (ROOT / source).is_file() else list((ROOT / source).rglob("*.py"))
            assert all(reaches(str(file.relative_to(ROOT))) for file in files), source
    for secret in (
        ".env",
        ".git/config",
        "demo-data/env",
        "moorage.toml",
        "src/moorage/__pycache__/a.pyc",
        "secret.key",
    ):
        assert not reaches(secret), secret


def test_requirements_come_from_the_lock_with_their_hashes() -> None:
    installs = [part for step in of("RUN") for part in step.text.split("&&") if "pip install" in part]
    assert len(installs) == 2
    assert "--require-hashes -r requirements/server.lock" in installs[0]
    assert "--no-deps ." in installs[1]
    assert all(step.text.split()[0] == "python:3.11-slim" for step in of("FROM"))


def test_it_runs_as_somebody_whose_number_is_not_roots_and_keeps_its_data_in_a_volume() -> None:
    (user,) = of("USER")
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", user.text)
    assert f"--uid {user.text.split(':')[0]}" in " ".join(step.text for step in of("RUN"))
    (volume,) = of("VOLUME")
    assert volume.text == environment()["MOORAGE_DATA"] == "/data"
    assert settings_named(list(environment())) == []
    secrets = {name for name in environment() if re.search(r"KEY|TOKEN|PASSWORD|SECRET", name)}
    assert secrets == set()


def test_ports_agree() -> None:
    (exposed,) = of("EXPOSE")
    assert int(exposed.text) == Settings.model_fields["port"].default
    (check,) = of("HEALTHCHECK")
    assert f"127.0.0.1:{exposed.text}/healthz" in check.text
    (published,) = service()["ports"]
    assert published == f"127.0.0.1:{exposed.text}:{exposed.text}"


def service() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "compose.yml").read_text())
    (only,) = document["services"].values()
    assert isinstance(only, dict)
    named = {volume.split(":")[0] for volume in only["volumes"] if not volume.startswith(("/", "."))}
    assert named == set(document["volumes"])
    return only


def test_the_one_service_of_compose_is_this_image_with_settings_that_exist() -> None:
    one = service()
    assert one["build"] == "."
    assert settings_named(list(one["environment"])) == []
    assert one["environment"]["MOORAGE_PUBLIC_URL"].startswith("${MOORAGE_PUBLIC_URL:-http://127.0.0.1:8080")
    (volume,) = of("VOLUME")
    assert one["volumes"] == [f"data:{volume.text}"]
    assert one["read_only"]
    assert "/tmp" in one["tmpfs"]
    assert "# - /my/pictures:/media:ro" in (ROOT / "compose.yml").read_text()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the image's environment was made: the steps that copy and install, in a scratch directory."""
    scratch = tmp_path_factory.mktemp("image")
    context, target = scratch / "build", scratch / "opt"
    for step in steps()[: [one.word for one in steps()].index("FROM", 1)]:
        if step.word == "COPY":
            *sources, to = step.words
            for source in sources:
                place = context / to / Path(source).name if to.endswith("/") else context / to
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy2
                place.parent.mkdir(parents=True, exist_ok=True)
                copy(ROOT / source, place)
        elif step.word == "RUN":
            line = step.text.replace(PLACE, str(target)).replace("--no-cache-dir ", "")
            ran = subprocess.run(
                ["sh", "-ec", line], cwd=context, env=plain(), capture_output=True, text=True, check=False, timeout=800
            )
            assert ran.returncode == 0, ran.stderr[-3000:]
    return target


def plain() -> dict[str, str]:
    return {name: value for name, value in clean_environment().items() if not name.startswith("PYTHON")}


@pytest.fixture(scope="module")
def served(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """The address of the image's command, run in an empty folder; and the words that it was started with."""
    empty = tmp_path_factory.mktemp("served")
    (command,) = of("CMD")
    words = [word.replace("0.0.0.0", "127.0.0.1") for word in command.words]
    with (empty / "log").open("ab") as log:
        process = subprocess.Popen(
            [*words, "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=empty,
            env=plain() | {"PATH": f"{built}/bin:{os.environ['PATH']}", "MOORAGE_DATA": str(empty / "data")},
        )
    assert process.stdout is not None
    try:
        said = process.stdout.readline() + process.stdout.readline()
        found = re.search(r"Moorage serves (\S+)", said)
        assert found is not None, (empty / "log").read_text()
        yield found[1], words
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0
        process.stdout.close()


@pytest.mark.soak  # it installs everything anew, which takes minutes
@pytest.mark.timeout(900)
def test_its_steps_make_an_installation_that_serves_and_is_found_healthy(
    built: Path, served: tuple[str, list[str]]
) -> None:
    """The wheel with the locked requirements of the server, in an environment that holds nothing else."""
    address, words = served
    assert words[:2] == ["moorage", "serve"]
    assert ask("GET", f"{address}/sign-in").status == 200
    (check,) = of("HEALTHCHECK")
    health = check.text.removeprefix("CMD").strip()
    for port, code in ((address.rsplit(":", 1)[1], 0), ("9", 1)):
        ran = subprocess.run(
            json.loads(health.replace("127.0.0.1:8080", f"127.0.0.1:{port}")),
            env=plain() | {"PATH": f"{built}/bin"},
            capture_output=True,
            check=False,
            timeout=20,
        )
        assert ran.returncode == code, ran.stderr
    checked = subprocess.run([built / "bin" / "pip", "check"], env=plain(), capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
