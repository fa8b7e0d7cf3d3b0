"""One exchange: the request as it is sent, the answer as it comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp

from moorage.model.errors import BodyBroken, StoreUnreachable
from moorage.stores.transport.bodies import EMPTY, Body
from moorage.stores.transport.faults import fault_of
from moorage.stores.transport.upload import Upload


@dataclass(slots=True)
class Request:
    """What goes over the wire; nothing is added but Host, Content-Length and Accept-Encoding."""

    operation: str
    """The name under which it is counted."""
    method: str
    url: str
    """Percent-encoded, path and query; sent byte for byte."""
    headers: dict[str, str] = field(repr=False)
    body: Body = field(default=EMPTY, repr=False)
    first_byte_s: float | None = None
    """None: that of the limits."""


class Answer:
    """An answer whose body is either at hand in ``content`` or still to be read by ``blocks``.

    Close it in any case; closing an unread body closes the connection.
    """

    def __init__(self, response: aiohttp.ClientResponse, upload: Upload, unsure_tries: int) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        """Names in any case."""
        self.content = b""
        self.unsure_tries = unsure_tries
        """Earlier tries of this request whose effect is unknown, because no answer came."""
        self._response = response
        self._upload = upload

    @property
    def ok(self) -> bool:
        """True for a success (2xx)."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the bounds of RFC 9110, section 15.3

    async def blocks(self) -> AsyncIterator[bytes]:
        """Blocks of the body as they arrive, none empty, each at most 1 MiB.

        Raises BodyBroken where the body is shorter than announced, StoreUnreachable where it stalls.
        """
        try:
            while block := await self._response.content.readany():
                self._upload.counters.bytes_received += len(block)
                yield block
        except TimeoutError as fault:
            raise fault_of(fault, self._response.url.authority) from fault
        except (aiohttp.ClientError, OSError) as fault:
            raise BodyBroken("The connection ended before the body did.", "Try again.") from fault

    async def collect(self, max_bytes: int, *, cut: bool = False) -> None:
        """Read the whole body into ``content`` and free the connection. Raises StoreUnreachable.

        More than ``max_bytes`` is an error, or with ``cut`` only the beginning is kept.
        """
        parts: list[bytes] = []
        size = 0
        try:
            async for block in self.blocks():
                parts.append(block)
                size += len(block)
                if size > max_bytes:
                    break
        except BodyBroken as fault:
            raise StoreUnreachable(
                "The answer of the store ended early.", "Try again.", cause="short answer"
            ) from fault
        if size > max_bytes and not cut:
            raise StoreUnreachable(
                f"The answer has more than {max_bytes} bytes.", "Is the endpoint a store?", cause="too long"
            )
        self.content = b"".join(parts)[:max_bytes]
        self.close()

    def close(self) -> None:
        """Free the connection: kept for the next request when the body was read to its end, else closed."""
        if self._upload.complete and self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()
