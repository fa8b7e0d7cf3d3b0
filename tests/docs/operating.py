"""Somebody with a guide in hand: a shell, an installation, and the servers that the guide is about."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from typer.main import get_command

from docs.guides import Row, checks_of, rows
from moorage.cli import application
from moorage.client import Client
from servers.moorage import clean_environment
from web.conftest import Face

NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str


@cache
def commands() -> Any:
    """All commands, put together once: typer does it for each run, and takes longer for it than most commands do."""
    return get_command(application.app)


def shell(words: list[str], folder: Path, variables: Mapping[str, str]) -> Ran:
    """A command as it runs in that folder with these variables of ours; in this process, where it starts at once."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in os.environ.keys() - clean_environment().keys():
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        patch.setattr(application, "app", commands())
        patch.setattr(sys, "stdin", io.StringIO())
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as left:
            application.main(words)
    for one in (out, err):
        one.seek(0)
    return Ran(int(left.value.code or 0), out.read(), err.read())


@dataclass
class Operator:
    """One installation that a guide is followed on. ``folder``: where commands are run."""

    face: Face
    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)
    """What the checks of a page need of what is around the installation."""
    ran: dict[str, list[str]] = field(default_factory=dict)
    """The commands that were run, by step."""
    followed: set[str] = field(default_factory=set)
    """Steps whose checks have passed."""

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.face.server.data

    def run(self, command: str, variables: Mapping[str, str] = NONE, *, folder: Path | None = None) -> Ran:
        """A command. A variable that is empty is not there."""
        known = {
            "MOORAGE_DATA": str(self.data),
            "MOORAGE_URL": self.face.server.address,
            "MOORAGE_TOKEN": self.face.token,
        }
        known = {name: value for name, value in {**known, **variables}.items() if value}
        return shell(shlex.split(command)[1:], folder or self.folder, known)

    def do(
        self,
        row: Row,
        names: Mapping[str, str] = NONE,
        variables: Mapping[str, str] = NONE,
        *,
        folder: Path | None = None,
    ) -> list[Ran]:
        """Run all commands of a row, as they stand there; AssertionError where one fails.

        ``names``: what stands on the page, and what it is called here.
        """
        assert [written for written in names if written not in row.here] == []
        done = []
        for command in row.commands:
            there = command
            for written, here in names.items():
                there = there.replace(written, here)
            ran = self.run(there, variables, folder=folder)
            assert ran.code == 0, f"{there}: {ran.code}\n{ran.out}\n{ran.err}"
            self.ran.setdefault(row.step, []).append(command)
            done.append(ran)
        return done

    def after(self, page: str, step: str) -> None:
        """Do another row of the page first, if it was not done yet."""
        (row,) = (row for row in rows(page) if row.step.startswith(step))
        self.follow(row)

    def follow(self, row: Row) -> None:
        """Check a row, once, and that all its commands were run."""
        if row.step in self.followed:
            return
        (check,) = checks_of(row)
        self.ran[row.step] = []
        check(self, row)
        assert self.ran[row.step] == row.commands
        self.followed.add(row.step)

    def client(self) -> Client:
        """The SDK, as an admin."""
        return Client(self.face.server.address, self.face.token)

    def linked(self, project: str, *addresses: str) -> dict[str, bytes]:
        """What items hold that these addresses became in a new project, by name; and nothing was left out."""
        (self.folder / "some.txt").write_text("".join(f"{one}\n" for one in addresses))
        assert self.run(f"moorage project create '{project}'").code == 0
        ran = self.run(f"moorage link import some.txt --project '{project}' --wait")
        assert ran.code == 0, ran.out + ran.err
        with self.client() as client:
            return {item.name: client.read(item.id) for item in client.items(project)}
