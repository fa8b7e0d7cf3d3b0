"""What one slice of an import knows: registered stores, their open adapters, and buckets that could not be opened."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from moorage.linking.judging import Judge
from moorage.linking.standing import Registered
from moorage.model.admitted import folders_of
from moorage.model.errors import Invalid, MoorageError
from moorage.model.keys import Key
from moorage.model.links import LinkImport
from moorage.model.store import ConnectionId, ObjectStore, Store, StoreId, StoreOpener
from moorage.reading.resolve import Opens

Opening = tuple[ConnectionId, str, str]
"""A connection, a bucket, and the folder in it that the connection opens."""


@dataclass
class Turn:
    """What one slice knows: the registered stores, their open adapters, and buckets that could not be opened."""

    of: LinkImport
    open_store: StoreOpener
    known: Registered
    plain_http: Callable[[str], bool]
    stack: AsyncExitStack
    opened: dict[StoreId, ObjectStore | MoorageError] = field(default_factory=dict)
    failed: dict[Opening, MoorageError] = field(default_factory=dict)

    def adapter(self, store: Store) -> ObjectStore:
        """The adapter of a store, opened once; its error again where it cannot be."""
        known = self.opened.get(store.id)
        if known is None:
            try:
                known = self.open_store(store)
                self.stack.push_async_callback(known.aclose)
            except MoorageError as error:
                known = error
            self.opened[store.id] = known
        if isinstance(known, MoorageError):
            raise known
        return known

    def unstorable(self, store: Store, key: Key) -> str | None:
        """Why the store cannot hold the key."""
        try:
            return self.adapter(store).unstorable(key)
        except MoorageError as error:
            raise Invalid(error.message, error.advice) from error

    def judge(self) -> Judge:
        """Judges by the stores of now."""
        return Judge(
            self.known.resolver,
            unstorable=self.unstorable,
            web=self.known.web,
            directories=self.of.directories,
            plain_http=self.plain_http,
        )


def opening_of(opens: Opens) -> Opening:
    """What names the store that would be made."""
    folders = folders_of(opens.connection, opens.bucket) or ()
    folder = max((one for one in folders if opens.key.startswith(one)), key=len, default="")
    return opens.connection.id, opens.bucket, folder
