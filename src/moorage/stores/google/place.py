"""Where a bucket is: endpoint and bucket, and the URLs made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from moorage.model.errors import Invalid
from moorage.model.keys import Key, key_bytes
from moorage.model.store import Store

Query = Iterable[tuple[str, str]]
PUBLIC: Final = "googleapis.com"
"""Google's own universe; sovereign clouds have others."""
_LONGEST_KEY: Final = 1024
_RESERVED: Final = ".well-known/acme-challenge/"


@dataclass(frozen=True, slots=True)
class Place:
    """One bucket at one endpoint. Paths and queries are encoded here and nowhere else."""

    scheme: str
    host: str
    """Host with the port where it is not the scheme's own, in lower case."""
    path: str
    """Path of the endpoint itself, without a final ``/``; mostly empty."""
    bucket: str

    @property
    def endpoint(self) -> str:
        """The endpoint as a person would write it."""
        return f"{self.scheme}://{self.host}{self.path}"

    def facts(self, query: Query, *, below: str = "") -> str:
        """The URL of the bucket's own facts, or of what stands below them."""
        return f"{self.endpoint}/storage/v1/b/{quote_whole(self.bucket)}{below}{_words(query)}"

    def objects(self, query: Query) -> str:
        """The URL of the listing."""
        return f"{self.endpoint}/storage/v1/b/{quote_whole(self.bucket)}/o{_words(query)}"

    def object(self, key: str, query: Query = ()) -> str:
        """The URL of an object's facts. Slashes are encoded too: no ``..`` is left for anybody to resolve."""
        return f"{self.endpoint}/storage/v1/b/{quote_whole(self.bucket)}/o/{quote_whole(key)}{_words(query)}"

    def rewrite(self, source: str, destination: str, query: Query) -> str:
        """The URL that copies an object inside the bucket."""
        bucket = quote_whole(self.bucket)
        return f"{self.object(source)}/rewriteTo/b/{bucket}/o/{quote_whole(destination)}{_words(query)}"

    def upload(self, query: Query) -> str:
        """The URL that takes bytes, or begins an upload in chunks."""
        return f"{self.endpoint}/upload/storage/v1/b/{quote_whole(self.bucket)}/o{_words(query)}"

    def media(self, key: str) -> str:
        """The URL of an object's bytes, in the XML dialect."""
        return f"{self.endpoint}/{quote_whole(self.bucket)}/{quote_whole(key)}"

    def public(self, key: str, query: Query = ()) -> str:
        """The URL of an object's bytes as people see it, its slashes as they are."""
        return f"{self.endpoint}/{quote_whole(self.bucket)}/{quote(key_bytes(key), safe='/')}{_words(query)}"

    def here(self, location: str) -> str | None:
        """A URL that the server gave, on the endpoint's own host whatever it names; None: it is no URL.

        So neither a token nor bytes go to a foreign host, and an endpoint behind a proxy stays there.
        """
        parts = urlsplit(location)
        if not parts.path.startswith("/") or not parts.query:
            return None
        return f"{self.scheme}://{self.host}{parts.path}?{parts.query}"


def place_of(store: Store, *, universe: str = PUBLIC) -> Place:
    """The place of a store's bucket. Raises Invalid for an endpoint that is no http or https address."""
    if not store.bucket:
        raise Invalid("A Google store needs a bucket.", "Name the bucket.", field="bucket")
    parts = urlsplit(store.connection.endpoint or f"https://storage.{universe}")
    try:
        port = parts.port
    except ValueError as error:
        raise _bad_endpoint() from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
        raise _bad_endpoint()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port and port != {"http": 80, "https": 443}[parts.scheme]:
        host = f"{host}:{port}"
    return Place(parts.scheme, host, parts.path.rstrip("/"), store.bucket)


def unstorable(key: Key) -> str | None:
    """Why Google cannot hold ``key``. Source: Cloud Storage documentation, about objects, naming."""
    if not key:
        return "A Google key has at least one character."
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        return "Google keys are UTF-8; this one holds other bytes."
    if size > _LONGEST_KEY:
        return f"Google keys have at most {_LONGEST_KEY} bytes; this one has {size}."
    if "\r" in key or "\n" in key:
        return "Google keys hold no line break."
    if key in {".", ".."}:
        return "Google takes no key that is '.' or '..'."
    if key.startswith(_RESERVED):
        return f"Google keeps keys that begin with {_RESERVED} to itself."
    return None


def quote_whole(text: str) -> str:
    """Everything but unreserved characters percent-encoded, ``/`` too."""
    return quote(key_bytes(text), safe="")


def _words(query: Query) -> str:
    words = "&".join(f"{quote_whole(name)}={quote_whole(value)}" for name, value in query)
    return f"?{words}" if words else ""


def _bad_endpoint() -> Invalid:
    return Invalid(
        "The endpoint is not an http or https address.",
        "Write https://host, https://host:port or http://host:port, without user name or query; leave it empty for "
        "Google's own.",
        field="endpoint",
    )
