"""Loans of Azure stores: shared access signatures for single blobs, or for a directory where there are such.

Source: Azure Storage REST API: Create a service SAS, Create a user delegation SAS, Get Account Information.
"""

from __future__ import annotations

import time
from typing import Final

from moorage.model.errors import Refused
from moorage.model.keys import Key
from moorage.model.lending import Action, Ask, Lent, LentSas, LentUrl, Method
from moorage.model.store import Store
from moorage.stores.azure.access import ByKey, BySas, ByToken
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.presigning import presigned
from moorage.stores.lending.limits import NothingBegun, need_life, no_method, nothing_to_lend
from moorage.stores.transport.store import LONGEST_LIFE_S

_ON_BLOB: Final = {Action.READ: "r", Action.WRITE: "cw"}
_ON_DIRECTORY: Final = {Action.READ: "rl", Action.WRITE: "cwl"}
"""No more than is needed: nobody deletes with a loan."""
_USAGE: Final = {
    Action.READ: "GET each URL.",
    Action.WRITE: "PUT each blob to its URL, with the header x-ms-blob-type: BlockBlob, or give the URL to "
    "BlobClient.from_blob_url, which sends large blobs in blocks.",
}


class AzureLender(NothingBegun):
    """Lends what lies in one container. Implements ``Lender``."""

    def __init__(self, store: Store, client: Client) -> None:
        self._store = store
        self._client = client

    async def lend(self, ask: Ask) -> Lent:
        """A signature for each named blob; for a prefix one of its directory, or Refused where it has none."""
        if ask.method not in {None, Method.SAS}:
            raise no_method(ask, self._store.name, "Use sas or auto.")
        access = self._client.access
        if isinstance(access, BySas):
            raise Refused(
                f"The store {self._store.name} has a SAS itself, which signs nothing else: to lend would be to pass "
                "all of it on. Nothing was lent.",
                "Give the store an account key or a service principal; or make a SAS for the borrower in the portal.",
            )
        if not isinstance(access, ByKey | ByToken):
            raise nothing_to_lend(self._store.name)
        need_life(ask, least_s=1, most_s=LONGEST_LIFE_S, why="A SAS")
        now_s = time.time()
        expires_ms = int((now_s + ask.life_s) * 1000)
        if not ask.keys:
            return await self._directory(ask, expires_ms)
        letters, verb = _ON_BLOB[ask.action], "GET" if ask.action is Action.READ else "PUT"
        urls = [(key, await presigned(self._client, key, expires_s=ask.life_s, letters=letters)) for key in ask.keys]
        only = _sas(urls[0][1]) if len(urls) == 1 else None
        lent = tuple(LentUrl(key, verb, url) for key, url in urls)
        return Lent(Method.SAS, expires_ms, _USAGE[ask.action], sas=only, urls=lent)

    async def _directory(self, ask: Ask, expires_ms: int) -> Lent:
        if not await self._hierarchical():
            raise Refused(
                f"The storage account of {self._store.name} has no directories (hierarchical namespace), so a SAS "
                "is for one blob or for the whole container, which is not lent. Nothing was lent.",
                "Name the blobs in keys (at most 1,000), to read or to write.",
            )
        directory = Key(ask.area.prefix.rstrip("/"))
        letters, depth = _ON_DIRECTORY[ask.action], directory.count("/") + 1
        url = await presigned(self._client, directory, expires_s=ask.life_s, letters=letters, depth=depth)
        usage = "Add the token to the URL of anything below the directory."
        return Lent(Method.SAS, expires_ms, usage, sas=_sas(url))

    async def _hierarchical(self) -> bool:
        query = (("restype", "account"), ("comp", "properties"))
        answer = await self._client.call(Call("account", "GET", None, query))
        return answer.headers.get("x-ms-is-hns-enabled", "").lower() == "true"


def _sas(url: str) -> LentSas:
    return LentSas(url.partition("?")[2], url)
