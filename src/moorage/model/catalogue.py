"""The catalogue: projects hold folders, folders hold items. Shapes of its rows and pages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Generic, NewType, TypeVar

from moorage.model.keys import ETag, Key
from moorage.model.store import StoreId

T = TypeVar("T")
ProjectId = NewType("ProjectId", int)
FolderId = NewType("FolderId", int)
ItemId = NewType("ItemId", int)

MAX_ID = 2**53 - 1
"""Ids are below 2^53, so that a browser keeps every bit; in REST they are decimal strings."""
SHARDS = 4096
"""``id = n * SHARDS + shard``: an id names the shard in which its row lies."""


def id_of(text: str) -> int | None:
    """The id that a decimal text names; None for anything else, however long."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16):  # noqa: PLR2004 - the digits of 2^53
        return None
    return int(text) if int(text) <= MAX_ID else None


class Kind(IntEnum):
    """What an item is. Numbers are stored; names are shown in lower case."""

    FILE = 0
    IMAGE = 1
    VIDEO = 2


class Order(StrEnum):
    """Orders of a folder's items; the id breaks ties."""

    NAME = "name"
    MODIFIED = "modified"
    SIZE = "size"


class Gone(StrEnum):
    """Why an item is a tombstone."""

    VANISHED = "vanished"
    """Its object is no longer in the store."""
    HIDDEN = "hidden"
    """A person deleted a mirrored item; re-index leaves it hidden."""
    TRASHED = "trashed"
    """A person deleted an owned item; the object goes when the trash is emptied."""


@dataclass(frozen=True, slots=True)
class Project:
    """A tree of folders with its own grants. ``root`` is its topmost folder, whose name is empty."""

    id: ProjectId
    name: str
    root: FolderId
    default_store: StoreId | None
    created_ms: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Live items and their bytes: directly in a folder, and in all of its subtree.

    Direct counts are exact; those of the subtree at most 5 s old.
    """

    items: int = 0
    bytes: int = 0
    subtree_items: int = 0
    subtree_bytes: int = 0
    folders: int = 0
    """Direct child folders."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder. ``path`` is relative to ``tree``: the mirror's mount folder, or the project's root.

    ``path`` is empty for the top of a tree and otherwise ends with ``/``. In a mirror the key of an item is
    ``mirror.prefix + folder.path + item.name``.
    """

    id: FolderId
    project: ProjectId
    parent: FolderId | None
    tree: FolderId
    name: Key
    path: Key
    mirror: int | None
    """The mirror that this folder belongs to, if any."""
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class Item:
    """One item. ``store`` and ``key`` say where its bytes are; ``linked``: Moorage does not own them."""

    id: ItemId
    project: ProjectId
    folder: FolderId
    name: Key
    kind: Kind
    store: StoreId
    key: Key
    size: int
    etag: ETag
    generation: str
    modified_ms: int
    media_type: str
    linked: bool
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    gone: Gone | None = None
    gone_ms: int | None = None

    @property
    def version(self) -> str:
        """What names exactly these bytes in caches and validators."""
        return self.generation or self.etag or f"{self.modified_ms:x}-{self.size:x}"

    @property
    def unseen(self) -> bool:
        """True for a link whose object nobody has looked at yet: size and version are not known."""
        return self.linked and not (self.size or self.etag or self.generation or self.modified_ms)


@dataclass(frozen=True, slots=True)
class Measured:
    """What opening an image or video told of it; written to its item once known."""

    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One keyset page. ``next`` is opaque; None: the end. ``position``: index of the first row, if known."""

    rows: list[T]
    next: str | None = None
    position: int | None = None
