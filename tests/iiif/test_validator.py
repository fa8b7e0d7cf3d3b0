"""The public validator of IIIF servers finds nothing at level 2 of versions 2 and 3."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.moorage import Moorage
from web.conftest import Face, items, moor

HERE = Path(__file__).parent
CRASHES = {"size_noup"}
"""Tests that cannot pass anywhere. Its own asks for !2000,3000 of an image of 1000 x 1000, to which 3.0 (section 4.2)
wants the image at its own size; having got it, it raises its ValidatorError without the arguments that this needs."""
pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]  # the first run makes an environment


@pytest.fixture(scope="module")
def python() -> list[str]:
    made = subprocess.run([HERE / "environment.sh"], check=True, capture_output=True, text=True, timeout=500)
    return [f"{made.stdout.strip()}/venv/bin/python", "-I", str(HERE / "validating.py")]


@pytest.fixture(scope="module")
def address(python: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The signed address of the validator's own image, in version 3."""
    home = tmp_path_factory.mktemp("validator")
    (home / "pictures").mkdir()
    subprocess.run([*python, "picture", home / "pictures" / "squares.png"], check=True, timeout=60)
    with Moorage(home / "data") as server:
        face = Face(server, server.token())
        (item,) = items(face, moor(face, home / "pictures").folder).values()
        made = face("POST", f"/api/v1/items/{item['id']}/url", {"variant": "iiif"}).json
        yield made["url"].removesuffix("/info.json")


@pytest.mark.parametrize(("version", "tests"), [("2.0", 30), ("3.0", 33)])
def test_every_test_of_level_2_passes(python: list[str], address: str, version: str, tests: int) -> None:
    match = re.fullmatch(r"http://([^/]+)/iiif/3/(.+)", address)
    assert match
    server, identifier = match.groups()
    said = subprocess.run(
        [*python, "run", server, f"iiif/{version[0]}", identifier, version],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
        env={"PATH": os.environ["PATH"]},
    )
    found = json.loads(said.stdout)
    assert len(found) == tests
    assert {name: told for name, told in found.items() if told != "passed" and name not in CRASHES} == {}
    for name in CRASHES & set(found):
        assert found[name].startswith("crashed: TypeError: ValidatorError.__init__() missing 3 required"), found[name]
        assert "!2000,3000" in found[name]
        assert found[name].endswith(" 200")
