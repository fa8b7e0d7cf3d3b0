"""Viewing: who may see an item's bytes: by a signed URL, a session or a token."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from moorage.deploying import SEAL
from moorage.edge.face import Face
from moorage.model.access import Principal, Role
from moorage.model.catalogue import ItemId
from moorage.model.errors import Forbidden, Invalid, NotFound, SignInNeeded
from moorage.model.store import Store
from moorage.reading.locate import Located
from moorage.web.api.signing import SIGNATURE, signature_holds

_SEALED: Final = re.compile(rf"(?i)(?:^|&){SEAL}=")
_PLAIN: Final = re.compile(r"[a-z_]+")


class Asked(NamedTuple):
    """A request for bytes of an item. ``variant``: what a signature binds of them."""

    method: str
    headers: dict[str, str]
    query: Mapping[str, str]
    item: int
    variant: str

    @property
    def signed(self) -> bool:
        """Whether it is asked for by a signed URL, from whatever page."""
        return SIGNATURE in self.query


def query_of(raw: bytes) -> dict[str, str]:
    """The query of a URL; of a name that is given twice the last value.

    Raises Invalid for one with a seal in which a proxy may read another value than is read here.
    """
    text = raw.decode("latin-1")
    if _SEALED.search(text):
        names = [part.partition("=")[0] for part in text.split("&")]
        if len(set(names)) < len(names) or not all(map(_PLAIN.fullmatch, names)):
            raise Invalid(
                "This is not the sealed address that was handed out.", "Use it as it was, or ask for another."
            )
    if "%" in text or "+" in text:
        return {name: values[-1] for name, values in parse_qs(text).items()}
    return {name: value for name, _, value in (part.partition("=") for part in text.split("&")) if value}


async def viewed(uses: Face, asked: Asked) -> Located:
    """Where the item's bytes are. Raises SignInNeeded, NotFound and Forbidden for whom they are not for."""
    principal = None
    if asked.signed:
        _need_signature(uses, asked)
    else:
        principal = await uses.admission.principal(asked.method, asked.headers)
    located = await uses.locator.locate(ItemId(asked.item))
    need_view(located, principal)
    return located


def asker_now(uses: Face, asked: Asked, asker: bytes) -> Principal | None:
    """Who asks, from memory; None for a signed URL. Raises SignInNeeded where neither is known to admit anybody.

    ``asker`` is what whoever asks is remembered by; headers are not looked at.
    """
    if asked.signed:
        _need_signature(uses, asked)
        return None
    principal = uses.admission.known(asker)
    if principal is None:
        raise SignInNeeded("Nobody is known to be signed in.", "Sign in, or send a token as 'Authorization: Bearer …'.")
    return principal


def _need_signature(uses: Face, asked: Asked) -> None:
    if not signature_holds(uses, asked.item, asked.variant, asked.query, time.time()):
        raise SignInNeeded("This signed address has expired, or is not one of ours.", "Ask for a new one.")


def need_view(located: Located, principal: Principal | None) -> None:
    """Raise NotFound for whom the project is not for, Forbidden where the store was closed to it meanwhile."""
    store, item = located.store, located.item
    if principal is not None:
        try:
            principal.need(Role.VIEWER, item.project)
        except NotFound:
            raise NotFound(f"There is no item {item.id}, or you may not see it.", "Ask an admin for access.") from None
    need_open(store, item.project, principal)


def need_open(store: Store, project: int, principal: Principal | None) -> None:
    """Raise Forbidden unless the store is open to the project, and to the asker where somebody is named."""
    if not is_open(store, project, principal):
        raise Forbidden(
            f"The store {store.name}, which holds these bytes, is not open to this project or to you.",
            "Ask an admin to add it to the store's scope.",
        )


def is_open(store: Store, project: int, principal: Principal | None) -> bool:
    """Whether a store's scope lets its bytes out; a signed URL names nobody: whoever made it was let in."""
    if principal is not None and principal.everywhere is Role.ADMIN:
        return True
    return store.scope.holds(project, None if principal is None else principal.user)
