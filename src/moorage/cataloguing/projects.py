"""Projects: make, rename, remove. grant -> state -> transaction -> audit."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace

from moorage.model.access import Principal, Role
from moorage.model.catalogue import Counts, Project, ProjectId, id_of
from moorage.model.errors import InUse, Invalid, NotFound
from moorage.model.store import StoreId
from moorage.model.transaction import Facts, Transaction


@dataclass(frozen=True, slots=True)
class CountedProject:
    """A project with the counts of its root folder."""

    project: Project
    counts: Counts


@dataclass(frozen=True, slots=True)
class Projects:
    """The verbs on projects."""

    facts: Facts

    async def add(self, principal: Principal, name: str, *, default_store: str = "") -> CountedProject:
        """Make an empty project. AlreadyExists when the name is taken."""
        principal.need_everywhere(Role.MANAGER)
        sound_name(name)
        made = await self.facts.write(lambda tx: add_project(tx, principal, name, default_store=default_store))
        return CountedProject(made, Counts())

    async def all(self, principal: Principal) -> list[CountedProject]:
        """The projects that the principal may see, by name."""

        def read(tx: Transaction) -> list[CountedProject]:
            found = tx.projects.all(principal.visible)
            return [CountedProject(project, tx.folders.get(project.root).counts) for project in found]

        return await self.facts.read(read)

    async def get(self, principal: Principal, which: str) -> CountedProject:
        """One project by id or name; an id wins over a name of digits."""

        def read(tx: Transaction) -> CountedProject:
            project = find(tx, principal, which)
            return CountedProject(project, tx.folders.get(project.root).counts)

        return await self.facts.read(read)

    async def change(
        self, principal: Principal, which: str, *, name: str | None = None, default_store: str | None = None
    ) -> CountedProject:
        """Rename it, or set (or with an empty text clear) its default store."""
        if name is not None:
            sound_name(name)

        def write(tx: Transaction) -> CountedProject:
            project = find(tx, principal, which)
            principal.need(Role.MANAGER, project.id)
            changed = replace(project, name=project.name if name is None else name)
            if default_store is not None:
                store = _open_store(tx, principal, default_store, project) if default_store else None
                changed = replace(changed, default_store=store)
            tx.projects.update(changed)
            tx.audit.add(principal, "project.change", f"project {project.name}", name=changed.name)
            return CountedProject(changed, tx.folders.get(project.root).counts)

        return await self.facts.write(write)

    async def remove(self, principal: Principal, which: str, *, with_uploads: bool = False) -> None:
        """Take it out of the catalogue with its folders, items and mirrors.

        InUse while it holds uploaded items, those in the trash too, unless ``with_uploads``: their objects are deleted
        then. No other object is touched.
        """

        def write(tx: Transaction) -> None:
            project = find(tx, principal, which)
            principal.need(Role.MANAGER, project.id)
            uploads = tx.items.uploads_in(project.id)
            if uploads and not with_uploads:
                raise InUse(
                    f"The project {project.name} holds {uploads:,} uploaded items, those in its trash counted. "
                    "They are nowhere else. Nothing was changed.",
                    "Download what you need; then remove it with --with-uploads (in REST ?with_uploads=1).",
                    users=(f"uploaded items {uploads}",),
                )
            tx.projects.remove(project.id)
            tx.audit.add(principal, "project.remove", f"project {project.name}", id=project.id, uploads=uploads)

        await self.facts.write(write)


def add_project(tx: Transaction, principal: Principal, name: str, *, default_store: str = "") -> Project:
    """Make an empty project inside a transaction; whether the principal may, the caller has asked."""
    store = tx.stores.named(default_store).id if default_store else None
    project = tx.projects.add(name, store)
    tx.audit.add(principal, "project.add", f"project {name}", id=project.id)
    return project


def _open_store(tx: Transaction, principal: Principal, name: str, project: Project) -> StoreId:
    """The named store where it is open to the project. NotFound, in the words for one that is not there."""
    store = tx.stores.named(name)
    user = None if principal.everywhere is Role.ADMIN else principal.user
    if not store.scope.holds(project.id, user):
        raise NotFound(f"There is no store '{name}'.", "List the stores.")
    return store.id


def find(tx: Transaction, principal: Principal, which: str) -> Project:
    """The project of that id or name; an id wins over a name of digits.

    Raises NotFound in the same words for one that is not there and one that the principal may not see.
    """
    try:
        project = _find(tx, which)
    except NotFound:
        project = None
    if project is None or principal.role_on(project.id) is None:
        raise NotFound(f"There is no project {which[:200]!r}, or you may not see it.", "List the projects.")
    return project


def _find(tx: Transaction, which: str) -> Project:
    id_ = id_of(which)
    if id_ is not None:
        with contextlib.suppress(NotFound):
            return tx.projects.get(ProjectId(id_))
    return tx.projects.named(which)


def sound_name(name: str) -> None:
    """Raise Invalid for a project name that would confuse people or addresses."""
    if not name.strip() or name != name.strip() or len(name) > 200 or "/" in name or not name.isprintable():  # noqa: PLR2004 - a line's length
        raise Invalid(
            f"{name!r} cannot be a project's name.",
            "Use 1 to 200 printable characters without '/' and without blanks at the ends.",
            field="name",
        )
