"""Which adapter speaks for a store at Google: by its credentials."""

from __future__ import annotations

from moorage.model.credentials import Hmac
from moorage.model.store import ObjectStore, Store
from moorage.stores.google.hmac import HmacStore
from moorage.stores.google.store import METADATA_HOST, GoogleStore
from moorage.stores.transport import Counters, Guard, Limits, Purpose


def open_google(
    store: Store,
    *,
    limits: Limits,
    purpose: Purpose,
    metadata_host: str = "",
    counters: Counters | None = None,
    guard: Guard | None = None,
) -> ObjectStore:
    """The adapter of a Google store. ``metadata_host`` gives the machine's own tokens; empty: Google's name for it.

    Raises Invalid for credentials that cannot be used here, before any request.
    """
    if isinstance(store.connection.credentials, Hmac):
        return HmacStore(store, limits=limits, purpose=purpose, counters=counters, guard=guard)
    host = metadata_host or METADATA_HOST
    return GoogleStore(store, limits=limits, purpose=purpose, metadata_host=host, counters=counters, guard=guard)
