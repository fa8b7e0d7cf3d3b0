"""Loans of Google stores: upload sessions and signed addresses for single objects, tokens for a folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from moorage.model.errors import MoorageError, Refused
from moorage.model.keys import ETag
from moorage.model.lending import Action, Ask, Begun, Lent, LentUrl, Method
from moorage.model.objects import ObjectInfo
from moorage.model.store import Store
from moorage.stores.google import GoogleStore
from moorage.stores.google.minting import scope_of
from moorage.stores.google.sessions import Session
from moorage.stores.google.signing import presign
from moorage.stores.lending.boundary import boundary, exchange_url, exchanged
from moorage.stores.lending.limits import NothingBegun, need_keys, need_life, no_method, nothing_to_lend
from moorage.stores.transport import Transport
from moorage.stores.transport.store import LONGEST_LIFE_S

LONGEST_TOKEN_S: Final = 3600
_USAGE: Final = {
    Method.PRESIGNED: "GET each URL, or PUT the bytes to it where it is for writing.",
    Method.SESSION: "PUT the bytes of each object to its URL, at once or in chunks of 256 KiB times any number with "
    "Content-Range (Google: resumable uploads); the last chunk makes the object.",
    Method.TOKEN: "Send the token as bearer token to storage.googleapis.com, or give it to any library as an access "
    "token.",
}
_WHOLE_LIFE: Final = "Google gives such tokens only for the rest of the hour of the one that they are made of."
_NO_OVERWRITE: Final = "It makes new objects; to replace one takes a right to delete, which is not lent."


class GoogleLender(NothingBegun):
    """Lends what lies in one bucket. Implements ``Lender``."""

    def __init__(self, store: Store, opened: GoogleStore) -> None:
        self._store = store
        self._opened = opened
        self._client = opened.client

    async def lend(self, ask: Ask) -> Lent:
        """What was asked for: sessions to write named keys, signed addresses to read them, a token for a folder."""
        if self._client.tokens is None:
            raise nothing_to_lend(self._store.name)
        if ask.parts:
            raise Refused(
                "Google takes no parts with addresses of their own here. Nothing was lent.",
                "Leave parts out: a session takes an object of any size in chunks.",
            )
        match ask.method or self._best(ask):
            case Method.SESSION if ask.action is Action.WRITE:
                return await self._sessions(ask)
            case Method.PRESIGNED:
                return self._signed(ask)
            case Method.TOKEN:
                return await self._token(ask)
            case _:
                raise no_method(ask, self._store.name, "Use presigned, token or auto; session to write.")

    async def complete(self, begun: Begun, parts: Sequence[tuple[int, ETag]]) -> ObjectInfo:
        """Refused: the last chunk makes the object."""
        del parts
        raise Refused(
            f"{begun.key!r} is made by its last chunk; there is nothing to complete.",
            "Send the rest of it to its address, then tell what was written: POST /api/v1/loans/ID/finished.",
        )

    async def cancel(self, begun: Begun) -> None:
        """End the session; one that made its object is left alone."""
        await Session(self._client, begun.key, {}, _url=begun.handle).cancel()

    def _best(self, ask: Ask) -> Method:
        if not ask.keys:
            return Method.TOKEN
        if ask.action is Action.WRITE:
            return Method.SESSION
        return Method.PRESIGNED if self._opened.account else Method.TOKEN

    async def _sessions(self, ask: Ask) -> Lent:
        need_keys(ask, "Upload sessions are for single objects.")
        need_life(ask, least_s=1, most_s=LONGEST_LIFE_S, why="An upload session")
        begun: list[Begun] = []
        try:
            for key in ask.keys:
                session = Session(self._client, key, {"name": key})
                begun.append(Begun(key, await session.lend()))
        except BaseException:
            for one in begun:
                await self._cancel_quietly(one)
            raise
        return Lent(
            Method.SESSION,
            int((time.time() + ask.life_s) * 1000),
            _USAGE[Method.SESSION],
            urls=tuple(LentUrl(one.key, "PUT", one.handle) for one in begun),
            begun=tuple(begun),
            note="Sessions are ended by this server once their time is over, up to an hour later.",
        )

    def _signed(self, ask: Ask) -> Lent:
        need_keys(ask, "Signed addresses are for single objects.")
        need_life(ask, least_s=1, most_s=LONGEST_LIFE_S, why="A signed address")
        account = self._opened.account
        if account is None:
            raise Refused(
                f"The store {self._store.name} has no key of a service account, so it signs no addresses. Nothing was "
                "lent.",
                "Ask for a token or a session.",
            )
        verb, now_s = "GET" if ask.action is Action.READ else "PUT", self._client.transport.clock.now()
        urls = tuple(
            LentUrl(
                key,
                verb,
                presign(account, self._client.place, key, (), expires_s=ask.life_s, now_s=now_s, method=verb),
            )
            for key in ask.keys
        )
        return Lent(Method.PRESIGNED, int((time.time() + ask.life_s) * 1000), _USAGE[Method.PRESIGNED], urls=urls)

    async def _token(self, ask: Ask) -> Lent:
        if ask.keys and not ask.area.exact:
            raise no_method(ask, self._store.name, "A token is for a folder or for one key: leave keys out.")
        need_life(ask, least_s=1, most_s=LONGEST_TOKEN_S, why="A token")
        url = exchange_url(self._opened.account)
        source = await self._opened.fresh_token(scope_of(read_only=ask.action is Action.READ))
        assert source
        own = self._client.transport
        transport = Transport(limits=own.limits, counters=own.counters, guard=own.guard)
        try:
            options = boundary(self._client.place.bucket, ask.area, ask.action)
            lent = await exchanged(transport, url, source, options)
        finally:
            await transport.aclose()
        notes = [_WHOLE_LIFE] if abs(lent.life_s - ask.life_s) > 1 else []
        notes += [_NO_OVERWRITE] if ask.action is Action.WRITE else []
        return Lent(
            Method.TOKEN,
            int((time.time() + lent.life_s) * 1000),
            _USAGE[Method.TOKEN],
            token=lent.value,
            endpoint=self._client.place.endpoint,
            note=" ".join(notes),
        )

    async def _cancel_quietly(self, begun: Begun) -> None:
        try:
            await self.cancel(begun)
        except MoorageError:
            return  # the first error is the one to tell; the session ends by itself after a week
