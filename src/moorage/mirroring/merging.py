"""Merge one listing page into the catalogue: compare, write what differs, move the cursor, all in one commit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from moorage.mirroring.comparing import Difference, Run, check_order, compare, compare_listed, unsorted
from moorage.mirroring.concluding import unnameable
from moorage.mirroring.globs import Globs
from moorage.model.catalogue import FolderId, Gone, ItemId, Kind
from moorage.model.jobs import JobId
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


class Kinds(dict[bytes, Kind]):
    """The kind of each ending of a name that was met, as many as a page may hold."""

    def __missing__(self, ending: bytes) -> Kind:
        """Guess it, and keep it for the next name."""
        if len(self) > _CACHED:
            self.clear()
        kind = self[ending] = guess(key_of(b"." + ending))[0]
        return kind


@dataclass(slots=True)
class Tree:
    """What a slice knows about the mirror that it works on. Caches hold committed facts only."""

    mirror: Mirror
    store: Store
    scan: Scan
    globs: Globs
    prefix: bytes
    folders: dict[bytes, FolderId] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=Kinds)

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


def look_quietly(tx: Transaction, tree: Tree, listing: Listing) -> Difference | None:
    """What the page would change where that is nothing; None: it would change something. Half the time of ``look``."""
    found, wanted = compare_listed(listing.objects, listing.keys, prefix=tree.prefix, globs=tree.globs)
    if wanted is None:
        return None
    after, end = tree.relative(listing.after), tree.relative(listing.end)
    return found if tx.items.unchanged(tree.mirror.folder, after, end, wanted) else None


def merge(tx: Transaction, tree: Tree, job: JobId, listing: Listing, found: Difference) -> dict[bytes, FolderId]:
    """Write what the page changes and count it; ids of folders that were looked up, to learn after the commit."""
    after, end = tree.relative(listing.after), tree.relative(listing.end)
    scan = tree.scan
    tx.jobs.add_progress(job, done=found.seen, bytes_=found.size, errors=unnameable(listing.unnameable))
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


def add_outcome(tx: Transaction, job: JobId, **more: int) -> None:
    """Add to figures of the outcome that the scan's own row does not hold."""
    held = tx.jobs.get(job).outcome
    tx.jobs.set_outcome(job, {**held, **{name: held.get(name, 0) + count for name, count in more.items()}})


def _would_add(tx: Transaction, tree: Tree, found: Difference, after: bytes | None, end: bytes | None) -> int:
    if not found.fresh:
        return 0
    gone = tx.items.gone_between(tree.mirror.folder, after, end)
    return sum(len(run.names) for run in _not_gone(found.fresh, gone))


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
    rows = _new_rows(_not_gone(found.fresh, gone), known, tree.kinds)
    if rows:
        tx.items.insert(tree.mirror.project, rows)
    restored = _revive(tx, found.fresh, gone, known) if gone else 0
    return len(rows), restored, looked_up


def _ensure(tx: Transaction, tree: Tree, found: Difference) -> dict[bytes, FolderId]:
    paths = {run.path for run in found.fresh}
    paths.update(found.markers)
    unknown = [path for path in paths if path not in tree.folders]
    return tx.folders.ensure(tree.mirror.folder, unknown) if unknown else {}


def _not_gone(fresh: Sequence[Run], gone: Mapping[tuple[bytes, bytes], object]) -> Sequence[Run]:
    """The runs without what has a tombstone."""
    if not gone:
        return fresh
    left = []
    for path, names, objects in fresh:
        pairs = [pair for pair in zip(names, objects, strict=True) if (path, pair[0]) not in gone]
        left.append(Run(path, [name for name, _ in pairs], [listed for _, listed in pairs]))
    return left


def _new_rows(fresh: Iterable[Run], folders: Mapping[bytes, FolderId], kinds: Kinds) -> list[NewRow]:
    rows: list[NewRow] = []
    new = tuple.__new__
    for path, names, objects in fresh:
        folder = folders[path]
        rows += [
            new(NewRow, (folder, name, kinds[name[name.rfind(b".") + 1 :]], size, etag, modified_ms, generation))
            for name, (_, size, etag, modified_ms, generation) in zip(names, objects, strict=True)
        ]
    return rows


def _revive(
    tx: Transaction,
    fresh: Iterable[Run],
    gone: Mapping[tuple[bytes, bytes], tuple[ItemId, Gone]],
    folders: Mapping[bytes, FolderId],
) -> int:
    """Bring back under their old ids what had vanished; what a person hid or deleted stays away."""
    ids, rows = [], []
    for path, names, objects in fresh:
        for name, listed in zip(names, objects, strict=True):
            item, why = gone.get((path, name), (None, None))
            if item is not None and why is Gone.VANISHED:
                ids.append(item)
                rows.append(ChangedRow(folders[path], name, *listed[1:]))
    if ids:
        tx.items.revive(ids, rows)
    return len(ids)
