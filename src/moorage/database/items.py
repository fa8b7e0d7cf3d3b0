"""Items: live rows and tombstones, read one by one, by page, by interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from moorage.database import orders
from moorage.database.counters import Deltas
from moorage.database.ids import SHARD
from moorage.database.intervals import rows_between
from moorage.database.item_rows import GONE, LIVE, item_of, listed_folder, place_of
from moorage.database.item_uploads import ItemUploads
from moorage.database.paging import Paging
from moorage.database.statements import Statements
from moorage.database.walking import walk
from moorage.model.catalogue import FolderId, Gone, Item, ItemId, Measured, Order, Page, ProjectId
from moorage.model.errors import NotFound
from moorage.model.keys import key_bytes
from moorage.model.transaction import ItemQuery, Row

_PLACED: Final = (
    " JOIN folder f ON f.id = i.folder LEFT JOIN mirror m ON m.id = f.mirror"
    " LEFT JOIN doomed ON doomed.folder = f.tree WHERE doomed.folder IS NULL"
)


class Items(ItemUploads):
    """Implements ``moorage.model.transaction.Items``."""

    def __init__(self, statements: Statements, deltas: Deltas) -> None:
        super().__init__(statements, deltas)

    def get(self, item: ItemId) -> Item:
        """A live item or a tombstone."""
        for table, columns in (("item", LIVE), ("tombstone", GONE)):
            found = self._statements.rows(
                f"SELECT {columns}, f.path, m.store, m.prefix FROM {table} i{_PLACED} AND i.shard = ? AND i.id = ?",
                (SHARD, item),
            )
            if found:
                return item_of(found[0][:-3], place_of(*found[0][-3:]))
        raise NotFound(f"There is no item {item}.", "It may have been removed; look in its folder.")

    def named(self, folder: FolderId, name: str) -> Item | None:
        """The live item of exactly that name."""
        found = self._statements.rows(
            f"SELECT {LIVE}, f.path, m.store, m.prefix FROM item i{_PLACED}"
            " AND i.shard = ? AND i.folder = ? AND i.name = ?",
            (SHARD, folder, key_bytes(name)),
        )
        return item_of(found[0][:-3], place_of(*found[0][-3:])) if found else None

    def page(
        self, folder: FolderId, query: ItemQuery, *, after: str | None = None, limit: int = 100, at: int | None = None
    ) -> Page[Item]:
        """Items of one folder; a page may be short, even empty, and have a ``next``.

        Raises Invalid for a cursor of another query, Busy for a large folder in an order that has no index yet.
        """
        self._deltas.flush()
        return Paging(self._statements, listed_folder(self._statements, folder), query).page(after, limit, at)

    def walk(
        self,
        project: ProjectId,
        folder: FolderId | None,
        query: ItemQuery,
        *,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Item]:
        """Items of a project or a folder with all below it; the order of ``query`` is not heeded."""
        self._deltas.flush()
        return walk(self._statements, project, folder, query, after, limit)

    def note_measured(self, item: ItemId, version: str, measured: Measured) -> None:
        """Write dimensions down if the item is live and still has that version."""
        try:
            found = self.get(item)
        except NotFound:
            return
        if found.gone or found.version != version:
            return
        self._statements.change(
            "UPDATE item SET width = ?, height = ?, duration_ms = ? WHERE shard = ? AND id = ?"
            " AND size = ? AND etag = ? AND generation = ? AND modified_ms = ?",
            (
                measured.width, measured.height, measured.duration_ms, SHARD, item,
                found.size, found.etag, found.generation, found.modified_ms,
            ),
        )  # fmt: skip

    def between(self, tree: FolderId, after: bytes | None, upto: bytes | None) -> list[Row]:
        """Live rows of a tree whose path + name lies in (after, upto], in no particular order."""
        columns = "folder, name, id, size, etag, modified_ms, generation"
        paths, rows = rows_between(self._statements, "item", columns, tree, after, upto)
        return [Row(row[0], paths[row[0]], *row[1:]) for row in rows]

    def unchanged(
        self,
        tree: FolderId,
        after: bytes | None,
        upto: bytes | None,
        listed: Mapping[bytes, Sequence[tuple[bytes, int, str, str]]],
    ) -> bool:
        """Whether the live rows of that interval are exactly these."""
        columns = "folder, name, size, etag, generation"
        paths, rows = rows_between(self._statements, "item", columns, tree, after, upto)
        wanted = [(folder, *one) for folder, path in sorted(paths.items()) for one in listed.get(path, ())]
        # Sorting costs next to nothing: within a folder rows mostly come in order already.
        return listed.keys() <= set(paths.values()) and sorted(rows) == wanted

    def gone_between(
        self, tree: FolderId, after: bytes | None, upto: bytes | None
    ) -> dict[tuple[bytes, bytes], tuple[ItemId, Gone]]:
        """Tombstones of the same interval by (path, name); of several of one name, the last to die."""
        columns = "gone_ms, id, folder, name, gone"
        paths, rows = rows_between(self._statements, "tombstone", columns, tree, after, upto)
        return {(paths[folder], name): (ItemId(id_), Gone(gone)) for _, id_, folder, name, gone in sorted(rows)}

    def order_ready(self, order: Order) -> bool:
        """True where folders of any size can be listed in that order."""
        return orders.ready(self._statements, order)

    def build_order(self, order: Order) -> None:
        """Make the index of an order; writers wait meanwhile. A repeat does nothing."""
        orders.build(self._statements, order)
