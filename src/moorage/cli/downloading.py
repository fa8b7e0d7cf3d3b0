"""Copying down: items, folders and objects -> files of this machine, never outside of the folder that is meant."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from moorage.cli.names import file_name, numbered
from moorage.cli.places import Catalogued, Here, Stored
from moorage.cli.printing import say
from moorage.cli.taken import IfExists, Taken
from moorage.cli.tally import Tally
from moorage.cli.transfers import Transfer, unwritten
from moorage.model.errors import AlreadyExists, Invalid, MoorageError, NotFound
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import Client, Folder, Item

Note = Callable[[int], None]
_REMEMBERED: Final = 64
"""Files that are planned or under way are fewer."""


@dataclass(frozen=True, slots=True)
class _Left:
    """What was not begun, for the tally."""

    source: str
    target: str


class Downloading:
    """Plans the transfers of one command."""

    def __init__(self, client: Client, taken: Taken, tally: Tally, *, recursive: bool) -> None:
        self._client = client
        self._taken = taken
        self._tally = tally
        self._recursive = recursive
        self._planned: dict[Path, None] = {}
        self._top = Path()

    def plan(self, sources: Sequence[Catalogued | Stored], to: Here) -> Iterator[Transfer]:
        """The transfers of all sources; a missing last part of ``to`` with a slash is made, else is the new name.

        Raises: NotFound, Invalid before anything is copied where a source or ``to`` does not fit.
        """
        from moorage.client import Item

        tops = [
            (one, self._client.lookup(one.project, one.path) if isinstance(one, Catalogued) else None)
            for one in sources
        ]
        for one, row in tops:
            folder = not one.key.rpartition("/")[2] if isinstance(one, Stored) else not isinstance(row, Item)
            if folder and not self._recursive:
                raise Invalid(f"{escape(one.word)} is a folder. Nothing was copied.", "Add -r to copy all of it.")
        inside = self._entered(to, several=len(sources) > 1)
        self._top = to.path
        for one, row in tops:
            if isinstance(one, Stored):
                yield from self._stored(one, to.path, inside=inside)
            elif isinstance(row, Item):
                target = to.path / self._name(row.name, one.word) if inside else to.path
                yield from self._item(row, one.word, target)
            elif row is not None:
                name = row.name or self._client.project(row.project).name
                target = to.path / self._name(name, one.word) if inside else to.path
                yield from self._folder(row, one.word.removesuffix("/"), target)

    @staticmethod
    def _entered(to: Here, *, several: bool) -> bool:
        """True where ``to`` is a folder that takes what is copied, made if need be; False where it is its new name."""
        if to.path.is_dir():
            return True
        if not to.path.parent.is_dir():
            raise NotFound(
                f"There is no folder {escape(str(to.path.parent))} here. Nothing was copied.", "Make it first."
            )
        if to.slash and not os.path.lexists(to.path):
            _make(to.path)
            return True
        if several or to.slash:
            raise Invalid(
                f"{escape(str(to.path))} is no folder. Nothing was copied.",
                "Several things go into a folder; with a slash at its end, a new one is made.",
            )
        return False

    def _folder(self, folder: Folder, word: str, target: Path) -> Iterator[Transfer]:
        from moorage.client import Item

        waiting = [(folder.id, word, target)]
        while waiting:
            id_, at, path = waiting.pop()
            if not self._ready(at, path):
                continue
            deeper = []
            for child in self._client.children(id_):
                below = path / self._name(child.name, f"{at}/{child.name}")
                if isinstance(child, Item):
                    yield from self._item(child, f"{at}/{child.name}", below)
                else:
                    deeper.append((child.id, f"{at}/{child.name}", below))
            waiting += reversed(deeper)

    def _stored(self, place: Stored, to: Path, *, inside: bool) -> Iterator[Transfer]:
        from moorage.client.shapes import ObjectEntry

        if place.key and not place.key.endswith("/"):
            target = to / self._name(place.key.rpartition("/")[2], place.word) if inside else to
            yield from self._object(place.store, place.key, target)
            return
        top = to / self._name(place.key.rstrip("/").rpartition("/")[2] or place.store, place.word) if inside else to
        for row in self._client.objects(place.store, place.key):
            if not isinstance(row, ObjectEntry) or (row.key.endswith("/") and row.size == 0):
                continue  # an empty object that stands for a folder
            *parents, name = row.key.removeprefix(place.key).split("/")
            word = f"{place.store}:{row.key}"
            path = top
            if not self._ready(word, path) or not all(
                self._ready(word, path := path / file_name(one)) for one in parents
            ):
                continue
            yield from self._object(place.store, row.key, path / self._name(name, word))

    def _item(self, item: Item, word: str, target: Path) -> Iterator[Transfer]:
        yield from self._to(word, target, lambda path, note: self._client.download(item.id, path, note=note))

    def _object(self, store: str, key: str, target: Path) -> Iterator[Transfer]:
        def run(path: Path, note: Note) -> int:
            return self._client.download_object(store, key, path, note=note)

        yield from self._to(f"{store}:{key}", target, run)

    def _to(self, word: str, target: Path, run: Callable[[Path, Note], int]) -> Iterator[Transfer]:
        """The transfer to a free name; none where the name is taken and shall stay so."""
        if os.path.lexists(target) or target in self._planned:
            left = _Left(word, str(target))
            decision = self._taken.decide(str(target)) if not target.is_dir() else IfExists.REFUSE
            if decision is IfExists.SKIP:
                self._tally.skip(left)
                return
            if decision is IfExists.REFUSE:
                self._tally.fail(left, _exists(target))
                return
            if decision is IfExists.BOTH:
                target = next(one for one in numbered(target) if not os.path.lexists(one) and one not in self._planned)
        self._planned[target] = None
        if len(self._planned) > _REMEMBERED:
            del self._planned[next(iter(self._planned))]
        yield Transfer(word, str(target), lambda note: run(target, note))

    def _ready(self, word: str, path: Path) -> bool:
        """True where the folder is there, made if need be; never through a link."""
        error: MoorageError
        try:
            path.mkdir(exist_ok=True)
        except OSError as exc:
            error = unwritten(path, exc)
        else:
            if path != self._top and path.is_symlink():
                error = Invalid(f"{escape(str(path))} is a link, and nothing is written through one.", "Remove it.")
            else:
                return True
        self._tally.fail(_Left(word, str(path)), error)
        return False

    @staticmethod
    def _name(name: str, word: str) -> str:
        """The name as a file's, told where it is another."""
        safe = file_name(name)
        if safe != name:
            say(f"{escape(word)} is written as {safe}: no file can be called {escape(name)!r}.")
        return safe


def _make(path: Path) -> None:
    try:
        path.mkdir()
    except OSError as exc:
        raise unwritten(path, exc) from exc


def _exists(path: Path) -> AlreadyExists:
    return AlreadyExists(
        f"{escape(str(path))} is there already, and was left as it is.",
        "Add --if-exists replace, both or skip." if not path.is_dir() else "It is a folder: copy elsewhere.",
    )
