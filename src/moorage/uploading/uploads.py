"""The verbs of uploading. grant -> destination -> write -> transaction -> audit."""

from __future__ import annotations

from collections.abc import Sequence

from moorage.model.access import Principal, Role
from moorage.model.catalogue import FolderId
from moorage.model.errors import Invalid
from moorage.model.keys import Key, key_bytes
from moorage.model.transaction import Facts, Transaction
from moorage.uploading.destination import Target, find_target, need_free
from moorage.uploading.mirrored import Mirrored
from moorage.uploading.names import check_name
from moorage.uploading.owning import Owning
from moorage.uploading.wish import IfExists, Uploaded, Wish

MOST_NAMES = 1000


class Uploads:
    """What people do when they put something in."""

    def __init__(self, facts: Facts, owning: Owning, mirrored: Mirrored) -> None:
        self._facts = facts
        self._owning = owning
        self._mirrored = mirrored

    async def upload(self, wish: Wish) -> Uploaded:
        """Store the body and show it as an item. Nothing of it is read before all that can be refused was.

        Nothing is visible before its bytes are safe in the store. Raises AlreadyExists, ReadOnly, Forbidden, Invalid
        and NotFound with what was not stored, BodyBroken for a body that ends early.
        """
        check_name(wish.name)

        def look(tx: Transaction) -> Target:
            target = find_target(tx, wish.principal, wish.folder)
            if wish.if_exists is IfExists.REFUSE:
                need_free(tx, wish.folder, wish.name)
            return target

        target = await self._facts.read(look)
        if target.mirror is not None and target.store is not None:
            return await self._mirrored.upload(wish, target, target.store, target.mirror)
        return await self._owning.upload(wish, target)

    async def taken(self, principal: Principal, folder: FolderId, names: Sequence[Key]) -> list[Key]:
        """Which of at most 1,000 names items of the folder have, in the order of ``names``."""
        if len(names) > MOST_NAMES:
            raise Invalid(f"These are {len(names)} names.", f"Ask for at most {MOST_NAMES} at once.", field="names")

        def read(tx: Transaction) -> set[bytes]:
            found = tx.folders.get(folder)
            principal.need(Role.VIEWER, found.project)
            return tx.items.taken(folder, [key_bytes(name) for name in names])

        held = await self._facts.read(read)
        return [name for name in names if key_bytes(name) in held]
