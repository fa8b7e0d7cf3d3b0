"""Google stores that face a scripted server, and stores behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from moorage.model.credentials import Anonymous, Credentials, ServiceAccount
from moorage.model.store import Store
from moorage.stores.google import GoogleStore
from moorage.stores.transport import Limits
from servers import fakegcs
from stores.faulty import QUICK, Answer, Faulty, faulty
from stores.google_bucket import bucket_of, store_at
from stores.google_desk import Desk
from stores.google_gate import serving
from stores.google_tokens import TokenServer, key_file, token_server


@asynccontextmanager
async def facing(
    *answers: Answer, limits: Limits = QUICK, credentials: Credentials | None = None
) -> AsyncIterator[tuple[Faulty, GoogleStore]]:
    """A store of the bucket reef on a server that gives these answers."""
    async with faulty(*answers) as server:
        store = GoogleStore(store_at(server.endpoint, "reef", credentials or Anonymous()), limits=limits)
        try:
            yield server, store
        finally:
            await store.aclose()


@dataclass
class Behind:
    """A store behind the gate, with the gate and the token server."""

    registered: Store
    store: GoogleStore
    gate: Desk
    tokens: TokenServer

    def opened(self, **changes: object) -> GoogleStore:
        """Another adapter of the same bucket, with other facts of the store."""
        return GoogleStore(replace(self.registered, **changes), limits=QUICK)  # type: ignore[arg-type]

    def keyed(self, text: str) -> GoogleStore:
        """Another adapter of the same bucket, with another key file."""
        return self.opened(connection=replace(self.registered.connection, credentials=ServiceAccount(text)))


@asynccontextmanager
async def behind_gate(limits: Limits = QUICK) -> AsyncIterator[Behind]:
    """A writable store with a service account, behind a gate that checks it."""
    upstream = fakegcs()
    async with (
        bucket_of(upstream) as name,
        token_server() as tokens,
        serving(Desk(upstream.endpoint, name, tokens)) as front,
    ):
        registered = store_at(front.endpoint, name, ServiceAccount(key_file(tokens.uri)))
        store = GoogleStore(registered, limits=limits)
        try:
            yield Behind(registered, store, front, tokens)
        finally:
            await store.aclose()
