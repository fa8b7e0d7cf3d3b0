"""Ports to projects, folders and items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from moorage.model.catalogue import Folder, FolderId, Gone, Item, ItemId, Measured, Order, Page, Project, ProjectId
from moorage.model.mirror import MirrorId
from moorage.model.store import StoreId
from moorage.model.transaction.rows import ChangedRow, ItemQuery, NewRow, Row, UploadedRow


class Projects(Protocol):
    """Projects, each with its root folder."""

    def add(self, name: str, default_store: StoreId | None = None) -> Project: ...

    def get(self, project: ProjectId) -> Project: ...

    def named(self, name: str) -> Project: ...

    def all(self, visible: frozenset[int] | None = None) -> list[Project]: ...

    def update(self, project: Project) -> None: ...

    def remove(self, project: ProjectId) -> None:
        """Take it out of sight at once; its rows go by ``purge``."""

    def purge(self, limit: int = 10_000) -> int:
        """Delete at most ``limit`` rows of removed projects and mirrors; 0: nothing is left.

        The objects of uploaded items become loose.
        """


class Folders(Protocol):
    """The tree of folders."""

    def get(self, folder: FolderId) -> Folder: ...

    def child(self, parent: FolderId, name: str) -> Folder | None: ...

    def hold(self, folder: FolderId) -> Folder:
        """The folder; until the commit nobody else who asks so gets it. Inside ``Facts.write`` only."""

    def ancestors(self, folder: FolderId) -> list[Folder]:
        """From the project's root down to the folder itself."""

    def children(
        self, parent: FolderId, *, after: str | None = None, limit: int = 100, prefix: str = ""
    ) -> Page[Folder]:
        """Child folders by name, in byte order; ``prefix`` of the name."""

    def add(self, parent: FolderId, name: str) -> Folder:
        """A plain folder. AlreadyExists when the parent has one of that name."""

    def rename(self, folder: FolderId, name: str) -> Folder: ...

    def remove(self, folder: FolderId, *, with_uploads: bool = False) -> None:
        """Remove an empty plain folder; InUse when it is not empty.

        ``with_uploads``: with what lies in its trash, whose objects become loose; InUse otherwise.
        """

    def mount(self, parent: FolderId, name: str, mirror: MirrorId) -> Folder:
        """A folder that is the top of a mirror's tree; taken as it is where an empty plain folder exists."""

    def ensure(self, tree: FolderId, paths: Iterable[bytes]) -> dict[bytes, FolderId]:
        """Ids of the folders at ``paths`` of a tree, made where missing, their parents too."""

    def fold(self, limit: int = 10_000) -> int:
        """Fold that many count deltas into their folders and ancestors, in ascending id; 0: none is left."""

    def items_in_tree(self, tree: FolderId) -> int:
        """Exactly how many live items a tree holds."""

    def recount(self, project: ProjectId, *, repair: bool) -> list[str]:
        """Compare counters with rows; each line names a folder that was wrong."""


class Items(Protocol):
    """Items: live ones, and tombstones, which keep their id for a restore."""

    def get(self, item: ItemId) -> Item:
        """A live item or a tombstone; NotFound otherwise."""

    def named(self, folder: FolderId, name: str) -> Item | None: ...

    def taken(self, folder: FolderId, names: Sequence[bytes]) -> set[bytes]:
        """Which of these names live items of the folder have."""

    def gone_named(self, folder: FolderId, name: str) -> ItemId | None:
        """The tombstone of exactly that name; of several, the last to die."""

    def uploads_in(self, project: ProjectId) -> int:
        """How many uploaded items it holds, those in the trash too."""

    def page(
        self, folder: FolderId, query: ItemQuery, *, after: str | None = None, limit: int = 100, at: int | None = None
    ) -> Page[Item]:
        """Items of one folder. ``after`` is the ``next`` of an earlier page with the same query.

        ``at``: begin at this index of the order, by page marks. Never a scan over skipped rows.
        """

    def walk(
        self,
        project: ProjectId,
        folder: FolderId | None,
        query: ItemQuery,
        *,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Item]:
        """Items of a project or a folder with all below it; folder by folder, by name in each."""

    def note_measured(self, item: ItemId, version: str, measured: Measured) -> None:
        """Write dimensions down if the item still has that version."""

    def between(self, tree: FolderId, after: bytes | None, upto: bytes | None) -> list[Row]:
        """Live rows of a tree whose path + name lies in (after, upto], in no particular order."""

    def unchanged(
        self,
        tree: FolderId,
        after: bytes | None,
        upto: bytes | None,
        listed: Mapping[bytes, Sequence[tuple[bytes, int, str, str]]],
    ) -> bool:
        """Whether the live rows of that interval are exactly these, none more, none less.

        ``listed``: by path (name, size, etag, generation), in ascending order of names.
        """

    def gone_between(
        self, tree: FolderId, after: bytes | None, upto: bytes | None
    ) -> dict[tuple[bytes, bytes], tuple[ItemId, Gone]]:
        """Tombstones of the same interval by (path, name)."""

    def insert(self, project: ProjectId, rows: Sequence[NewRow]) -> None:
        """Insert rows that do not exist, with new ids, and count them."""

    def change(self, rows: Sequence[ChangedRow]) -> None: ...

    def add(self, project: ProjectId, row: UploadedRow) -> ItemId | None:
        """Insert one uploaded item and count it; None where a live item has its name."""

    def replace(self, row: UploadedRow, loose_ms: int) -> ItemId | None:
        """Give the live item of that name another object; None where there is none.

        The object that it had becomes loose, to be deleted from ``loose_ms`` on, if Moorage owned it.
        """

    def revive(self, ids: Sequence[ItemId], rows: Sequence[ChangedRow]) -> None:
        """Make tombstones live again under their old ids, with the facts of ``rows``."""

    def bury(self, ids: Sequence[ItemId], gone: Gone) -> int:
        """Turn live rows into tombstones; the number that were live. Ids that are not live are passed over."""

    def remove(self, ids: Sequence[ItemId]) -> int:
        """Delete live rows for good."""

    def order_ready(self, order: Order) -> bool:
        """True where folders of any size can be listed in that order; ``page`` raises Busy otherwise."""

    def build_order(self, order: Order) -> None:
        """Make the index of an order; other writers wait meanwhile. A repeat does nothing."""

    def empty_trash(self, before_ms: int, limit: int = 10_000) -> int:
        """Delete tombstones from before that time; hidden ones stay while their mirror stands.

        The objects of uploaded items become loose.
        """
