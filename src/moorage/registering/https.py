"""What a store of web addresses must be like before it is opened, and how it is checked: it is only ever read."""

from __future__ import annotations

import uuid
from typing import Final
from urllib.parse import urlsplit

from moorage.model.credentials import Anonymous
from moorage.model.errors import Invalid, ObjectNotFound, StoreDenied, StoreUnreachable
from moorage.model.keys import Key
from moorage.model.store import ObjectStore, Store

NO_LISTING: Final = "Not tried: web servers do not list what they have."
NO_SAMPLE: Final = "Not tried: no object is known before one is linked."


def sound_https(store: Store) -> None:
    """Raises Invalid, naming the field, for what no web server can be."""
    connection = store.connection
    for field, value in (("bucket", store.bucket), ("prefix", store.prefix), ("root", connection.root)):
        if value:
            raise Invalid(f"A store of web addresses has no {field}.", "Leave it empty.", field=field)
    if not store.read_only:
        raise Invalid("A store of web addresses is never written to.", "Leave read_only on.", field="read_only")
    if not isinstance(connection.credentials, Anonymous):
        raise Invalid(
            "A store of web addresses has no credentials: only what everybody may read is linked.",
            "Leave them out.",
            field="credentials",
        )
    if not connection.endpoint:
        return
    try:
        parts = urlsplit(connection.endpoint)
        sound = parts.scheme in ("https", "http") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or "@" in parts.netloc or parts.query or parts.fragment:
        raise Invalid(
            "The endpoint is not the beginning of web addresses.",
            "Write it as https://media.example.org/pictures, without user name and query; or leave it empty: then "
            "keys are whole addresses.",
            field="endpoint",
        )


async def reach_https(store: Store, opened: ObjectStore) -> str:
    """Ask for an object that cannot be there. Raises what the adapter raises where there is no such answer."""
    if not store.connection.endpoint:
        return "No server is named: each address is asked when it is linked."
    try:
        await opened.stat(Key(f"moorage-probe-{uuid.uuid4().hex}"))
    except ObjectNotFound:
        return "The server answered that an object which cannot be there is not there."
    except StoreDenied as exc:
        if not exc.code.startswith("Status"):
            raise
        return "The server answered; what is not there and what is not open it does not tell apart."
    except StoreUnreachable as exc:
        if exc.cause != "no length":
            raise
    return "The server answered. It has an answer for addresses that cannot exist, so look at what you link."
