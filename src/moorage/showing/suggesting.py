"""Suggesting: which store, project and folder a place gets, from what the catalogue knows. No request to a store."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from moorage.cataloguing.projects import sound_name
from moorage.mirroring.mounting import check_prefix
from moorage.model.access import Principal, Role
from moorage.model.account import account_of
from moorage.model.catalogue import Project
from moorage.model.credentials import Anonymous, Credentials
from moorage.model.endpoint import canonical
from moorage.model.errors import Conflict, Invalid, NotFound
from moorage.model.keys import Prefix
from moorage.model.mirror import Mirror, MirrorState
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Transaction
from moorage.registering.register import may_use
from moorage.showing.clouds import google_server
from moorage.showing.place import Place

_LONGEST_NAME: Final = 50
_RESERVED: Final = ("primary",)
"""Names of stores that are made for other things."""


@dataclass(frozen=True, slots=True)
class Held:
    """A registered store that holds a place, and the place's whole prefix in it."""

    store: Store
    prefix: Prefix


def held_by(
    tx: Transaction,
    principal: Principal,
    place: Place,
    *,
    credentials: Credentials | None = None,
    writable: bool = False,
    store_name: str = "",
) -> Held | None:
    """The registered store to use for a place; None: it takes a new one.

    Of several the closest one counts, then the one called ``store_name``. Raises NotFound for a named store that
    is not there or not open to the principal, Invalid where several hold it and nothing decides, and Conflict where
    it shall be ``writable`` and its store is not.
    """
    if place.store:
        return _named(tx, principal, place)
    found = list(_holding(tx.stores.all(), principal, place, credentials))
    closest = max((_depth(one.store) for one in found), default=0)
    found = [one for one in found if _depth(one.store) == closest]
    if len(found) > 1:
        found = [one for one in found if one.store.name == store_name] or found
    if len(found) > 1:
        names = ", ".join(one.store.name for one in found)
        raise Invalid(
            f"Several stores show {place.text}: {names}. Nothing was made.",
            f"Name the one to use, such as {found[0].store.name}:{found[0].prefix}",
            field="address",
        )
    if found and writable and found[0].store.read_only:
        raise Conflict(
            f"The store {found[0].store.name} shows this place already, and it is read-only. Nothing was made.",
            "Leave out that it shall be writable, or let an admin make that store writable first.",
        )
    return found[0] if found else None


def shown_already(tx: Transaction, principal: Principal, held: Held) -> Mirror | None:
    """The oldest mirror of exactly this place that the principal may see."""
    for mirror in tx.mirrors.all():
        here = (mirror.store, mirror.prefix) == (held.store.id, held.prefix)
        if here and mirror.state is not MirrorState.DETACHED and principal.role_on(mirror.project) is not None:
            return mirror
    return None


def free_store_name(tx: Transaction, place: Place) -> str:
    """A name for the store of a place: the letters of its directory or bucket, with -2, -3 where it is taken."""
    last = place.bucket or place.root.rpartition("/")[2]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:_LONGEST_NAME].rstrip("-._")
    name = name or ("disk" if place.root else "bucket")
    taken = {store.name for store in tx.stores.all()} | set(_RESERVED)
    return next(one for one in _numbered(name, "-") if one not in taken)


def free_project_name(tx: Transaction, principal: Principal, title: str) -> str:
    """A name for the project of a place: its title, with a number where it is taken.

    Who may make no project is led to the only one that it manages; empty where there is not just one.
    """
    if (principal.everywhere or 0) < Role.MANAGER:
        managed = [one.name for one in _managed(tx, principal)]
        return managed[0] if len(managed) == 1 else ""
    name = "".join(letter if letter.isprintable() else " " for letter in title).strip()[:100].strip() or "media"
    sound_name(name)
    taken = {project.name for project in tx.projects.all()}
    return next(one for one in _numbered(name, " ") if one not in taken)


def _managed(tx: Transaction, principal: Principal) -> list[Project]:
    found = tx.projects.all(principal.visible)
    return [one for one in found if (principal.role_on(one.id) or 0) >= Role.MANAGER]


def _numbered(name: str, separator: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}{separator}{number}"
        number += 1


def _named(tx: Transaction, principal: Principal, place: Place) -> Held:
    store = next((one for one in tx.stores.all() if one.name == place.store and may_use(principal, one)), None)
    if store is None or (place.provider or store.connection.provider) is not store.connection.provider:
        raise NotFound(
            f"There is no store {place.store}, or it is not open to you. Nothing was made.",
            "`moorage store ls` lists the stores. A directory is written whole, such as /data/photos, a bucket as "
            "s3://bucket/prefix, and an S3 server as https://host:9000/bucket/prefix.",
        )
    return Held(store, check_prefix(store, place.prefix))


def _holding(
    stores: Iterable[Store], principal: Principal, place: Place, credentials: Credentials | None
) -> Iterator[Held]:
    given = credentials is not None and not isinstance(credentials, Anonymous)
    for store in stores:
        if not may_use(principal, store) or _provider_of(store) is not place.provider:
            continue
        if given and store.connection.credentials != credentials:
            continue
        prefix = _prefix_in(store, place)
        if prefix is not None and prefix.startswith(store.prefix):
            yield Held(store, prefix)


def _prefix_in(store: Store, place: Place) -> Prefix | None:
    """The whole prefix of the place in the store's bucket; None where it lies elsewhere."""
    if place.root:
        top, wanted = _top(store), place.root.rstrip("/") + "/"
        return Prefix(wanted.removeprefix(top)) if wanted.startswith(top) else None
    return place.prefix if store.bucket == place.bucket and _same_server(store.connection, place) else None


def _provider_of(store: Store) -> Provider:
    """The store's provider; Google's where it is reached at Google in the S3 dialect."""
    connection = store.connection
    at_google = connection.provider is Provider.S3 and connection.endpoint and not google_server(connection.endpoint)
    return Provider.GOOGLE if at_google else connection.provider


def _same_server(connection: Connection, place: Place) -> bool:
    if place.provider is Provider.GOOGLE:
        return google_server(connection.endpoint) == place.endpoint
    if place.provider is not Provider.AZURE:
        return canonical(connection.endpoint)[0] == place.endpoint
    try:  # an address without an account may be in any
        there = replace(connection, endpoint=place.endpoint)
        return not place.endpoint or account_of(there).endpoint == account_of(connection).endpoint
    except Invalid:
        return False


def _top(store: Store) -> str:
    """The directory of a disk store, with a final ``/``. Links count by their names: where they lead may change."""
    parts = [part for part in f"{store.connection.root}/{store.bucket}".split("/") if part not in ("", ".")]
    return "/".join(("", *parts, ""))


def _depth(store: Store) -> int:
    return len(_top(store) if store.connection.provider is Provider.DISK else "") + len(store.prefix)
