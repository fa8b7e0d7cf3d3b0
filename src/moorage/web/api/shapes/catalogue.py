"""Projects, folders and items."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moorage.web.api.shapes.parts import Counts, Encoded, Shape


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
    metadata: dict[str, str] | None = Field(
        default=None, description="Of one link asked for by its id: the further columns of the list that it came by."
    )


class Children(Shape):
    """A page of a folder: folders first, then items."""

    folders: list[FolderShape]
    items: list[ItemShape]
    next: str | None
    position: int | None
    total: int | None


class ItemList(Shape):
    """Items of a project."""

    items: list[ItemShape]
    next: str | None


class FoundShape(Shape):
    """What lies at a path."""

    folder: FolderShape | None = None
    item: ItemShape | None = None


class TakenNames(Encoded):
    """Names that items of a folder have."""

    taken: list[str]


class RemovedItem(Shape):
    """What became of a removed item. The object of an uploaded one goes with its trash, in 30 days."""

    kept_object: bool
    state: str


class ManifestUrl(Shape):
    """The URL of a folder's IIIF manifest, which needs no further credentials until it expires."""

    folder: str
    url: str
    expires: str | None


class SignedUrl(Shape):
    """A URL that needs no further credentials until it expires."""

    item: str
    name: str
    path: str = Field(description="Where the item lies below its project's root.")
    kind: Literal["file", "image", "video"]
    url: str
    expires: str | None
    key_encoding: Literal["escaped"] | None = None
