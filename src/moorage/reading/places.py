"""Places: which server, bucket and key an address may mean, by what is known of servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from moorage.model.account import account_of
from moorage.model.address import Address
from moorage.model.endpoint import aws_host, canonical, parts_of
from moorage.model.errors import Invalid
from moorage.model.keys import Key, key_bytes, key_of
from moorage.model.store import Connection, Provider

AWS: Final = ""
"""The server of Amazon S3, whose buckets have one name in all regions."""
GOOGLE: Final = "https://storage.googleapis.com"
_GOOGLE_HOSTS: Final = ("storage.googleapis.com", "storage.cloud.google.com")
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """One meaning of an address. ``server`` None: whichever; ``region``: the only one, where the address says so."""

    server: str | None
    provider: Provider
    bucket: str
    key: Key
    region: str = ""


class Servers:
    """The servers of connections, and the meanings that an address has with them."""

    def __init__(self, connections: Iterable[Connection]) -> None:
        self._of: dict[Connection, str] = {}
        self._urls: dict[str, Provider] = {AWS: Provider.S3, GOOGLE: Provider.GOOGLE}
        self._accounts: dict[str, str] = {}
        self._remembered: dict[tuple[Provider, str], list[tuple[str, str]]] = {}
        for connection in connections:
            self._learn(connection)
        self._deepest = max(url.partition("://")[2].count("/") for url in self._urls)

    def _learn(self, connection: Connection) -> None:
        server = self.of(connection)
        if connection.provider not in (Provider.S3, Provider.AZURE, Provider.GOOGLE):
            return
        self._urls.setdefault(server, connection.provider)
        if connection.provider is Provider.AZURE and server:
            try:
                self._accounts[account_of(connection).name] = server
            except Invalid:
                return

    def of(self, connection: Connection) -> str:
        """The connection's server in one spelling."""
        known = self._of.get(connection)
        if known is None:
            known = self._of[connection] = _server_of(connection)
        return known

    def older_form(self, address: Address) -> list[Place]:
        """Meanings of ``s3://endpoint/bucket/key`` and ``azure://account/container/blob``; empty: it is no such."""
        named = (address.provider, address.place)
        servers = self._remembered.get(named)
        if servers is None:
            servers = list(self._named(*named))
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            self._remembered[named] = servers
        if not servers:
            return []
        bucket, _, key = address.key.partition("/")
        return [Place(server, address.provider, bucket, Key(key), region) for server, region in servers]

    def _named(self, provider: Provider, word: str) -> Iterator[tuple[str, str]]:
        if provider is Provider.AZURE and word in self._accounts:
            yield self._accounts[word], ""
        for scheme in ("https", "http"):
            server = _canonical(f"{scheme}://{word}")
            if server is not None and self._urls.get(server[0]) is provider:
                yield server
                if server[0] == AWS:
                    return

    def of_url(self, url: str) -> list[Place]:
        """The buckets that an ``https://`` or ``http://`` URL may lead into; its query and fragment count nothing."""
        scheme, _, rest = url.partition("://")
        authority, _, path = rest.partition("#")[0].partition("?")[0].partition("/")
        try:
            host = parts_of(scheme, authority)
        except (Invalid, ValueError):
            return []
        return [*self._public(host.hostname, path), *self._by_path(host.url, path), *self._by_host(host.url, path)]

    def _public(self, hostname: str, path: str) -> Iterator[Place]:
        """Hosts of Amazon and Google that hold the bucket's name, or have it in their path."""
        aws = aws_host(hostname)
        if aws is not None:
            bucket, key = (aws.bucket, _decoded(path)) if aws.bucket else _split(path)
            yield Place(AWS, Provider.S3, bucket, key, aws.region)
        elif hostname in _GOOGLE_HOSTS:
            yield Place(GOOGLE, Provider.GOOGLE, *_split(path))
        elif hostname.endswith(f".{_GOOGLE_HOSTS[0]}"):
            yield Place(GOOGLE, Provider.GOOGLE, hostname.removesuffix(f".{_GOOGLE_HOSTS[0]}"), _decoded(path))

    def _by_path(self, host: str, path: str) -> Iterator[Place]:
        """``endpoint/bucket/key``; an endpoint may have a path of its own."""
        segments = path.split("/", self._deepest) if self._deepest else []
        for depth in range(len(segments) + 1):
            server = "/".join([host, *segments[:depth]])
            provider = self._urls.get(server)
            if provider is not None and server != GOOGLE:
                left = path.split("/", depth)[depth] if path.count("/") >= depth else ""
                yield Place(server, provider, *_split(left))

    def _by_host(self, host: str, path: str) -> Iterator[Place]:
        """``bucket.endpoint/key``, of servers that speak S3."""
        scheme, _, name = host.partition("://")
        at = name.find(".")
        while at > 0:
            server = f"{scheme}://{name[at + 1 :]}"
            if self._urls.get(server) is Provider.S3:
                yield Place(server, Provider.S3, name[:at], _decoded(path))
            at = name.find(".", at + 1)


def _server_of(connection: Connection) -> str:
    match connection.provider:
        case Provider.AZURE:
            try:
                return account_of(connection).endpoint
            except Invalid:
                return connection.endpoint
        case Provider.GOOGLE:
            found = _canonical(connection.endpoint or GOOGLE)
            return connection.endpoint if found is None else found[0]
        case Provider.S3:
            found = _canonical(connection.endpoint)
            return connection.endpoint if found is None else found[0]
        case _:
            return connection.root or connection.endpoint


def _canonical(endpoint: str) -> tuple[str, str] | None:
    try:
        return canonical(endpoint)
    except (Invalid, ValueError):
        return None


def _split(path: str) -> tuple[str, Key]:
    bucket, _, key = _decoded(path).partition("/")
    return bucket, Key(key)


def _decoded(path: str) -> Key:
    return key_of(unquote_to_bytes(key_bytes(path)))
