"""Bases: stores of web addresses, found by the beginning of a URL."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from moorage.model.keys import Key, key_bytes, key_of
from moorage.model.store import Provider, Store


class Bases:
    """Stores of web servers whose keys lie below an endpoint."""

    def __init__(self, stores: Iterable[Store]) -> None:
        found = [(_base(one), one) for one in stores if one.connection.provider is Provider.HTTPS]
        self._bases = sorted(
            ((base, one) for base, one in found if base), key=lambda pair: (-len(pair[0]), pair[1].name)
        )

    def at(self, url: str) -> tuple[Store, Key] | None:
        """The store with the longest endpoint that the URL lies below, and its key there.

        None for a URL with a query: keys have none.
        """
        text = url.partition("#")[0]
        if "?" in text:
            return None
        for base, store in self._bases:
            if text.startswith(base) and len(text) > len(base):
                return store, key_of(unquote_to_bytes(key_bytes(text[len(base) :])))
        return None


def is_for_the_web(store: Store) -> bool:
    """Whether the keys of the store are whole web addresses."""
    return store.connection.provider is Provider.HTTPS and not store.connection.endpoint


def _base(store: Store) -> str:
    endpoint = store.connection.endpoint.rstrip("/")
    return f"{endpoint}/" if endpoint else ""
