"""Copying up: files and folders of this machine -> items; folders are made as they are needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Final, Literal

from moorage.cli.places import Catalogued, Here
from moorage.cli.taken import IfExists, Taken
from moorage.cli.tally import Tally
from moorage.cli.transfers import Transfer
from moorage.model.errors import AlreadyExists, Invalid, MoorageError, NotFound
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import Client

Note = Callable[[int], None]
_AT_ONCE: Final = 500
"""Names that are asked about together."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder of the catalogue, and how people write it: without a final slash."""

    id: str
    project: str
    path: str
    """Below the project's root, with a final slash; empty: the root."""

    @property
    def word(self) -> str:
        return f"{self.project}/{self.path}"

    def below(self, id_: str, name: str) -> _Folder:
        return _Folder(id_, self.project, f"{self.path}{name}/")


@dataclass(frozen=True, slots=True)
class _File:
    """A file to copy, for plan and tally."""

    path: Path
    folder: _Folder
    name: str

    @property
    def source(self) -> str:
        return str(self.path)

    @property
    def target(self) -> str:
        return f"{self.folder.word}{self.name}"


class Uploading:
    """Plans the transfers of one command."""

    def __init__(self, client: Client, taken: Taken, tally: Tally, *, recursive: bool) -> None:
        self._client = client
        self._taken = taken
        self._tally = tally
        self._recursive = recursive

    def plan(self, sources: Sequence[Here], to: Catalogued) -> Iterator[Transfer]:
        """The transfers of all sources; a missing last part of ``to`` with a slash is made, else is the new name.

        Raises: NotFound, Invalid before anything is copied where a source or ``to`` does not fit.
        """
        for one in sources:
            self._check(one)
        folder, name = self._destination(to, several=len(sources) > 1)
        files = [one.path for one in sources if not one.path.is_dir()]
        yield from self._files(folder, [_File(path, folder, name or path.name) for path in files])
        for one in sources:
            if one.path.is_dir():
                yield from self._tree(one.path, folder, name or ("" if one.contents else _name_of(one.path)))

    def _check(self, one: Here) -> None:
        if not one.path.exists():
            raise NotFound(
                f"There is no file {escape(str(one.path))} here. Nothing was copied.", "Name one that is there."
            )
        if one.path.is_dir() and not self._recursive:
            raise Invalid(f"{escape(str(one.path))} is a folder. Nothing was copied.", "Add -r to copy all of it.")

    def _destination(self, to: Catalogued, *, several: bool) -> tuple[_Folder, str]:
        """The folder that takes what is copied, made if need be, and the one new name; empty: it keeps its own."""
        from moorage.client import Item

        parent, _, last = to.path.rstrip("/").rpartition("/")
        above = f"{parent}/" if parent else ""
        try:
            found = self._client.lookup(to.project, to.path)
        except NotFound:
            if not last or (several and not to.path.endswith("/")):
                raise
            folder = _Folder(self._client.lookup(to.project, above).id, to.project, above)
            if not to.path.endswith("/"):
                return folder, last
            return folder.below(self._client.add_folder(folder.id, last).id, last), ""
        if not isinstance(found, Item):
            return _Folder(found.id, to.project, f"{to.path.rstrip('/')}/" if last else ""), ""
        if several:
            raise Invalid(f"{escape(to.word)} is no folder. Nothing was copied.", "Several files go into a folder.")
        return _Folder(found.folder, to.project, above), last

    def _tree(self, top: Path, into: _Folder, called: str) -> Iterator[Transfer]:
        waiting: list[tuple[Path, _Folder, str]] = [(top, into, called)]
        while waiting:
            path, parent, name = waiting.pop()
            try:
                folder = self._made(parent, name) if name else parent
                entries = sorted(os.scandir(path), key=lambda entry: os.fsencode(entry.name))
            except (MoorageError, OSError) as exc:
                error = exc if isinstance(exc, MoorageError) else _unread(path, exc)
                self._tally.fail(_File(path, parent, name), error)
                continue
            yield from self._files(folder, self._wanted(folder, entries))
            deeper = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
            waiting += [(Path(entry.path), folder, entry.name) for entry in reversed(deeper)]

    def _wanted(self, folder: _Folder, entries: Sequence[os.DirEntry[str]]) -> list[_File]:
        """The files among the entries; links to folders and what is no file are told."""
        files = []
        for entry in entries:
            one = _File(Path(entry.path), folder, entry.name)
            if entry.is_dir(follow_symlinks=False):
                continue
            if entry.is_dir():
                self._tally.skip(one, "a link to a folder is not followed.")
            elif not _is_file(entry):
                self._tally.skip(one, "is no file that can be copied.")
            else:
                files.append(one)
        return files

    def _made(self, parent: _Folder, name: str) -> _Folder:
        """The folder of that name, there or made."""
        try:
            found = self._client.lookup(parent.project, f"{parent.path}{name}/")
        except NotFound:
            found = self._client.add_folder(parent.id, name)
        return parent.below(found.id, name)

    def _files(self, folder: _Folder, files: Sequence[_File]) -> Iterator[Transfer]:
        for start in range(0, len(files), _AT_ONCE):
            some = files[start : start + _AT_ONCE]
            held = set(self._client.taken(folder.id, [one.name for one in some]))
            for one in some:
                decision = self._taken.decide(one.target) if one.name in held else IfExists.REFUSE
                if decision is IfExists.SKIP:
                    self._tally.skip(one)
                elif decision is IfExists.REFUSE and one.name in held:
                    self._tally.fail(one, _exists(one))
                else:
                    yield Transfer(one.source, one.target, self._sender(one, decision))
                held.add(one.name)  # two files of one name in one command

    def _sender(self, one: _File, decision: IfExists) -> Callable[[Note], int]:
        how: Literal["refuse", "replace", "both"] = "refuse"
        if decision is IfExists.REPLACE:
            how = "replace"
        elif decision is IfExists.BOTH:
            how = "both"

        def run(note: Note) -> int:
            return self._client.upload(one.path, one.folder.id, name=one.name, if_exists=how, note=note).size

        return run


def _name_of(path: Path) -> str:
    return path.name if path.name not in ("", "..") else path.resolve().name


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return S_ISREG(entry.stat().st_mode)
    except OSError:
        return False  # a link to nothing


def _unread(path: Path, exc: OSError) -> NotFound:
    return NotFound(f"{escape(str(path))} cannot be read: {exc.strerror}.", "Mend that, then copy it again.")


def _exists(one: _File) -> AlreadyExists:
    return AlreadyExists(
        f"{escape(one.target)} is there already, and was left as it is.", "Add --if-exists replace, both or skip."
    )
