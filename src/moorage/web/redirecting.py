"""Redirecting: content that readers fetch from the store itself, where the store is served so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from moorage.edge.face import Face
from moorage.model.errors import Refused
from moorage.model.store import Serve, Store
from moorage.reading.locate import Located
from moorage.web.api.signing import EXPIRES, SIGNATURE
from moorage.web.sending import told_of
from moorage.web.sources import ItemBytes

LIFE_S: Final = 900
"""How long an address of the store admits: long enough for a film that is paused."""
VIA: Final = "via"
SERVER: Final = "server"


def is_elsewhere(store: Store, query: Mapping[str, str]) -> bool:
    """Whether readers are sent to the store; ``via=server`` asks for the bytes from here all the same."""
    return store.serve is Serve.REDIRECT and query.get(VIA) != SERVER


async def address_of(uses: Face, located: Located, query: Mapping[str, str]) -> str | None:
    """Where the store has the bytes, for some minutes, and no longer than a signed URL lives that was asked for.

    None where the store signs nothing, so that they come from here.
    Raises what signing raises, such as StoreUnreachable where a role has to be assumed first.
    """
    told = dict(told_of(ItemBytes(uses.content, located), query.get("disposition", "")))["content-disposition"]
    saved = told if told.startswith("attachment") else ""
    left_s = int(query[EXPIRES]) - int(time.time()) if SIGNATURE in query else LIFE_S
    life_s = max(1, min(LIFE_S, left_s))
    try:
        return await uses.adapters.of(located.store).presign(located.item.key, expires_s=life_s, disposition=saved)
    except Refused:
        return None


async def origin_of(uses: Face, located: Located) -> str:
    """The origin that a page shows the item's content from; empty for this server."""
    if not is_elsewhere(located.store, {}):
        return ""
    address = await address_of(uses, located, {})
    if address is None:
        return ""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
