"""Shapes of answers, for the OpenAPI document; a test holds real answers against them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An RFC 9457 problem document; further members are the error's own fields."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["/problems/store-denied"])
    title: str
    status: int
    detail: str
    advice: str


class Counts(Shape):
    """Items and bytes, direct and in the whole subtree."""

    items: int
    bytes: int
    subtree_items: int
    subtree_bytes: int
    folders: int


class Line(Shape):
    """One permission of a check."""

    permission: Literal["reach", "list", "read", "ranged read", "write", "multipart", "delete"]
    finding: Literal["ok", "missing", "unknown", "skipped"]
    required: bool
    detail: str
    advice: str


class Report(Shape):
    """What a check found."""

    passed: bool
    checked: str | None
    lines: list[Line]
    warnings: list[str]
    left_behind: str


class ScopeShape(Shape):
    """Who may use a store; empty: everyone."""

    projects: list[str]
    users: list[str]


class CredentialsShape(Shape):
    """The kind of a store's credentials; they themselves are never shown."""

    kind: str


class StoreShape(Shape):
    """A store."""

    id: str
    name: str
    provider: str
    endpoint: str
    region: str
    bucket: str
    prefix: str
    root: str
    path_style: bool | None
    read_only: bool
    serve: str
    follow_symlinks: bool
    scope: ScopeShape
    credentials: CredentialsShape
    ca: bool
    created: str | None
    check: Report | None


class StoreList(Shape):
    """Stores by name."""

    stores: list[StoreShape]
    next: None


class Encoded(Shape):
    r"""May hold bytes that are no UTF-8: then its keys are escaped as ``\xNN`` and marked so."""

    key_encoding: Literal["escaped"] | None = None


class ObjectShape(Encoded):
    """An object of a store's own listing."""

    key: str
    size: int
    etag: str
    modified: str | None


class PrefixShape(Encoded):
    """A common prefix of a listing with delimiter."""

    prefix: str


class Objects(Shape):
    """A page of a store's own listing."""

    objects: list[ObjectShape]
    prefixes: list[PrefixShape]
    next: str | None


class ProjectShape(Shape):
    """A project."""

    id: str = Field(examples=["4096"])
    name: str = Field(examples=["Reef 2021"])
    root: str
    default_store: str | None
    created: str | None
    counts: Counts


class ProjectList(Shape):
    """Projects by name."""

    projects: list[ProjectShape]
    next: None


class Ancestor(Encoded):
    """A folder above."""

    id: str
    name: str


class FolderShape(Encoded):
    """A folder."""

    id: str
    project: str
    parent: str | None
    name: str
    path: str
    mirror: str | None
    counts: Counts
    ancestors: list[Ancestor] | None = None


class ItemShape(Encoded):
    """An item."""

    id: str
    project: str
    folder: str
    name: str
    kind: Literal["file", "image", "video"]
    key: str
    address: str = Field(examples=["s3://reef-2021/2021/frame_0001.jpg"])
    store: str
    size: int
    etag: str
    generation: str
    modified: str | None
    media_type: str
    linked: bool
    state: Literal["live", "vanished", "hidden", "trashed"]
    gone: str | None
    width: int | None
    height: int | None
    duration: float | None = Field(description="Seconds.")


class Children(Shape):
    """A page of a folder: folders first, then items."""

    folders: list[FolderShape]
    items: list[ItemShape]
    next: str | None
    position: int | None
    total: int


class ItemList(Shape):
    """Items of a project."""

    items: list[ItemShape]
    next: str | None


class FoundShape(Shape):
    """What lies at a path."""

    folder: FolderShape | None = None
    item: ItemShape | None = None


class RemovedItem(Shape):
    """What became of a removed item. Its object stays where it is."""

    kept_object: bool
    state: str


class SignedUrl(Shape):
    """A URL that needs no further credentials until it expires."""

    item: str
    name: str
    url: str
    expires: str | None
    key_encoding: Literal["escaped"] | None = None


class ChoiceShape(Shape):
    """One answer that a question takes."""

    name: str
    label: str


class QuestionShape(Shape):
    """What a guard asks before it goes on."""

    text: str = Field(examples=["12,400 of 50,000 objects are gone from s3://reef/2021/."])
    figures: dict[str, int]
    choices: list[ChoiceShape]


class MirrorShape(Encoded):
    """A mirror."""

    id: str
    project: str
    project_name: str
    folder: str
    folder_name: str
    store: str
    prefix: str
    address: str
    include: list[str]
    exclude: list[str]
    on_vanished: str
    state: str
    reason: str
    created: str | None
    last_job: str | None
    last_complete: str | None
    job: str | None = Field(description="The job that has not ended, if any.")
    question: QuestionShape | None


class MirrorList(Shape):
    """Mirrors."""

    mirrors: list[MirrorShape]
    next: None


class StartedMirror(Shape):
    """A mirror whose first scan was queued."""

    id: str
    job: str
    folder: str
    project: str


class StartedJob(Shape):
    """A job that was queued."""

    id: str
    job: str


class CauseShape(Shape):
    """Errors of one cause."""

    cause: str
    count: int
    example: str
    advice: str


class JobShape(Shape):
    """A job."""

    id: str
    kind: str
    subject: str
    state: Literal["queued", "running", "paused", "needs_confirmation", "succeeded", "partial", "failed", "cancelled"]
    title: str
    project: str | None
    folder: str | None
    asked_by: str | None
    question: QuestionShape | None
    answer: str | None
    done: int
    total: int | None
    bytes: int
    unit: str
    rate: float
    errors: list[CauseShape]
    outcome: dict[str, int]
    message: str
    created: str | None
    started: str | None
    ended: str | None
    cancel_asked: bool
    pause_asked: bool
    no_worker: bool


class JobList(Shape):
    """Jobs, newest first."""

    jobs: list[JobShape]
    next: str | None


class GrantShape(Shape):
    """A role on a project, or on everything."""

    role: str
    project: str | None


class LinkShape(Shape):
    """A one-time link."""

    url: str
    expires: str | None


class UserShape(Shape):
    """A user."""

    id: str
    email: str
    role: str = Field(description="The role on everything; empty: none.")
    disabled: bool
    has_password: bool
    created: str | None
    grants: list[GrantShape]
    link: LinkShape | None = None


class UserList(Shape):
    """Users by e-mail."""

    users: list[UserShape]
    next: None


class TokenShape(Shape):
    """A token; its text is shown once, when it is made."""

    id: str
    name: str
    user: str
    email: str
    role: str | None
    project: str | None
    created: str | None
    expires: str | None
    last_used: str | None
    token: str | None = None


class TokenList(Shape):
    """Tokens."""

    tokens: list[TokenShape]
    next: None


class Me(Shape):
    """Who asks."""

    user: str
    email: str
    everywhere: str | None
    roles: dict[str, str]


class AuditShape(Shape):
    """One change."""

    id: str
    at: str | None
    user: str
    email: str
    action: str
    subject: str
    detail: dict[str, Any]


class AuditList(Shape):
    """Changes, newest first."""

    audit: list[AuditShape]
    next: str | None


class HealthLine(Shape):
    """One line of what doctor prints."""

    name: str
    finding: str
    sentence: str


class Health(Shape):
    """What doctor prints."""

    lines: list[HealthLine]
