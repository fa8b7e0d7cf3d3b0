"""Where a container is: account, endpoint and the URLs made of them; and which keys Azure can hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from moorage.model.account import Account, account_of, need_container
from moorage.model.keys import Key, key_bytes
from moorage.model.store import Store

Query = Iterable[tuple[str, str]]
_LONGEST_KEY: Final = 1024
_MOST_SEGMENTS: Final = 254


@dataclass(frozen=True, slots=True)
class Place:
    """One container of one account. Paths and queries are encoded here and nowhere else."""

    account: str
    endpoint: str
    """URL of the account's blobs, without a final ``/``."""
    bucket: str

    def url(self, key: str | None = None, query: Query = ()) -> str:
        """The URL of an object, or of the container; unreserved characters and ``/`` stand as they are."""
        path = quote(self.bucket, safe="$")
        if key is not None:
            path = f"{path}/{quote(key_bytes(key), safe='/')}"
        return f"{self.endpoint}/{path}{_words(query)}"

    def service_url(self, query: Query) -> str:
        """A URL of the account itself."""
        return f"{self.endpoint}/{_words(query)}"

    def unstorable(self, key: Key) -> str | None:
        """Why Azure cannot hold ``key``, or would hold it under another name.

        Source: Naming and referencing containers, blobs, and metadata; the service makes every backslash a
        slash and drops dots that end a segment, so that such a key would name another object.
        """
        if not key:
            return "A blob's name has at least one character."
        try:
            length = len(key.encode("utf-16-le")) // 2
        except UnicodeEncodeError:
            return "Blob names are Unicode; this one holds other bytes."
        if length > _LONGEST_KEY:
            return f"Blob names have at most {_LONGEST_KEY} characters; this one has {length}."
        if any(character < " " for character in key):
            return "Blob names hold no control characters."
        if "\\" in key:
            return "Azure makes a backslash in a blob's name a slash."
        segments = key.split("/")
        if any(segment.endswith(".") for segment in segments):
            return "Azure drops a dot at the end of a part of a blob's name."
        if len(segments) > _MOST_SEGMENTS:
            return f"Blob names have at most {_MOST_SEGMENTS} parts between slashes; this one has {len(segments)}."
        if self.bucket == "$root" and "/" in key:
            return "Blobs in $root have no slash in their name."
        return None


def place_of(store: Store) -> tuple[Place, Account]:
    """The place of a store's container, and the account that it is in. Raises Invalid."""
    need_container(store.bucket)
    account = account_of(store.connection)
    return Place(account.name, account.endpoint, store.bucket), account


def _words(query: Query) -> str:
    words = "&".join(f"{quote(name, safe='')}={quote(key_bytes(value), safe='')}" for name, value in sorted(query))
    return f"?{words}" if words else ""
