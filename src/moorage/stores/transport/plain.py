"""Requests without credentials, as a browser or a worker sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from moorage.model.administration import PlainAnswer
from moorage.stores.transport.bodies import BytesBody
from moorage.stores.transport.client import Transport
from moorage.stores.transport.exchange import Request
from moorage.stores.transport.limits import Purpose

MOST_BYTES: Final = 64 * 1024


class Plain:
    """Sends requests by the connections of a store, never with its credentials; answers ``StoreAdministration.ask``."""

    def __init__(self, transport: Transport, purpose: Purpose) -> None:
        self.transport = transport
        self.purpose = purpose

    @property
    def clock_offset_s(self) -> float:
        """The server's clock less ours."""
        return self.transport.clock.offset_s

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> PlainAnswer:
        """The answer, whatever its status; redirects are not followed."""
        request = Request("plain", method, url, {"User-Agent": "moorage", **(headers or {})}, BytesBody(body))
        answer = await self.transport.send(lambda: request, purpose=self.purpose)
        try:
            if answer.ok:
                await answer.collect(MOST_BYTES, cut=True)
        finally:
            answer.close()
        return PlainAnswer(
            answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.content
        )
