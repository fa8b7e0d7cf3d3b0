"""The built-in store for web addresses: keys are whole addresses; registered when the first of them is linked."""

from __future__ import annotations

from typing import Final

from moorage.linking.urls import admitting
from moorage.model.access import SYSTEM
from moorage.model.errors import AlreadyExists, Changed, Conflict, Invalid
from moorage.model.keys import escape
from moorage.model.store import Connection, Provider, Scope, Store
from moorage.model.transaction import Facts, Transaction
from moorage.reading.bases import is_for_the_web

NAME: Final = "https"


class WebAddresses:
    """Finds it, or makes it. It has neither endpoint nor credentials, and everybody may link through it."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    async def __call__(self) -> Store:
        """The store. Conflict, with what to do, where somebody registered another store under its name."""
        store = await self._facts.read(found)
        if store is None:
            try:
                store = await self._facts.write(_make)
            except (AlreadyExists, Changed) as exc:
                store = await self._facts.read(found)  # another link was quicker, or the name is taken
                if store is None:
                    raise Conflict(
                        f"Links to web addresses go through a built-in store named {NAME}, and another store has that "
                        "name. Nothing was linked.",
                        f"An admin registers that store under another name, or one for the web: "
                        f"moorage store add NAME --provider {NAME}.",
                    ) from exc
        return store


def linkable(url: str) -> str:
    """The address as it is kept. Raises Invalid for one that admits whoever reads it."""
    if secret := admitting(url):
        raise Invalid(
            f"The address holds {escape(secret)}, which admits whoever reads it, and addresses are kept as text. "
            "Nothing was linked.",
            "Leave out everything from '?' on; where the object is not public, register its bucket as a store.",
            field="address",
        )
    return url.partition("#")[0]


def found(tx: Transaction) -> Store | None:
    """The registered store whose keys are whole web addresses; of several the one with the built-in name.

    One that is limited to some does not serve the links of others.
    """
    stores = [one for one in tx.stores.all() if is_for_the_web(one) and one.scope == Scope()]
    return min(stores, key=lambda one: (one.name != NAME, one.id), default=None)


def _make(tx: Transaction) -> Store:
    made = tx.stores.add(Store(NAME, Connection(Provider.HTTPS)))
    tx.audit.add(SYSTEM, "store.add", f"store {NAME}", provider=Provider.HTTPS.value)
    return made
