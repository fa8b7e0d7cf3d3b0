"""The operator on the server's own machine: who may read the lock file may do what its key file allows anyway."""

from __future__ import annotations

from typing import Final

from moorage.admitting.door import Door
from moorage.model.access import Principal, Role
from moorage.model.errors import SignInNeeded
from moorage.model.transaction import Transaction

MACHINE_MARK: Final = "mrgm_"
"""What the bearer of commands on this machine begins with."""


async def principal_of_machine(door: Door) -> Principal:
    """The first admin that is not shut out. Raises SignInNeeded where there is none."""

    def find(tx: Transaction) -> Principal:
        shut_out = {user.id for user in tx.people.all() if user.disabled}
        admins = (
            grant.user
            for grant in tx.people.grants()
            if grant.project is None and grant.role is Role.ADMIN and grant.user not in shut_out
        )
        first = min(admins, default=None)
        if first is None:
            raise SignInNeeded("There is no admin here yet.", "Start the server once, then try again.")
        return tx.people.principal(first)

    return await door.facts.read(find)
