"""The client for asyncio: all groups of calls over one transport."""

from __future__ import annotations

import ssl
from typing import Self

from moorage.client.adopting import AdoptingCalls
from moorage.client.bucket_links import BucketLinkCalls
from moorage.client.caches import CacheCalls
from moorage.client.catalogue import CatalogueCalls
from moorage.client.connections import ConnectionCalls
from moorage.client.content import ContentCalls
from moorage.client.cors import CorsCalls
from moorage.client.jobs import JobCalls
from moorage.client.lending import LoanCalls
from moorage.client.links import LinkCalls
from moorage.client.mirrors import MirrorCalls
from moorage.client.objects import ObjectCalls
from moorage.client.people import PeopleCalls
from moorage.client.policies import PolicyCalls
from moorage.client.replaced import ReplacedCalls
from moorage.client.stores import StoreCalls
from moorage.client.transport import Limits, Transport
from moorage.client.uploads import UploadCalls
from moorage.client.videos import VideoCalls

LIMITS = Limits()


class AsyncClient(
    StoreCalls,
    ReplacedCalls,
    PolicyCalls,
    CacheCalls,
    CorsCalls,
    ConnectionCalls,
    ObjectCalls,
    CatalogueCalls,
    AdoptingCalls,
    ContentCalls,
    UploadCalls,
    VideoCalls,
    MirrorCalls,
    LinkCalls,
    LoanCalls,
    BucketLinkCalls,
    JobCalls,
    PeopleCalls,
):
    """Talks to the server at ``url`` (a path prefix is allowed) with an API token.

    Each call raises the errors of ``moorage.model.errors`` only. Calls may run side by side in one event loop.
    ``tls`` replaces the system's authorities. Close it, or use it in ``async with``.
    """

    def __init__(
        self, url: str, token: str | None = None, *, limits: Limits = LIMITS, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(Transport(url, token, limits=limits, tls=tls))

    @property
    def url(self) -> str:
        """The server's address, without a final slash."""
        return self._transport.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. Closing twice is fine."""
        await self._transport.aclose()
