"""The administration of a bucket: what a check and the set-up of a bucket ask beside the objects themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from moorage.model.cors import CorsRules
from moorage.model.keys import Key


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that needs no further credentials; ``headers`` must be sent as they are."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """What a server answered to somebody without our credentials. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""
    """At most its first 64 KiB."""

    @property
    def ok(self) -> bool:
        """True for a success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the bounds of RFC 9110, section 15.3


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload in parts that was begun and not ended; its parts cost money and are not listed as objects."""

    key: Key
    id: str
    begun_ms: int
    """Unix time in milliseconds by the server's clock; 0 where it does not tell."""


class StoreAdministration(Protocol):
    """Questions and orders about the bucket itself, each one request or few.

    Where the provider has no such thing, a question answers None. Where it has, and does not let us: StoreDenied,
    whose ``permission`` is the one that is missing. Else the errors of ``ObjectStore``.
    """

    @property
    def clock_offset_s(self) -> float:
        """The server's clock less ours, as its answers tell; 0 until the first."""

    def address(self, key: Key) -> str:
        """The URL of an object without any signature."""

    async def ask(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> PlainAnswer:
        """One request as a browser or worker would make it: not signed. StoreUnreachable where no answer comes."""

    async def sign_put(self, key: Key, *, expires_s: int) -> SignedRequest:
        """A request that writes the object by whoever has it. Refused where nothing can be signed, or on read-only."""

    async def region(self) -> str | None:
        """Where the bucket lies, in the provider's word."""

    async def cors(self) -> CorsRules:
        """The rules that the bucket has (Azure: the account). Refused where these credentials cannot read any."""

    async def put_cors(self, rules: CorsRules) -> None:
        """Replace all rules by these; a repeat changes nothing more."""

    async def versioning(self) -> bool | None:
        """Whether older versions of objects are kept."""

    async def lifecycle(self) -> tuple[str, ...] | None:
        """What the provider does to objects by itself, a few words for each rule."""

    async def notifications(self) -> tuple[str, ...] | None:
        """Where changes are told, by the provider's names."""

    async def encryption(self, key: Key) -> str | None:
        """The key of one's own with which the object is encrypted; None: the provider's, or none at all."""

    async def uploads(self, prefix: str) -> tuple[OpenUpload, ...] | None:
        """Uploads under way below the prefix, at most 1,000."""

    async def abort(self, upload: OpenUpload) -> None:
        """Drop the upload; one that is gone already is success."""

    async def purge(self, prefix: str) -> None:
        """Remove older versions and marks of deletion below the prefix, at most 1,000."""


@runtime_checkable
class Administered(Protocol):
    """A store whose bucket has an administration: those of cloud providers. Ask by ``isinstance``."""

    @property
    def administration(self) -> StoreAdministration: ...
