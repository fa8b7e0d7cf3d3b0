"""Merge one listing page into the catalogue: compare, write what differs, move the cursor, all in one commit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from moorage.mirroring.comparing import Difference, Fresh, check_order, compare, unsorted
from moorage.mirroring.concluding import unnameable
from moorage.mirroring.globs import Globs
from moorage.model.catalogue import FolderId, Gone, ItemId, Kind
from moorage.model.jobs import Job
from moorage.model.keys import key_bytes, key_of
from moorage.model.media import guess
from moorage.model.mirror import Mirror, Scan
from moorage.model.objects import Listed, ListingPage
from moorage.model.store import Store
from moorage.model.transaction import ChangedRow, NewRow, Transaction

_CACHED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that was checked: it speaks for the keys in (``after``, ``end``]; ``end`` None: all that follow."""

    objects: Sequence[Listed]
    keys: Sequence[bytes]
    after: bytes | None
    end: bytes | None
    unnameable: tuple[str, ...] = ()

    def upto(self, upto: bytes | None) -> Listing:
        """The part of it up to a partition's end."""
        if upto is None or (self.end is not None and self.end <= upto):
            return self
        cut = bisect_right(self.keys, upto)
        return Listing(self.objects[:cut], self.keys[:cut], self.after, upto, self.unnameable)


def listing_of(page: ListingPage, prefix: bytes, after: bytes | None) -> Listing:
    """Check a page that was asked for with ``after``. Raises StoreUnreachable when it is out of order."""
    keys = check_order(page.objects, prefix, after)
    end = None if page.next_after is None else key_bytes(page.next_after)
    if end is not None and ((after is not None and end <= after) or (keys and end < keys[-1])):
        raise unsorted(end)
    return Listing(page.objects, keys, after, end, page.unnameable)


@dataclass(slots=True)
class Tree:
    """What a slice knows about the mirror that it works on. Caches hold committed facts only."""

    mirror: Mirror
    store: Store
    scan: Scan
    globs: Globs
    prefix: bytes
    folders: dict[bytes, FolderId] = field(default_factory=dict)
    kinds: dict[bytes, Kind] = field(default_factory=dict)

    def relative(self, bound: bytes | None) -> bytes | None:
        """A bound of full keys as one below the mirror's prefix."""
        return None if bound is None else bound[len(self.prefix) :]

    def learn(self, folders: Mapping[bytes, FolderId]) -> None:
        """Keep ids of folders; call it after the commit that made them."""
        if len(self.folders) + len(folders) > _CACHED:
            self.folders.clear()
        self.folders.update(folders)


def look(tx: Transaction, tree: Tree, listing: Listing) -> Difference:
    """What the page would change."""
    rows = tx.items.between(tree.mirror.folder, tree.relative(listing.after), tree.relative(listing.end))
    return compare(listing.objects, listing.keys, rows, prefix=tree.prefix, globs=tree.globs)


def merge(tx: Transaction, tree: Tree, job: Job, listing: Listing, found: Difference) -> dict[bytes, FolderId]:
    """Write what the page changes and count it; ids of folders that were looked up, to learn after the commit."""
    after, end = tree.relative(listing.after), tree.relative(listing.end)
    scan = tree.scan
    tx.jobs.add_progress(job.id, done=found.seen, bytes_=found.size, errors=unnameable(listing.unnameable))
    folders: dict[bytes, FolderId] = {}
    if scan.dry_run:
        added, restored = _would_add(tx, tree, found, after, end), 0
    else:
        added, restored, folders = _write(tx, tree, found, after, end)
    tx.mirrors.add_counts(
        scan.id,
        seen=found.seen,
        added=added,
        changed=len(found.changed),
        vanished=len(found.missing),
        skipped=found.skipped,
    )
    if restored:
        add_outcome(tx, job, restored=restored)
    return folders


def add_outcome(tx: Transaction, job: Job, **more: int) -> None:
    """Add to figures of the outcome that the scan's own row does not hold."""
    held = tx.jobs.get(job.id).outcome
    tx.jobs.set_outcome(job.id, {**held, **{name: held.get(name, 0) + count for name, count in more.items()}})


def _would_add(tx: Transaction, tree: Tree, found: Difference, after: bytes | None, end: bytes | None) -> int:
    if not found.fresh:
        return 0
    gone = tx.items.gone_between(tree.mirror.folder, after, end)
    return sum(1 for one in found.fresh if (one.path, one.name) not in gone)


def _write(
    tx: Transaction, tree: Tree, found: Difference, after: bytes | None, end: bytes | None
) -> tuple[int, int, dict[bytes, FolderId]]:
    """Rows added, rows restored, folders looked up."""
    if found.missing:
        tx.mirrors.add_missing(tree.scan.id, found.missing)
    if found.changed:
        tx.items.change(found.changed)
    if not found.fresh and not found.markers:
        return 0, 0, {}
    looked_up = _ensure(tx, tree, found)
    known = {**tree.folders, **looked_up} if looked_up else tree.folders
    gone = tx.items.gone_between(tree.mirror.folder, after, end) if found.fresh else {}
    fresh = found.fresh if not gone else [one for one in found.fresh if (one.path, one.name) not in gone]
    if fresh:
        tx.items.insert(tree.mirror.project, _new_rows(fresh, known, tree.kinds))
    restored = _revive(tx, found.fresh, gone, known) if gone else 0
    return len(fresh), restored, looked_up


def _ensure(tx: Transaction, tree: Tree, found: Difference) -> dict[bytes, FolderId]:
    paths = {one[0] for one in found.fresh}
    paths.update(found.markers)
    unknown = [path for path in paths if path not in tree.folders]
    return tx.folders.ensure(tree.mirror.folder, unknown) if unknown else {}


def _new_rows(fresh: Iterable[Fresh], folders: Mapping[bytes, FolderId], kinds: dict[bytes, Kind]) -> list[NewRow]:
    rows: list[NewRow] = []
    path, folder, new = None, FolderId(0), tuple.__new__
    for one_path, name, size, etag, modified_ms, generation in fresh:
        if one_path != path:
            path, folder = one_path, folders[one_path]
        ending = name[name.rfind(b".") + 1 :]
        kind = kinds.get(ending)
        if kind is None:
            if len(kinds) > _CACHED:
                kinds.clear()
            kind = kinds[ending] = guess(key_of(name))[0]
        rows.append(new(NewRow, (folder, name, kind, size, etag, modified_ms, generation)))
    return rows


def _revive(
    tx: Transaction,
    fresh: Iterable[Fresh],
    gone: Mapping[tuple[bytes, bytes], tuple[ItemId, Gone]],
    folders: Mapping[bytes, FolderId],
) -> int:
    """Bring back under their old ids what had vanished; what a person hid or deleted stays away."""
    ids, rows = [], []
    for one in fresh:
        item, why = gone.get((one.path, one.name), (None, None))
        if item is not None and why is Gone.VANISHED:
            ids.append(item)
            rows.append(ChangedRow(folders[one.path], one.name, one.size, one.etag, one.modified_ms, one.generation))
    if ids:
        tx.items.revive(ids, rows)
    return len(ids)
