"""Places on the command line: what a word names, here or on the server."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moorage.cli.finding import split
from moorage.model.errors import Conflict, NotFound
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import Client

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HERE: Final = ("/", "./", "../", "~/")


@dataclass(frozen=True, slots=True)
class Here:
    """A file or folder of this machine, there or not.

    ``slash``: it was written as a folder; ``contents``: as what is in a folder, such as ``photos/.``.
    """

    path: Path
    slash: bool = False
    contents: bool = False


@dataclass(frozen=True, slots=True)
class Catalogued:
    """``PROJECT/path``."""

    project: str
    path: str

    @property
    def word(self) -> str:
        """As it is written."""
        return f"{self.project}/{self.path}"


@dataclass(frozen=True, slots=True)
class Stored:
    """``STORE:key``, or an address that lies in that store."""

    store: str
    key: str

    @property
    def word(self) -> str:
        """As it is written."""
        return f"{self.store}:{self.key}"


Place = Here | Catalogued | Stored


class Places:
    """Tells places apart, by what is there: on this machine, among the projects, among the stores."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @cached_property
    def _projects(self) -> set[str]:
        return {word for project in self._client.projects() for word in (project.name, project.id)}

    @cached_property
    def _stores(self) -> set[str]:
        return {store.name for store in self._client.stores()}

    def readings(self, word: str) -> list[Place]:
        """All that the word may name; a path of this machine only where something is."""
        if _ADDRESS.match(word):
            found = self._client.resolve(word)
            return [Stored(found.store, str(found.key))]
        if is_here(word):
            return [here(word)]
        there = self._there(word)
        return [*there, here(word)] if os.path.lexists(word) else there

    def unclear(self, word: str, readings: Sequence[Place]) -> Conflict:
        """The error for a word that may name several things; it says how to write each."""
        return Conflict(
            f"{escape(word)} may be {' or '.join(map(_told, readings))}. Nothing was copied.",
            "Write " + ", ".join(f"{_unmistakable(self._client, one)} for {_told(one)}" for one in readings) + ".",
        )

    @staticmethod
    def nowhere(word: str) -> NotFound:
        """The error for a word that names nothing."""
        return NotFound(
            f"{escape(word)} is no file here, and no project or store is called so. Nothing was copied.",
            "Write PROJECT/PATH, STORE:KEY, an address such as s3://bucket/key, or ./FILE; "
            "`moorage ls` lists the projects, `moorage store ls` the stores.",
        )

    def _there(self, word: str) -> list[Place]:
        found: list[Place] = []
        project, path = split(word)
        if project in self._projects:
            found.append(Catalogued(project, path))
        store, colon, key = word.partition(":")
        if colon and store in self._stores:
            found.append(Stored(store, key))
        return found


def is_here(word: str) -> bool:
    """True for what can only be meant as a path of this machine."""
    return word in (".", "..", "~") or word.startswith(_HERE)


def here(word: str) -> Here:
    """A path of this machine."""
    slash = word.endswith(("/", "/.", "/..")) or word in (".", "..", "~")
    return Here(Path(word).expanduser(), slash=slash, contents=word == "." or word.endswith("/."))


def _told(place: Place) -> str:
    match place:
        case Here():
            return "what is here"
        case Catalogued(project, _):
            return f"the project {escape(project)}"
        case Stored(store, _):
            return f"the store {store}"


def _unmistakable(client: Client, place: Place) -> str:
    match place:
        case Here(path, slash, _):
            return f"./{escape(str(path))}{'/' * slash}"
        case Catalogued(project, path):
            return escape(f"{client.project(project).id}/{path}")
        case Stored(store, key):
            found = client.store(store)
            return escape(f"s3://{found.bucket}/{key}" if found.bucket and not found.root else f"fs://{store}/{key}")
