"""Shelves: stores by server, bucket and prefix, and connections by the buckets that they may open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from moorage.model.admitted import admits, bucket_in
from moorage.model.store import Connection, Provider, Store
from moorage.reading.places import GOOGLE, Place, Servers

_Name = tuple[str | None, Provider, str]
_GOOGLE_BY_KEYS: Final = (Provider.S3, Provider.GOOGLE)


class Shelves:
    """Stores; what a place may lie in is found by a few looks into dictionaries, however many there are."""

    def __init__(self, stores: Iterable[Store], servers: Servers) -> None:
        self._by_prefix: dict[_Name, dict[str, list[Store]]] = {}
        for store in stores:
            server = servers.of(store.connection)
            for provider in _providers(store.connection, server):
                bucket = store.name if provider is Provider.DISK else store.bucket
                for name in {(None, provider, bucket), ("" if provider is Provider.DISK else server, provider, bucket)}:
                    self._by_prefix.setdefault(name, {}).setdefault(store.prefix, []).append(store)
        self._lengths = {
            name: sorted({len(prefix) for prefix in prefixes}, reverse=True)
            for name, prefixes in self._by_prefix.items()
        }

    def has(self, place: Place) -> bool:
        """True where a store of that bucket is registered, whatever its prefix."""
        return _name(place) in self._by_prefix

    def names(self, place: Place) -> list[str]:
        """The stores of that bucket."""
        return sorted(store.name for stores in self._by_prefix.get(_name(place), {}).values() for store in stores)

    def at(self, place: Place) -> list[Store]:
        """The stores with the longest prefix that the key begins with."""
        prefixes = self._by_prefix.get(_name(place))
        if prefixes is None:
            return []
        for length in self._lengths[_name(place)]:
            found = [store for store in prefixes.get(place.key[:length], ()) if _in_region(store.connection, place)]
            if found:
                return found
        return []


class Openings:
    """Connections whose stores may be made by their first use."""

    def __init__(self, connections: Iterable[Connection], servers: Servers) -> None:
        self._named: dict[_Name, list[Connection]] = {}
        self._all: dict[tuple[str | None, Provider], list[Connection]] = {}
        self._listing: dict[tuple[str | None, Provider], list[Connection]] = {}
        for connection in connections:
            if connection.open_buckets is not None:
                disk = connection.provider is Provider.DISK
                self._add(connection, "" if disk else servers.of(connection), connection.open_buckets)

    def _add(self, connection: Connection, server: str, buckets: tuple[str, ...]) -> None:
        disk = connection.provider is Provider.DISK
        for provider in _providers(connection, server):
            for place in (None, server):
                if not buckets and not disk:
                    self._all.setdefault((place, provider), []).append(connection)
                elif not disk:
                    self._listing.setdefault((place, provider), []).append(connection)
                for bucket in {connection.name} if disk else {bucket_in(word) for word in buckets}:
                    self._named.setdefault((place, provider, bucket), []).append(connection)

    def at(self, place: Place) -> list[Connection]:
        """Those that admit the bucket and the key; one that names the bucket goes before one that opens all."""
        if not place.bucket:
            return []
        named = [
            one
            for one in self._named.get(_name(place), ())
            if admits(one, place.bucket, place.key) and _in_region(one, place)
        ]
        every = (one for one in self._all.get((place.server, place.provider), ()) if _in_region(one, place))
        return named or list(every)

    def lists_others(self, place: Place) -> list[str]:
        """What connections are called whose lists leave the bucket, or the key in it, out."""
        found = self._listing.get((place.server, place.provider), ()) if place.bucket else ()
        return [one.name or one.origin for one in found if _in_region(one, place)]


def _providers(connection: Connection, server: str) -> Iterator[Provider]:
    """How addresses call the provider; buckets of Google that are reached by S3's dialect go by either word."""
    if connection.provider is Provider.S3 and server == GOOGLE:
        yield from _GOOGLE_BY_KEYS
    else:
        yield connection.provider


def _name(place: Place) -> _Name:
    return (place.server, place.provider, place.bucket)


def _in_region(connection: Connection, place: Place) -> bool:
    return not place.region or not connection.region or connection.region == place.region
