"""Rows and queries that the ports to the catalogue take and give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from moorage.model.catalogue import FolderId, ItemId, Kind, Order
from moorage.model.store import StoreId


class Row(NamedTuple):
    """A live row as the diff of a scan sees it. A tuple, because there are millions."""

    folder: FolderId
    path: bytes
    name: bytes
    id: ItemId
    size: int
    etag: str
    modified_ms: int
    generation: str


class NewRow(NamedTuple):
    """A row to insert; its id is given by the database."""

    folder: FolderId
    name: bytes
    kind: int
    size: int
    etag: str
    modified_ms: int
    generation: str


class ChangedRow(NamedTuple):
    """New facts of a row; kind and name stay, dimensions are forgotten."""

    folder: FolderId
    name: bytes
    size: int
    etag: str
    modified_ms: int
    generation: str


class UploadedRow(NamedTuple):
    """An uploaded object as a row. ``store`` and ``key``: where it lies, and then Moorage owns it.

    Both are None in a folder of a mirror, which tells the place of what is in it.
    """

    folder: FolderId
    name: bytes
    kind: int
    size: int
    etag: str
    modified_ms: int
    generation: str
    media_type: str | None
    """None: by the ending of the name."""
    store: StoreId | None = None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """What to list of a folder or a project."""

    order: Order = Order.NAME
    descending: bool = False
    prefix: str = ""
    kind: Kind | None = None
    min_size: int | None = None
    max_size: int | None = None
    modified_after_ms: int | None = None
    modified_before_ms: int | None = None
    gone: bool = False
    """List the tombstones instead of the live rows."""
