"""Wishes: what somebody wants done with a list, as an import that can be stored, and what people call it."""

from __future__ import annotations

from dataclasses import dataclass

from moorage.linking.naming import folders_named
from moorage.linking.spool import Spooled
from moorage.model.access import Principal
from moorage.model.catalogue import Folder, FolderId, Project, ProjectId
from moorage.model.errors import Conflict, NotFound
from moorage.model.keys import escape, key_of
from moorage.model.links import Directories, ImportId, LinkImport
from moorage.model.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be done with a list. ``folder``: an id, or names below the project's root, made where missing."""

    folder: str = ""
    name: str = ""
    dry_run: bool = False
    probe: bool = False
    directories: Directories = Directories.NONE


def as_import(
    tx: Transaction, principal: Principal, project: ProjectId, wanted: Wanted, spooled: Spooled, place: str
) -> LinkImport:
    """The import of a list, still without its job. Raises for a folder that cannot be."""
    folder, names = destination(tx, project, wanted.folder)
    return LinkImport(
        id=ImportId(0),
        project=project,
        folder=folder.id,
        below=key_of(b"".join(name + b"/" for name in names)),
        source=spooled.source,
        place=place,
        name=wanted.name,
        dry_run=wanted.dry_run,
        probe=wanted.probe,
        directories=wanted.directories,
        asker=principal,
        created_ms=0,
        size=spooled.size,
        lines=spooled.lines,
        csv=spooled.csv,
    )


def destination(tx: Transaction, project: ProjectId, text: str) -> tuple[Folder, tuple[bytes, ...]]:
    """The folder that is there already, and the names that are to be made below it. Raises for what cannot be."""
    found = tx.folders.get(tx.projects.get(project).root)
    if text.isascii() and text.isdigit():
        found = tx.folders.get(FolderId(int(text)))
        if found.project != project:
            raise NotFound(f"There is no folder {text} in this project.", "Look at the project's folders.")
        names: tuple[bytes, ...] = ()
    else:
        names = folders_named(text)
    while names and (child := tx.folders.child(found.id, key_of(names[0]))):
        found, names = child, names[1:]
    if found.mirror is not None:
        raise Conflict(
            f"The folder '{escape(found.name)}' shows a bucket as it is; nothing can be added to it. "
            "Nothing was linked.",
            "Choose a folder outside of the mirror.",
        )
    return found, names


def title_of(wish: LinkImport, project: Project, folder: Folder) -> str:
    """What its job is called."""
    what = f"'{escape(wish.name)}'" if wish.name else f"{wish.lines:,} {'line' if wish.lines == 1 else 'lines'}"
    path = (folder.path if folder.parent is not None else "") + wish.below
    place = f"{escape(project.name)}/{escape(path.rstrip('/'))}" if path else escape(project.name)
    return f"Try out links of {what} for {place}" if wish.dry_run else f"Link {what} into {place}"
