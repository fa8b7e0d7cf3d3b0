"""Stores: what is registered about one, and the verbs that every adapter speaks."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, Protocol

from moorage.model.credentials import Anonymous, Credentials
from moorage.model.keys import Bucket, ETag, Key, Prefix
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo

StoreId = NewType("StoreId", int)
ConnectionId = NewType("ConnectionId", int)


class Provider(StrEnum):
    """A kind of storage."""

    DISK = "disk"
    S3 = "s3"
    AZURE = "azure"
    GOOGLE = "google"
    HTTPS = "https"
    MEMORY = "memory"


class Serve(StrEnum):
    """How readers get bytes of a store: through this server, or by a redirect to a signed URL."""

    PROXY = "proxy"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True)
class Scope:
    """Who may use a store; empty means everyone. Ids of projects and users."""

    projects: tuple[int, ...] = ()
    users: tuple[int, ...] = ()

    def holds(self, project: int, user: int | None = None) -> bool:
        """Whether the project is in it, and the user where one is named."""
        named = user is None or not self.users or user in self.users
        return named and (not self.projects or project in self.projects)


@dataclass(frozen=True, slots=True)
class Connection:
    """Provider, endpoint and credentials. Several stores may share one."""

    provider: Provider
    endpoint: str = ""
    """URL with scheme; empty: the provider's public endpoint for ``region``."""
    region: str = ""
    path_style: bool | None = None
    """S3: bucket in the path, not in the host name. None: path style for every endpoint but AWS."""
    ca: str = ""
    """PEM text of the authorities to trust for this endpoint; empty: the system's."""
    root: str = ""
    """Disk: the absolute directory that is the store."""
    follow_symlinks: bool = False
    """Disk: follow links that stay inside the root. Links that leave it are never followed."""
    credentials: Credentials = field(default_factory=Anonymous, repr=False)
    name: str = ""
    """Empty for one that came with a store and goes with the last store of it."""
    origin: str = ""
    """Where it was declared, such as ``remote_links.yml: lab``; what has an origin is changed there only."""
    open_buckets: tuple[str, ...] | None = None
    """The buckets whose stores links may make by their first use, ``bucket`` or ``bucket:prefix1:prefix2``.

    Empty: every bucket that the credentials reach. None: no store is made so.
    """
    scope: Scope = field(default_factory=Scope)
    """Who may use the stores that links make."""
    guarded: bool = False
    """Made by somebody who is no admin: it leads to public addresses only, and never speaks as this machine."""
    id: ConnectionId = ConnectionId(0)


@dataclass(frozen=True, slots=True)
class Former:
    """The credentials that a connection had before they were replaced; they can be taken back."""

    credentials: Credentials = field(repr=False)
    replaced_ms: int


@dataclass(frozen=True, slots=True)
class Store:
    """One bucket (and optional prefix) reached through a connection, registered under a name."""

    name: str
    connection: Connection
    bucket: Bucket = Bucket("")
    prefix: Prefix = Prefix("")
    read_only: bool = True
    serve: Serve = Serve.PROXY
    scope: Scope = field(default_factory=Scope)
    loan_role_arn: str = ""
    """S3: the role that is assumed for loans, cut down to their prefix; empty: the store's own credentials ask."""
    id: StoreId = StoreId(0)
    created_ms: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a write: the named version is there, or nothing is there at all."""

    if_match: ETag | None = None
    if_absent: bool = False


ANYWAY = Condition()


class ObjectStore(Protocol):
    """The verbs of a store. Keys are relative to the bucket; the adapter adds nothing to them.

    Every verb has a time limit, repeats passing faults by itself where a repeat is harmless, and raises
    the errors of ``moorage.model.errors`` only: StoreDenied, StoreUnreachable, ObjectNotFound, Changed,
    AlreadyExists, Unstorable, RangeUnsatisfiable, BodyBroken, ReadOnly. Cancelling a call leaves no
    half-written object and no open connection.
    """

    @property
    def provider(self) -> Provider: ...

    @property
    def read_only(self) -> bool: ...

    def unstorable(self, key: Key) -> str | None:
        """The reason why this provider cannot hold ``key``; None: it can."""

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = 1000, delimiter: bool = False
    ) -> ListingPage:
        """One page of the keys that begin with ``prefix`` and are greater than ``after`` (exclusive).

        At most ``limit`` (1 to 1,000) objects and prefixes together. ``delimiter``: keys are rolled up
        at the first ``/`` after the prefix; a rolled-up prefix is compared with ``after`` as a whole.
        """

    async def stat(self, key: Key) -> ObjectInfo: ...

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """Open the object for reading; Changed when it is not the version ``if_match``."""

    async def put(
        self,
        key: Key,
        body: bytes | AsyncIterable[bytes],
        *,
        length: int | None = None,
        media_type: str = "",
        metadata: Mapping[str, str] | None = None,
        condition: Condition = ANYWAY,
    ) -> ObjectInfo:
        """Write the object; visible only when all of it is durable.

        ``length`` is the body's exact length where known; a body of another length raises BodyBroken
        and leaves what was there before.
        """

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:
        """Copy inside the bucket, by the server where it can; metadata comes along."""

    async def delete(self, key: Key, *, if_match: ETag | None = None) -> None:
        """Remove the object. An absent key is success."""

    async def try_multipart(self, key: Key) -> None:
        """Begin a multipart upload, send one part, list it and abort: for the probe. Leaves nothing."""

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:
        """A URL that reads the object without further credentials; Refused where there is no such thing."""

    async def aclose(self) -> None: ...


class StoreOpener(Protocol):
    """Makes the adapter of a store; wiring provides it. Cheap: no request is made."""

    def __call__(self, store: Store, /) -> ObjectStore: ...
