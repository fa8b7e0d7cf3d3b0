"""How requests are let in: signed with keys that stay, with keys of the moment, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from moorage.model.credentials import Anonymous, Keys, Process, Role, RolesAnywhere
from moorage.model.errors import Invalid
from moorage.model.store import Store
from moorage.stores.aws import Identities, Minted, Renewing, Site
from moorage.stores.s3.place import Place
from moorage.stores.s3.signing import Signer

NOBODY: Final = "nobody"
KEYS: Final = "keys"
ROLE: Final = "role"
OLD: Final = frozenset({"ExpiredToken", "TokenRefreshRequired", "InvalidToken"})
"""Codes by which a server refuses keys whose session has ended."""


@dataclass(frozen=True, slots=True)
class Signing:
    """A signer, and when its signatures end to be taken (Unix seconds; infinity: never)."""

    signer: Signer
    ends_s: float = float("inf")


class Access(Protocol):
    """One way of being let in."""

    @property
    def who(self) -> str:
        """Whom errors speak of: ``NOBODY``, ``KEYS`` or ``ROLE``."""

    async def ready(self, *, long: bool = False) -> Signing | None:
        """What signs now; None: nothing does. ``long``: for as long as can be had. Raises why there are no keys."""

    def renew(self, refused: Signing) -> bool:
        """The server says that these keys have ended: True where the next try may be let in."""


class Lasting:
    """Keys that stay, or none."""

    def __init__(self, keys: Keys | None) -> None:
        self._signing = Signing(Signer(keys)) if keys else None
        self.who = KEYS if keys else NOBODY

    async def ready(self, *, long: bool = False) -> Signing | None:
        del long
        return self._signing

    def renew(self, refused: Signing) -> bool:
        del refused
        return False


class Passing:
    """Keys of a role, which are replaced before they end."""

    who = ROLE

    def __init__(self, source: Renewing) -> None:
        self._source = source
        self._minted: Minted | None = None
        self._signing: Signing | None = None

    async def ready(self, *, long: bool = False) -> Signing | None:
        minted = await self._source.current(long=long)
        if minted is not self._minted or self._signing is None:
            self._minted, self._signing = minted, Signing(Signer(minted.keys), minted.ends_s)
        return self._signing

    def renew(self, refused: Signing) -> bool:
        if refused is not self._signing or self._minted is None:
            return True
        return self._source.drop(self._minted)


def access_of(store: Store, place: Place, identities: Identities) -> Access:
    """The way in that the store's credentials give. Raises Invalid for those of another provider."""
    credentials = store.connection.credentials
    match credentials:
        case Anonymous():
            return Lasting(None)
        case Keys():
            return Lasting(credentials)
        case Role() | RolesAnywhere() | Process():
            site = Site(place.endpoint, place.region, place.aws, store.connection.ca)
            return Passing(identities.of(credentials, site))
        case other:  # never taken for none
            raise Invalid(
                f"An S3 store takes no credentials of the kind {other.kind}. No request was made.",
                "Give access key and secret key, a role, or none for a public bucket.",
                field="credentials",
            )
