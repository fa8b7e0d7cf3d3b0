"""Aliases: names that stand for items, one after the other. Who resolves one keeps the id that it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from moorage.model.access import Principal, Role
from moorage.model.aliases import Alias, sound_alias
from moorage.model.catalogue import ItemId, Page, ProjectId
from moorage.model.errors import NotFound
from moorage.model.transaction import Facts, Transaction


@dataclass(frozen=True, slots=True)
class Aliasing:
    """The verbs on aliases."""

    facts: Facts
    now_ms: Callable[[], int]

    async def set(self, asker: Principal, project: ProjectId, name: str, item: ItemId) -> Alias:
        """Let a name stand for an item of the project; setting it to the same item again changes nothing."""
        asker.need(Role.EDITOR, project)
        sound = sound_alias(name)

        def write(tx: Transaction) -> Alias:
            tx.projects.get(project)
            if tx.items.get(item).project != project:
                raise NotFound(f"There is no item {item} in this project. Nothing was changed.", "Look its id up.")
            before = _alias(tx, project, sound)
            if before is not None and before.now.item == item:
                return before
            tx.aliases.set(project, sound, item, user=asker.user, email=asker.email, now_ms=self.now_ms())
            was = None if before is None else before.now.item
            tx.audit.add(asker, "alias.set", f"project {project}", name=sound, item=item, before=was)
            return tx.aliases.get(project, sound)

        return await self.facts.write(write)

    async def get(self, asker: Principal, project: ProjectId, name: str) -> Alias:
        """What a name stands for, and what it stood for before. NotFound when it was never set."""
        asker.need(Role.VIEWER, project)
        sound = sound_alias(name)
        return await self.facts.read(lambda tx: tx.aliases.get(project, sound))

    async def page(
        self, asker: Principal, project: ProjectId, *, after: str | None = None, limit: int = 100
    ) -> Page[Alias]:
        """The names of a project, in byte order, each with what it stands for now."""
        asker.need(Role.VIEWER, project)
        size = max(1, min(limit, 1000))
        return await self.facts.read(lambda tx: tx.aliases.page(project, after=after, limit=size))


def _alias(tx: Transaction, project: ProjectId, name: str) -> Alias | None:
    try:
        return tx.aliases.get(project, name)
    except NotFound:
        return None
