"""What the server answers, as frozen dataclasses. Ids are decimal strings, times are aware and in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import PlainValidator

from moorage.model.jobs import JobState
from moorage.model.keys import Key
from moorage.model.mirror import MirrorState, OnVanished
from moorage.model.probe import Finding
from moorage.model.store import Provider, Serve


def _key(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")  # noqa: TRY004 - pydantic turns a ValueError into its own error
    return value


AnyKey = Annotated[Key, PlainValidator(_key)]
"""A key or name; bytes that are no UTF-8 are surrogates, which pydantic's own ``str`` refuses."""
Variant = Literal["content", "preview", "poster", "iiif"]
ItemKind = Literal["image", "video", "file"]
Order = Literal["name", "modified", "size"]


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One permission of a store: what was found and what to do about it."""

    permission: str
    finding: Finding
    required: bool
    detail: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of a store found."""

    passed: bool
    checked: datetime | None
    lines: tuple[CheckLine, ...]
    warnings: tuple[str, ...] = ()
    left_behind: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Who may use a store; empty means everyone."""

    projects: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CredentialsKind:
    """All that is ever told about a store's credentials: their kind, and the names that it has."""

    kind: str
    account: str = ""
    access_key: str = ""
    permissions: str = ""
    role_arn: str = ""
    subject: str = ""
    email: str = ""
    tenant: str = ""
    client: str = ""
    process: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """A registered store."""

    id: str
    name: str
    provider: Provider
    read_only: bool
    serve: Serve
    credentials: CredentialsKind
    endpoint: str = ""
    region: str = ""
    bucket: str = ""
    prefix: AnyKey = Key("")
    root: str = ""
    path_style: bool | None = None
    follow_symlinks: bool = False
    scope: Scope = Scope()
    connection: str = ""
    """Id of the connection, which other stores may share."""
    origin: str = ""
    """Where the connection is declared, such as ``remote_links.yml: lab``; empty: it was registered."""
    guarded: bool = False
    """Added by somebody who is no admin: it leads to public addresses only, and those that the settings list."""
    expires: datetime | None = None
    """When the first thing that the store needs ends; None where nothing is known to."""
    expires_what: str = ""
    days_left: int | None = None
    loan_role_arn: str = ""
    ca: bool = False
    created: datetime | None = None
    traffic: str = ""
    """What it costs that its bytes leave their region; told of one store alone, empty where that is no question."""
    check: Report | None = None


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """An object in a store's listing."""

    key: AnyKey
    size: int
    etag: str = ""
    modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class CommonPrefix:
    """Objects of a listing with delimiter that are rolled up: their keys begin with ``prefix``."""

    prefix: AnyKey


@dataclass(frozen=True, slots=True)
class Resolved:
    """The registered store that an address lies in, and its key there."""

    store: str
    key: AnyKey


@dataclass(frozen=True, slots=True)
class Counts:
    """Live items and bytes of a folder: directly in it, and in all of its subtree."""

    items: int = 0
    bytes: int = 0
    subtree_items: int = 0
    subtree_bytes: int = 0
    folders: int = 0


@dataclass(frozen=True, slots=True)
class Project:
    """A tree of folders with its own grants; ``root`` is its topmost folder."""

    id: str
    name: str
    root: str
    default_store: str | None = None
    created: datetime | None = None
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A folder on the way down to another one."""

    id: str
    name: AnyKey


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; ``ancestors`` are told by ``folder`` only, the project's root first."""

    id: str
    project: str
    parent: str | None
    name: AnyKey
    path: AnyKey
    mirror: str | None = None
    counts: Counts = Counts()
    ancestors: tuple[Ancestor, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An item; ``duration`` is in seconds, ``gone`` is when it became a tombstone."""

    id: str
    project: str
    folder: str
    name: AnyKey
    kind: ItemKind
    key: AnyKey
    address: AnyKey
    store: str
    size: int
    etag: str = ""
    generation: str = ""
    modified: datetime | None = None
    media_type: str = ""
    linked: bool = True
    state: Literal["live", "vanished", "hidden", "trashed"] = "live"
    gone: datetime | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True)
class Children:
    """One page of a folder: ``position`` is the index of its first row, ``total`` counts folders and items."""

    folders: tuple[Folder, ...]
    items: tuple[Item, ...]
    next: str | None = None
    position: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of an item: ``kept_object`` is False where its bytes go once its time in the trash is over."""

    kept_object: bool
    state: str


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A URL that reads one variant of one item until ``expires``; ``path`` is the item's below its project's root."""

    item: str
    name: AnyKey
    path: AnyKey
    kind: ItemKind
    url: str
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A URL of a folder's IIIF manifest that needs no token until ``expires``."""

    folder: str
    url: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question: the name to send, and what it means."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a guard asks. An answer names the figures, and they must still hold."""

    text: str
    figures: Mapping[str, int]
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Errors of one cause, the first of them as the example."""

    cause: str
    count: int
    example: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Long work. ``total`` is None while unknown; ``rate`` is ``done`` per second."""

    id: str
    kind: str
    state: JobState
    title: str
    subject: str | None = None
    project: str | None = None
    folder: str | None = None
    asked_by: str | None = None
    question: Question | None = None
    answer: str | None = None
    done: int = 0
    total: int | None = None
    bytes: int = 0
    unit: str = "objects"
    rate: float = 0.0
    errors: tuple[Cause, ...] = ()
    outcome: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    created: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    cancel_asked: bool = False
    pause_asked: bool = False
    no_worker: bool = False


@dataclass(frozen=True, slots=True)
class MissingItem:
    r"""An item whose object was not found; name and address are always escaped (``\xNN``)."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Mirror:
    """A store's prefix kept as a folder tree."""

    id: str
    project: str
    folder: str
    store: str
    prefix: AnyKey
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    on_vanished: OnVanished = OnVanished.HIDE
    state: MirrorState = MirrorState.ACTIVE
    reason: str = ""
    created: datetime | None = None
    last_job: str | None = None
    last_complete: datetime | None = None
    question: Question | None = None
    project_name: str = ""
    path: AnyKey = Key("")
    """Where it is shown below the project's root."""


@dataclass(frozen=True, slots=True)
class Started:
    """A job that was started for the mirror ``id``."""

    id: str
    job: str
    folder: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class StartedMirror(Started):
    """What showing a place made: ``made`` names what is new beside the mirror; ``note`` is empty or a sentence."""

    project_name: str = ""
    store: str = ""
    made: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What showing a place would use and make. ``store`` is None where it takes a new one, ``store_name``.

    ``mirror`` and ``folder`` name what shows this very place already.
    """

    provider: Provider
    place: AnyKey
    store: str | None
    store_name: str
    project: str
    needs_credentials: bool
    mirror: str | None = None
    folder: str | None = None
