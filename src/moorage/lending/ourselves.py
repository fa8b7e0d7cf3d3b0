"""Loans of stores that only this server can reach: its own signed addresses, to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote, urlencode

from moorage.model.errors import Refused
from moorage.model.keys import ESCAPED, ETag, Key, escape, needs_escape
from moorage.model.lending import Action, Ask, Begun, Lent, LentUrl, Method
from moorage.model.objects import ObjectInfo
from moorage.model.secrecy import Claim, UrlSigner
from moorage.model.store import Store


def claim_of(store: Store, key: Key, expires_s: int, disposition: str = "") -> Claim:
    """What an address of an object of a store claims; no item has a variant of that name."""
    return Claim(store.id, f"object:{key}", expires_s, disposition=disposition)


class OwnLender:
    """Lends addresses of this server. Implements ``Lender``."""

    def __init__(self, store: Store, signer: UrlSigner, public_url: str, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._signer = signer
        self._public_url = public_url
        self._now_ms = now_ms

    async def lend(self, ask: Ask) -> Lent:
        """A signed address for each named key. Refused for anything else."""
        if ask.action is Action.WRITE:
            raise Refused(
                f"The store {self._store.name} is a disk of this server, and nobody but the server writes to it. "
                "Nothing was lent.",
                "Put files in through a project: PUT /api/v1/folders/ID/items, with an API token of your own.",
            )
        if ask.method not in {None, Method.PRESIGNED} or not ask.keys:
            raise Refused(
                f"The store {self._store.name} is a disk of this server, which signs addresses of single objects only. "
                "Nothing was lent.",
                "Name the keys in keys (at most 1,000).",
            )
        expires_s = self._now_ms() // 1000 + ask.life_s
        urls = tuple(LentUrl(key, "GET", self._url(key, expires_s)) for key in ask.keys)
        return Lent(Method.PRESIGNED, expires_s * 1000, "GET each URL; ranges are answered.", urls=urls)

    async def part_urls(self, begun: Begun, numbers: range, life_s: int) -> tuple[LentUrl, ...]:
        """Nothing is ever begun here."""
        raise NotImplementedError

    async def complete(self, begun: Begun, parts: Sequence[tuple[int, ETag]]) -> ObjectInfo:
        """Nothing is ever begun here."""
        raise NotImplementedError

    async def cancel(self, begun: Begun) -> None:
        """Nothing is ever begun here."""

    def denial(self, before_ms: int) -> str:
        """There is no such policy."""
        del before_ms
        return ""

    def _url(self, key: Key, expires_s: int) -> str:
        key_id, signature = self._signer.sign(claim_of(self._store, key, expires_s))
        odd = {"key_encoding": ESCAPED} if needs_escape(key) else {}
        query = {"key": escape(key) if odd else key, **odd, "expires": expires_s, "kid": key_id, "signature": signature}
        return f"{self._public_url}/api/v1/stores/{quote(self._store.name, safe='')}/content?{urlencode(query)}"
