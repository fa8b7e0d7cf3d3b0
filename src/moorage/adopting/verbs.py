"""The verb of adopting. grant -> find -> look -> transaction -> audit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from moorage.adopting.finding import Finder, Place
from moorage.adopting.keeping import keep
from moorage.adopting.outcome import MOST, Found, Outcome, Wish
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Folder, ItemId
from moorage.model.errors import Conflict, Invalid, MoorageError, NotFound
from moorage.model.keys import escape
from moorage.model.transaction import Facts, Transaction

LOOKS: Final = 16
"""Objects that are looked for side by side."""


class Adopting:
    """Registers objects that are there already under ids that never mean anything else. ``forget``: items changed."""

    def __init__(self, facts: Facts, finder: Finder, *, forget: Callable[[ItemId], None]) -> None:
        self._facts = facts
        self._finder = finder
        self._forget = forget

    async def adopt(self, asker: Principal, wish: Wish) -> Outcome:
        """What became of each address; a repeat finds all of them again, and notes versions that changed.

        Raises Forbidden, NotFound and Invalid for the call as a whole; then nothing was adopted.
        """
        asker.need(Role.EDITOR, wish.project)
        _need_one_form(wish)
        await self._facts.read(lambda tx: _folder(tx, wish))
        outcome = Outcome()
        if wish.store:
            found = await self._finder.listed(asker, wish)
        else:
            places = await self._finder.places(asker, wish.project, wish.urls, outcome)
            found = await self._look(places, outcome)
        if found:
            outcome, changed = await self._facts.write(lambda tx: _kept(tx, asker, wish, found, outcome))
            for item in changed:
                self._forget(item)
        return outcome

    async def _look(self, places: Sequence[Place], outcome: Outcome) -> list[Found]:
        """Ask the stores, some side by side; no bytes are read."""
        turns = asyncio.Semaphore(LOOKS)

        async def look(place: Place) -> Found | None:
            async with turns:
                try:
                    info = await self._finder.adapter(place.store).stat(place.key)
                except MoorageError as error:
                    outcome.fail(place.url, error)
                    return None
            return Found(place.url, place.store, place.key, info)

        async with asyncio.TaskGroup() as group:
            looks = [group.create_task(look(place)) for place in places]
        return [found for one in looks if (found := one.result()) is not None]


def _kept(
    tx: Transaction, asker: Principal, wish: Wish, found: Sequence[Found], before: Outcome
) -> tuple[Outcome, list[ItemId]]:
    """A new outcome each time: a transaction may run more than once."""
    outcome = Outcome(errors=dict(before.errors))
    tx.folders.hold(tx.projects.get(wish.project).root)  # two calls at once must not give one object two ids
    folder = _folder(tx, wish)
    tx.folders.hold(folder.id)
    changed = keep(tx, folder, found, outcome)
    if outcome.created or changed:
        tx.audit.add(
            asker,
            "item.adopt",
            f"project {wish.project}",
            folder=folder.id,
            created=len(outcome.created),
            changed=len(changed),
            stores=sorted({one.store.name for one in found}),
        )
    return outcome, changed


def _folder(tx: Transaction, wish: Wish) -> Folder:
    """The folder that new items go to."""
    project = tx.projects.get(wish.project)
    folder = tx.folders.get(wish.folder or project.root)
    if folder.project != project.id:
        raise NotFound(f"There is no folder {wish.folder} in this project.", "Look it up with `moorage ls`.")
    if folder.mirror is not None:
        raise Conflict(
            f"The folder {escape(folder.name)!r} shows a bucket as it is. Nothing was adopted.",
            "Adopt into a folder outside the mirror.",
        )
    return folder


def _need_one_form(wish: Wish) -> None:
    if bool(wish.urls) == bool(wish.store) or (not wish.store and (wish.prefix or wish.glob)):
        raise Invalid(
            "Either addresses or a store with a prefix are needed. Nothing was adopted.",
            'Send {"urls": ["s3://bucket/key"]}, or {"store": "reef", "prefix": "dives/", "glob": "**/*.jpg"}.',
            field="urls",
        )
    if len(wish.urls) > MOST:
        raise Invalid(
            f"These are {len(wish.urls)} addresses; one call adopts at most {MOST}. Nothing was adopted.",
            "Send them in parts.",
            field="urls",
        )
