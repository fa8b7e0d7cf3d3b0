"""Resolve: the address of an object -> the registered store that it lies in, and its key there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from moorage.model.endpoint import canonical
from moorage.model.errors import Conflict, Invalid, NotFound
from moorage.model.keys import Key, escape, key_bytes, key_of
from moorage.model.store import Provider, Store

_URLS: Final = ("https", "http")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where an address leads."""

    store: Store
    key: Key


def resolve(address: str, stores: Iterable[Store]) -> Resolved:
    """The store among ``stores`` that the address lies in; of several of one bucket the one with the longest prefix.

    Takes ``s3://bucket/key``, ``s3://host:port/bucket/key``, ``fs://store/key`` and the ``https://`` and ``http://``
    addresses of S3 servers, with the bucket in the path or in the host name. Keys of the first forms are verbatim,
    those of URLs percent-encoded. Raises Invalid for what is no address, NotFound where no store has it, and
    Conflict where buckets of one name on several servers have it.
    """
    scheme, separator, rest = address.partition("://")
    if not separator or scheme not in ("s3", "fs", "https", "http"):
        raise Invalid(
            f"'{escape(address[:200])}' is no address of an object.",
            "Write s3://bucket/key, fs://store/key, or https://host/bucket/key.",
            field="address",
        )
    found = [
        Resolved(store, key) for store in stores for key in _keys(scheme, rest, store) if key.startswith(store.prefix)
    ]
    if not found:
        raise NotFound(
            f"'{escape(address[:200])}' lies in no registered store that is open to you.",
            "List the stores with `moorage store ls`; an admin registers one with `moorage store add`.",
        )
    longest = max(len(one.store.prefix) for one in found)
    best = [one for one in found if len(one.store.prefix) == longest]
    servers = {(one.store.connection.endpoint, one.store.bucket, one.key) for one in best}
    if len(servers) > 1:
        names = ", ".join(sorted(one.store.name for one in best))
        raise Conflict(
            f"'{escape(address[:200])}' may lie in several stores: {names}.",
            "Write the store and the key, such as STORE:key, or the address with its server, https://host/bucket/key.",
        )
    return min(best, key=lambda one: one.store.name)


def _keys(scheme: str, rest: str, store: Store) -> Iterator[Key]:
    """The key that the address has if it lies in the bucket of the store."""
    if store.connection.provider is Provider.DISK:
        if scheme == "fs":
            name, _, key = rest.partition("/")
            if name == store.name:
                yield Key(key)
    elif store.connection.provider is Provider.S3:
        if scheme == "s3":
            yield from _of_s3(rest, store)
        elif scheme in _URLS:
            yield from _of_url(scheme, rest, store)


def _of_s3(rest: str, store: Store) -> Iterator[Key]:
    place, _, key = rest.partition("/")
    if place == store.bucket:
        yield Key(key)
    elif any(_same_server(scheme, place, store) for scheme in _URLS):
        bucket, _, key = key.partition("/")
        if bucket == store.bucket:
            yield Key(key)


def _of_url(scheme: str, rest: str, store: Store) -> Iterator[Key]:
    host, _, path = rest.partition("#")[0].partition("?")[0].partition("/")
    decoded = key_of(unquote_to_bytes(key_bytes(path)))
    bucket, _, key = decoded.partition("/")
    if bucket == store.bucket and _same_server(scheme, host, store):
        yield Key(key)
    server = host.removeprefix(f"{store.bucket}.")
    if server != host and _same_server(scheme, server, store):
        yield Key(decoded)


def _same_server(scheme: str, host: str, store: Store) -> bool:
    """True where the host is that of the store's endpoint; a region that both name must be the same."""
    try:
        here, region = canonical(f"{scheme}://{host}")
        there, _ = canonical(store.connection.endpoint)
    except (Invalid, ValueError):
        return False
    regions = {region, store.connection.region} - {""}
    return here == there and (not region or len(regions) == 1)
