"""Folders: rows of one table, each with its path inside a tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from moorage.database import counters, marks
from moorage.database.cursors import read_name, write_name
from moorage.database.ids import SHARD
from moorage.database.loose import let_go
from moorage.database.recount import recount
from moorage.database.statements import Statements
from moorage.model.catalogue import Counts, Folder, FolderId, Page, ProjectId
from moorage.model.clock import now_ms
from moorage.model.errors import AlreadyExists, Conflict, InUse, Invalid, NotFound
from moorage.model.keys import after_prefix, escape, key_bytes, key_of
from moorage.model.mirror import MirrorId

COLUMNS: Final = (
    "f.id, f.project, f.parent, f.tree, f.name, f.path, f.mirror, f.subtree_items, f.subtree_bytes, f.folders,"
    " f.items + COALESCE((SELECT SUM(d.items) FROM folder_delta d WHERE d.folder = f.id), 0),"
    " f.bytes + COALESCE((SELECT SUM(d.bytes) FROM folder_delta d WHERE d.folder = f.id), 0)"
)
VISIBLE: Final = " LEFT JOIN doomed ON doomed.folder = f.tree WHERE doomed.folder IS NULL"


def folder_of(row: Sequence[Any]) -> Folder:
    """The folder of a row of ``COLUMNS``."""
    id_, project, parent, tree, name, path, mirror, below, below_bytes, folders, items, size = row
    return Folder(
        id=id_,
        project=project,
        parent=parent,
        tree=tree,
        name=key_of(name),
        path=key_of(path),
        mirror=mirror,
        counts=Counts(int(items), int(size), below, below_bytes, folders),
    )


class Folders:
    """Implements ``moorage.model.transaction.Folders``."""

    def __init__(self, statements: Statements, deltas: counters.Deltas) -> None:
        self._statements = statements
        self._deltas = deltas

    def get(self, folder: FolderId) -> Folder:
        """NotFound also for a folder whose tree was removed."""
        self._deltas.flush()
        found = self._statements.rows(f"SELECT {COLUMNS} FROM folder f{VISIBLE} AND f.id = ?", (folder,))
        if not found:
            raise NotFound(f"There is no folder {folder}.", "It may have been removed; look in its project.")
        return folder_of(found[0])

    def child(self, parent: FolderId, name: str) -> Folder | None:
        """The child folder of exactly that name."""
        self._deltas.flush()
        found = self._statements.rows(
            f"SELECT {COLUMNS} FROM folder f WHERE f.parent = ? AND f.name = ?", (parent, key_bytes(name))
        )
        return folder_of(found[0]) if found else None

    def hold(self, folder: FolderId) -> Folder:
        """The folder, once nobody else holds it."""
        self._statements.lock(folder)
        return self.get(folder)

    def ancestors(self, folder: FolderId) -> list[Folder]:
        """From the project's root down to the folder itself."""
        chain = [self.get(folder)]
        while (parent := chain[-1].parent) is not None:
            chain.append(self.get(parent))
        return chain[::-1]

    def children(
        self, parent: FolderId, *, after: str | None = None, limit: int = 100, prefix: str = ""
    ) -> Page[Folder]:
        """Child folders by name; ``after`` is the ``next`` of an earlier page."""
        self._deltas.flush()
        first, end = key_bytes(prefix), after_prefix(key_bytes(prefix))
        where, parameters = "f.parent = ? AND f.name >= ?", [parent, first]
        if after is not None:
            where, parameters = f"{where} AND f.name > ?", [*parameters, read_name(after)]
        if end is not None:
            where, parameters = f"{where} AND f.name < ?", [*parameters, end]
        found = self._statements.rows(
            f"SELECT {COLUMNS} FROM folder f WHERE {where} ORDER BY f.name LIMIT ?", (*parameters, limit + 1)
        )
        rows = [folder_of(row) for row in found[:limit]]
        return Page(rows, write_name(key_bytes(rows[-1].name)) if len(found) > limit else None)

    def add(self, parent: FolderId, name: str) -> Folder:
        """A plain folder; Invalid below a mirror, whose folders are those of its store."""
        above = self._plain(parent)
        _check_name(name)
        if self.child(parent, name):
            raise AlreadyExists(f"There is a folder '{escape(name)}' already. Nothing was changed.", "Choose another.")
        path = key_bytes(above.path) + key_bytes(name) + b"/"
        return self.get(self.ensure(above.tree, [path])[path])

    def rename(self, folder: FolderId, name: str) -> Folder:
        """A new name for a plain folder or a mirror's mount; ids stay, below it too."""
        old = self.get(folder)
        _check_name(name)
        if old.parent is None or (old.mirror is not None and old.tree != old.id):
            raise Invalid("This folder has its name from elsewhere. Nothing was changed.", "Rename it there.")
        if old.name == name:
            return old
        if self.child(FolderId(old.parent), name):
            raise AlreadyExists(f"There is a folder '{escape(name)}' already. Nothing was changed.", "Choose another.")
        self._statements.change("UPDATE folder SET name = ? WHERE id = ?", (key_bytes(name), folder))
        if old.tree != old.id:
            self._move_paths(old, key_bytes(self.get(old.parent).path) + key_bytes(name) + b"/")
        return self.get(folder)

    def remove(self, folder: FolderId, *, with_uploads: bool = False) -> None:
        """Remove an empty plain folder; tombstones in it go with it."""
        self._statements.lock(folder)
        gone = self._plain(folder)
        if gone.parent is None:
            raise Invalid("This is the top of a project. Nothing was changed.", "Remove the project.")
        if gone.counts.items or gone.counts.folders:
            raise InUse(
                f"The folder '{escape(gone.name)}' is not empty. Nothing was changed.",
                "Remove what is in it first.",
                users=(f"items {gone.counts.items}", f"folders {gone.counts.folders}"),
            )
        trashed = self._trashed(folder)
        if trashed and not with_uploads:
            raise InUse(
                f"The trash of the folder '{escape(gone.name)}' holds uploaded items. Nothing was changed.",
                "Restore them, or remove it with --with-uploads (in REST ?with_uploads=1).",
                users=(f"items in the trash {len(trashed)}",),
            )
        let_go(self._statements, "tombstone", trashed, now_ms())
        for table in ("tombstone", "page_mark", "folder_delta"):
            self._statements.change(f"DELETE FROM {table} WHERE folder = ?", (folder,))
        self._statements.change("DELETE FROM folder WHERE id = ?", (folder,))
        self._statements.change("UPDATE folder SET folders = folders - 1 WHERE id = ?", (gone.parent,))

    def mount(self, parent: FolderId, name: str, mirror: MirrorId) -> Folder:
        """A folder that is the top of a mirror's tree."""
        folder = self.hold((self.child(parent, name) or self.add(parent, name)).id)
        if self._trashed(folder.id):
            raise InUse(
                f"The trash of the folder '{escape(name)}' holds uploaded items. Nothing was changed.",
                "Choose another name, or restore what is in its trash.",
            )
        if folder.mirror is not None or folder.counts.items or folder.counts.folders:
            raise InUse(
                f"The folder '{escape(name)}' is in use already. Nothing was changed.",
                "Choose another name, or remove what is in it.",
                users=(f"mirror {folder.mirror}",) if folder.mirror is not None else (f"items {folder.counts.items}",),
            )
        self._statements.change(
            "UPDATE folder SET tree = id, path = ?, mirror = ? WHERE id = ?", (b"", mirror, folder.id)
        )
        return self.get(folder.id)

    def unmount(self, folder: FolderId) -> Folder:
        """Take a mirror's tree out of sight, with all that is in it; an empty plain folder stands in its place.

        The folder has a new id: the rows of the old one go by ``purge``, piece by piece.
        """
        self._statements.lock(counters.FOLD_LOCK)
        old = self.get(folder)
        if old.mirror is None or old.tree != old.id or old.parent is None:
            raise Conflict(f"Folder {folder} is not the top of a mirror. Nothing was changed.", "Name its mirror.")
        counts = old.counts
        for above in self.ancestors(FolderId(old.parent)):
            self._statements.change(
                "UPDATE folder SET subtree_items = subtree_items - ?, subtree_bytes = subtree_bytes - ? WHERE id = ?",
                (counts.subtree_items, counts.subtree_bytes, above.id),
            )
        self._statements.change("UPDATE folder SET parent = NULL WHERE id = ?", (folder,))
        self._statements.change("UPDATE folder SET folders = folders - 1 WHERE id = ?", (old.parent,))
        self._statements.change("INSERT INTO doomed (folder) VALUES (?)", (folder,))
        return self.add(FolderId(old.parent), old.name)

    def ensure(self, tree: FolderId, paths: Iterable[bytes]) -> dict[bytes, FolderId]:
        """Ids of the folders at ``paths`` of a tree, made where missing, their parents too."""
        wanted = list(dict.fromkeys(paths))
        found = self._at(tree, wanted)
        if len(found) < len(wanted):
            self._statements.lock(tree)
            needed = {path for wish in wanted if wish not in found for path in _with_parents(wish)}
            found |= self._at(tree, list(needed))
            self._make(tree, sorted(needed - found.keys()), found)
        return {path: found[path] for path in wanted}

    def fold(self, limit: int = 10_000) -> int:
        """Fold deltas, then repair page marks; call again until it answers 0."""
        return counters.fold(self._statements, limit) + marks.repair(self._statements)

    def items_in_tree(self, tree: FolderId) -> int:
        """Live items of a tree: its folded counter, and what is not folded yet."""
        self._deltas.flush()
        (count,) = self._statements.rows(
            "SELECT f.subtree_items + COALESCE((SELECT SUM(d.items) FROM folder_delta d"
            " JOIN folder g ON g.id = d.folder WHERE g.tree = f.id), 0) FROM folder f WHERE f.id = ?",
            (tree,),
        )
        return int(count[0])

    def recount(self, project: ProjectId, *, repair: bool) -> list[str]:
        """Compare counters with rows; each line names a folder that was wrong."""
        self._deltas.flush()
        return recount(self._statements, project, repair=repair)

    def _trashed(self, folder: int) -> list[int]:
        """Ids of uploaded items in its trash."""
        sql = "SELECT id FROM tombstone WHERE shard = ? AND folder = ? AND owned IS NOT NULL"
        return [row[0] for row in self._statements.rows(sql, (SHARD, folder))]

    def _plain(self, folder: FolderId) -> Folder:
        found = self.get(folder)
        if found.mirror is not None:
            raise Invalid(
                f"The folder '{escape(found.name)}' belongs to mirror {found.mirror}. Nothing was changed.",
                "Its folders are those of its store; choose a folder outside of it.",
            )
        return found

    def _at(self, tree: FolderId, paths: Sequence[bytes]) -> dict[bytes, FolderId]:
        rows = self._statements.rows_among("SELECT path, id FROM folder WHERE tree = ? AND path IN", (tree,), paths)
        return dict(rows)

    def _make(self, tree: FolderId, paths: Sequence[bytes], known: dict[bytes, FolderId]) -> None:
        """Insert folders; ``paths`` ascend, so that parents come before their children. Adds to ``known``."""
        project, mirror = self._statements.rows("SELECT project, mirror FROM folder WHERE id = ?", (tree,))[0]
        rows = []
        children: Counter[int] = Counter()
        for id_, path in zip(self._statements.new_ids(len(paths)), paths, strict=True):
            above, name = _split(path)
            known[path] = FolderId(id_)
            children[known[above]] += 1
            rows.append((id_, project, known[above], tree, name, path, mirror))
        self._statements.change_many(
            "INSERT INTO folder (id, project, parent, tree, name, path, mirror, items, bytes, subtree_items,"
            " subtree_bytes, folders) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)",
            rows,
        )
        self._statements.change_many(
            "UPDATE folder SET folders = folders + ? WHERE id = ?",
            [(count, folder) for folder, count in sorted(children.items())],
        )

    def _move_paths(self, top: Folder, path: bytes) -> None:
        old = key_bytes(top.path)
        rows = self._statements.rows(
            "SELECT path, id FROM folder WHERE tree = ? AND path >= ? AND path < ?",
            (top.tree, old, after_prefix(old)),
        )
        self._statements.change_many(
            "UPDATE folder SET path = ? WHERE id = ?", [(path + below[len(old) :], id_) for below, id_ in rows]
        )


def _split(path: bytes) -> tuple[bytes, bytes]:
    """Path of the parent, and name: ``a/b/`` -> (``a/``, ``b``); ``a//`` -> (``a/``, empty)."""
    above, slash, name = path[:-1].rpartition(b"/")
    return above + slash, name


def _with_parents(path: bytes) -> Iterable[bytes]:
    """The path itself and those above it, down to the top's empty one."""
    while path:
        yield path
        path, _ = _split(path)
    yield path


def _check_name(name: str) -> None:
    if not name or "/" in name:
        raise Invalid(
            f"'{escape(name)}' cannot be the name of a folder. Nothing was changed.",
            "Give a name that is not empty and holds no '/'.",
            field="name",
        )
