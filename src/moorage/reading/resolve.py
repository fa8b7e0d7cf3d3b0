"""Resolve: the address of an object -> the registered store that it lies in, and its key there.

A ``Resolver`` is built once from stores and connections; each line then costs a few look-ups. It answers one of
``Resolved`` (a store has it), ``Opens`` (a connection would make the store) and ``Web`` (a URL of a web server).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from moorage.model.address import Address, address_of, shown
from moorage.model.errors import Conflict, NotFound
from moorage.model.keys import Bucket, Key
from moorage.model.store import Connection, Provider, Store
from moorage.reading.bases import Bases, is_for_the_web
from moorage.reading.places import Place, Servers
from moorage.reading.shelves import Openings, Shelves


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where an address leads. ``offered``: it was a URL into a store that is registered."""

    store: Store
    key: Key
    offered: bool = False


@dataclass(frozen=True, slots=True)
class Opens:
    """No store is registered for it, and this connection may make one of that bucket."""

    connection: Connection
    bucket: Bucket
    key: Key
    offered: bool = False


@dataclass(frozen=True, slots=True)
class Web:
    """A URL that lies in no store: whether it can be linked, those decide who keep the https store."""

    url: Key


class Resolver:
    """Finds stores by address; only those that it was given exist for it."""

    def __init__(self, stores: Iterable[Store], connections: Iterable[Connection] = ()) -> None:
        known = list(stores)
        opening = list(connections)
        self._servers = Servers([*(store.connection for store in known), *opening])
        self._shelves = Shelves(known, self._servers)
        self._bases = Bases(known)
        self._openings = Openings(opening, self._servers)

    def find(self, text: str) -> Resolved | Opens | Web:
        """Where the address leads. Keys are verbatim, those of URLs percent-decoded.

        Raises Invalid for what is no address, NotFound where nothing has it, Conflict where several have it.
        """
        address = address_of(text)
        if address.provider is Provider.HTTPS:
            return self._of_url(address.place)
        if address.provider is Provider.DISK:
            place = Place("", Provider.DISK, address.place, address.key)
            found = self._shelved([place], text) or self._opened([place], text)
            if found is None:
                raise self._unknown(text, [place])
            return found
        return self._of_bucket(address, text)

    def _of_bucket(self, address: Address, text: str) -> Resolved | Opens:
        """``s3://bucket/key``, or the older ``s3://endpoint/bucket/key``; an error where both may be meant."""
        plain = Place(None, address.provider, address.place, address.key)
        older = self._servers.older_form(address)
        if older and self._shelves.has(plain):
            bucket = older[0].bucket
            names = ", ".join(self._shelves.names(plain))
            raise Conflict(
                f"'{shown(text)}' can be read in two ways: as a key of the bucket '{address.place}' (store {names}), "
                f"and as an object of the bucket '{bucket}' on the server {address.place}.",
                "Write the second one as https://host/bucket/key; for the first one there is STORE:key in commands.",
            )
        places = older or [plain]
        found = self._shelved(places, text) or self._opened(places, text)
        if found is None:
            raise self._unknown(text, places)
        return found

    def _of_url(self, url: str) -> Resolved | Opens | Web:
        """A URL that leads into a bucket is offered as that store's link, without its query."""
        places = self._servers.of_url(url)
        found = self._shelved(places, url, offered=True) or self._opened(places, url, offered=True)
        based = self._bases.at(url) if found is None else None
        return found or (Resolved(*based) if based else Web(Key(url)))

    def _shelved(self, places: list[Place], text: str, *, offered: bool = False) -> Resolved | None:
        found = [(store, place.key) for place in places for store in self._shelves.at(place)]
        if not found:
            return None
        longest = max(len(store.prefix) for store, _ in found)
        best = [one for one in found if len(one[0].prefix) == longest]
        objects = {(self._servers.of(store.connection), store.bucket, key) for store, key in best}
        if len(objects) > 1:
            names = ", ".join(sorted(store.name for store, _ in best))
            raise Conflict(
                f"'{shown(text)}' may lie in several stores: {names}.",
                "Write the address with its server, https://host/bucket/key; in commands, STORE:key does as well.",
            )
        store, key = min(best, key=lambda one: one[0].name)
        return Resolved(store, key, offered)

    def _opened(self, places: list[Place], text: str, *, offered: bool = False) -> Opens | None:
        found = [(one, place) for place in places for one in self._openings.at(place)]
        if not found:
            return None
        if len({self._servers.of(one) for one, _ in found}) > 1:
            names = ", ".join(sorted({one.name or one.origin or f"connection {one.id}" for one, _ in found}))
            raise Conflict(
                f"'{shown(text)}' may be opened by several connections: {names}.",
                "Write the address with its server, https://host/bucket/key, or name the bucket in one of them.",
            )
        connection, place = min(found, key=lambda one: (one[0].name, one[0].id))
        return Opens(connection, Bucket(place.bucket), place.key, offered)

    def _unknown(self, text: str, places: list[Place]) -> NotFound:
        beside = sorted({name for place in places for name in self._shelves.names(place)})
        if beside:
            return NotFound(
                f"'{shown(text)}' lies in no registered store that is open to you; {', '.join(beside)} of the same "
                "bucket has another prefix.",
                "An admin widens the store's prefix, or registers another store of that bucket.",
            )
        listing = sorted({name for place in places for name in self._openings.lists_others(place)})
        if listing:
            return NotFound(
                f"'{shown(text)}' lies in no registered store that is open to you, and the buckets that are listed "
                f"for {', '.join(listing)} do not hold it.",
                "An admin adds the bucket to that list, such as `buckets` in remote_links.yml, or registers a store.",
            )
        return _nowhere(text)


def resolve(address: str, stores: Iterable[Store]) -> Resolved:
    """The store among ``stores`` that one address lies in; of several of one bucket the one with the longest prefix.

    Raises Invalid for what is no address, NotFound where no store has it, and Conflict where buckets of one name on
    several servers have it.
    """
    known = list(stores)
    found = Resolver(known).find(address)
    if isinstance(found, Resolved):
        return found
    web = [store for store in known if is_for_the_web(store)]
    if web and isinstance(found, Web) and found.url.startswith("https://"):
        return Resolved(web[0], found.url)
    raise _nowhere(address)


def _nowhere(text: str) -> NotFound:
    return NotFound(
        f"'{shown(text)}' lies in no registered store that is open to you.",
        "List the stores with `moorage store ls`; an admin registers one with `moorage store add`.",
    )


__all__ = ["Opens", "Resolved", "Resolver", "Web", "resolve"]
