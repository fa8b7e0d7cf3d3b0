"""Projects, each with its root folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from moorage.database.mirrors import Mirrors
from moorage.database.purging import purge
from moorage.database.statements import Statements
from moorage.model.catalogue import FolderId, Project, ProjectId
from moorage.model.clock import now_ms
from moorage.model.errors import AlreadyExists, Invalid, NotFound
from moorage.model.store import StoreId

_COLUMNS: Final = "id, name, root, default_store, created_ms"


class Projects:
    """Implements ``moorage.model.transaction.Projects``."""

    def __init__(self, statements: Statements, mirrors: Mirrors) -> None:
        self._statements = statements
        self._mirrors = mirrors

    def add(self, name: str, default_store: StoreId | None = None) -> Project:
        """AlreadyExists when the name is taken."""
        self._check_name(name, 0)
        id_, root = self._statements.new_ids(2)
        created_ms = now_ms()
        self._statements.change(
            f"INSERT INTO project ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", (id_, name, root, default_store, created_ms)
        )
        self._statements.change(
            "INSERT INTO folder (id, project, tree, name, path, items, bytes, subtree_items, subtree_bytes, folders)"
            " VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0)",
            (root, id_, root, b"", b""),
        )
        return Project(ProjectId(id_), name, FolderId(root), default_store, created_ms)

    def get(self, project: ProjectId) -> Project:
        """NotFound also for one that was removed."""
        return self._one("id = ?", project, f"There is no project {project}.")

    def named(self, name: str) -> Project:
        """The project of exactly that name."""
        return self._one("name = ?", name, f"There is no project '{name}'.")

    def all(self, visible: frozenset[int] | None = None) -> list[Project]:
        """Projects by name: those in ``visible``, or all."""
        rows = self._statements.rows(f"SELECT {_COLUMNS} FROM project")
        found = [_project(row) for row in rows if visible is None or row[0] in visible]
        return sorted(found, key=lambda project: project.name)

    def update(self, project: Project) -> None:
        """Write name and default store."""
        self.get(project.id)
        self._check_name(project.name, project.id)
        self._statements.change(
            "UPDATE project SET name = ?, default_store = ? WHERE id = ?",
            (project.name, project.default_store, project.id),
        )

    def remove(self, project: ProjectId) -> None:
        """Take it out of sight with its mirrors and grants; its folders and items go by ``purge``."""
        gone = self.get(project)
        for mirror in self._mirrors.all(project):
            self._mirrors.remove(mirror.id)
        self._statements.change("INSERT INTO doomed (folder) VALUES (?)", (gone.root,))
        self._statements.change('DELETE FROM "grant" WHERE project = ?', (project,))
        self._statements.change("DELETE FROM project WHERE id = ?", (project,))

    def purge(self, limit: int = 10_000) -> int:
        """Delete at most ``limit`` rows of removed projects and mirrors; 0: nothing is left."""
        return purge(self._statements, limit)

    def _one(self, where: str, value: object, missing: str) -> Project:
        rows = self._statements.rows(f"SELECT {_COLUMNS} FROM project WHERE {where}", (value,))
        if not rows:
            raise NotFound(missing, "List the projects.")
        return _project(rows[0])

    def _check_name(self, name: str, own: int) -> None:
        if not name:
            raise Invalid("A project needs a name. Nothing was changed.", "Give one.", field="name")
        if self._statements.rows("SELECT 1 FROM project WHERE name = ? AND id <> ?", (name, own)):
            raise AlreadyExists(f"There is a project '{name}' already. Nothing was changed.", "Choose another name.")


def _project(row: Sequence[Any]) -> Project:
    id_, name, root, default_store, created_ms = row
    return Project(id_, name, root, default_store, created_ms)
