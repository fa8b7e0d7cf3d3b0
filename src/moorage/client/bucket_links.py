"""Calls about links by which somebody without an account connects a bucket."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moorage.client.calls import Calls, given, part
from moorage.client.codec import decode
from moorage.client.shapes import AnyKey
from moorage.model.inviting import LinkState
from moorage.model.keys import ESCAPED, Key, escape, needs_escape


@dataclass(frozen=True, slots=True)
class BucketLink:
    """A link; its secret is not kept."""

    id: str
    project: str
    state: LinkState
    folder: AnyKey = Key("")
    provider: str = ""
    note: str = ""
    tries: int = 0
    made_by: str = ""
    created: datetime | None = None
    expires: datetime | None = None
    used: datetime | None = None
    revoked: datetime | None = None
    store: str = ""
    """The store that was made by it."""


@dataclass(frozen=True, slots=True)
class MadeBucketLink(BucketLink):
    """A new link with the address to send on, which is shown once."""

    url: str = field(default="", repr=False)


class BucketLinkCalls(Calls):
    """Links to connect a bucket."""

    async def add_bucket_link(
        self,
        project: str,
        *,
        folder: str = "",
        provider: str | None = None,
        note: str | None = None,
        expires_in: timedelta | None = None,
    ) -> MadeBucketLink:
        """A link by which its holder connects one bucket, once, for 7 days unless said otherwise.

        ``folder``: the way below the project's root to the folder that will show it. Raises: Invalid, AlreadyExists.
        """
        escaped = needs_escape(folder)
        body = given(
            folder=escape(folder) if escaped else folder,
            key_encoding=ESCAPED if escaped else None,
            provider=provider,
            note=note,
            expires_in=None if expires_in is None else int(expires_in.total_seconds()),
        )
        return decode(MadeBucketLink, await self._transport.post(_path(project), body))

    async def bucket_links(self, project: str) -> list[BucketLink]:
        """The links of a project, the last one first."""
        return [decode(BucketLink, row) async for row in self._transport.pages(_path(project), "links")]

    async def revoke_bucket_link(self, project: str, link: str) -> None:
        """Take a link back. What was connected by it stays."""
        await self._transport.delete(f"{_path(project)}/{part(link)}")


def _path(project: str) -> str:
    return f"/projects/{part(project)}/bucket-links"
