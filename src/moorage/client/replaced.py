"""Calls about credentials that were replaced: what is kept of them, bring them back, forget them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from moorage.client.calls import Calls, part
from moorage.client.codec import decode
from moorage.client.shapes import CredentialsKind, Store


@dataclass(frozen=True, slots=True)
class CredentialsEnd:
    """Something that a store needs, and when it ends; ``days_left`` is less than 0 once it is over."""

    what: str
    expires: datetime
    days_left: int


@dataclass(frozen=True, slots=True)
class FormerCredentials:
    """Credentials that were replaced and can be taken back."""

    credentials: CredentialsKind
    replaced: datetime
    settles: datetime
    """From then on a check that passes forgets them."""
    by: str = ""
    endings: tuple[CredentialsEnd, ...] = ()
    failing: tuple[str, ...] = ()
    """Stores that do not pass their check since."""


@dataclass(frozen=True, slots=True)
class StoreCredentials:
    """What may be told of a store's credentials; ``former`` None: there is nothing to undo."""

    credentials: CredentialsKind
    endings: tuple[CredentialsEnd, ...] = ()
    """The earliest first."""
    former: FormerCredentials | None = None


class ReplacedCalls(Calls):
    """Former credentials. ``change_store`` replaces those of now."""

    async def store_credentials(self, name: str) -> StoreCredentials:
        """What ends, and what can be undone."""
        return decode(StoreCredentials, await self._transport.get(f"/stores/{part(name)}/credentials"))

    async def undo_credentials(self, name: str, *, force: bool = False) -> Store:
        """Bring back the credentials before the last replacement, for all stores of the connection.

        They are tried first; ProbeFailed leaves all as it is. Raises: Conflict where none are kept.
        """
        path = f"/stores/{part(name)}/credentials/undo"
        return decode(Store, await self._transport.post(path, {"force": force}))

    async def forget_former_credentials(self, name: str) -> None:
        """Forget the credentials before the last replacement now; nothing can be undone then."""
        await self._transport.delete(f"/stores/{part(name)}/credentials/former")
