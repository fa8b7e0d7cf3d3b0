"""Placing: judged lines -> rows of the catalogue, in the transaction that moves the cursor."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from moorage.linking.judging import Judged
from moorage.linking.naming import free_names, kind_of
from moorage.linking.records import Batch
from moorage.linking.telling import causes_of, conclude
from moorage.model.catalogue import Folder, FolderId
from moorage.model.errors import NotFound
from moorage.model.jobs import Work
from moorage.model.keys import escape, key_bytes, key_of
from moorage.model.links import LinkImport, LinkRow, Verdict
from moorage.model.slices import Lost, hold
from moorage.model.store import StoreId
from moorage.model.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a list is read: the byte where the next line begins, and the number of the last one read."""

    offset: int = 0
    line: int = 0

    @classmethod
    def of(cls, raw: bytes | None) -> Cursor:
        """The cursor of a work row."""
        return cls() if raw is None else cls(int.from_bytes(raw[:8]), int.from_bytes(raw[8:]))

    def written(self) -> bytes:
        """As a work row holds it."""
        return self.offset.to_bytes(8) + self.line.to_bytes(8)


def commit(tx: Transaction, work: Work, of: LinkImport, judged: Sequence[Judged], batch: Batch) -> Work:
    """Write what became of a batch, count it and move the cursor; all of it or nothing. Raises Lost.

    It may run twice, so it changes copies.
    """
    row = hold(tx, work)
    before = Cursor.of(row.cursor)
    found = [replace(one) for one in judged]
    if of.dry_run:
        _note_twice(tx, of, found)
        _note_known(tx, of, found)
    else:
        tx.folders.hold(tx.projects.get(of.project).root)  # two imports of one list would not see each other's rows
        _note_known(tx, of, found)
        _insert(tx, of, found)
    kept = [one for one in found if of.dry_run or one.verdict is not Verdict.LINKED or one.reason]
    tx.links.add_lines(of.id, [one.written(marked=of.dry_run) for one in kept])
    counts = tx.links.add_counts(of.id, Counter(one.verdict for one in found))
    tx.jobs.add_progress(row.job, done=batch.line - before.line, errors=causes_of(found))
    cursor = Cursor(batch.offset, batch.line).written()
    if not tx.jobs.advance(work, cursor, done=batch.ended):
        raise Lost
    if batch.ended:
        conclude(tx, row.job, of, counts, batch.line)
    return replace(row, cursor=cursor, done=batch.ended)


def _note_twice(tx: Transaction, of: LinkImport, found: Sequence[Judged]) -> None:
    """A dry run has no rows to look into: it finds objects that came further up by their marks."""
    marks = {one.line: one.mark for one in found if one.good}
    seen = tx.links.marked(of.id, list(marks.values()))
    for one in found:
        if one.good:
            _turn_twice(one, seen.setdefault(marks[one.line], one.line))


def _turn_twice(one: Judged, line: int) -> None:
    if line != one.line:
        one.turn(Verdict.DUPLICATE, f"Line {line} names the same object.")


def _note_known(tx: Transaction, of: LinkImport, found: Sequence[Judged]) -> None:
    """Objects that an item of the project shows, or a line above in this batch."""
    by_store: defaultdict[StoreId, list[Judged]] = defaultdict(list)
    for one in found:
        if one.good and one.store is not None and one.store.id:
            by_store[one.store.id].append(one)
    for store, lines in by_store.items():
        known = tx.links.known(of.project, store, list({key_bytes(one.key) for one in lines}))
        here: dict[str, int] = {}
        for one in lines:
            if key_bytes(one.key) in known:
                one.turn(Verdict.DUPLICATE, "The project shows this object already.")
            else:
                _turn_twice(one, here.setdefault(one.key, one.line))


def _insert(tx: Transaction, of: LinkImport, found: Sequence[Judged]) -> None:
    base = tx.folders.get(of.folder)
    root = tx.projects.get(of.project).root
    mounts = _mounts(tx, of, root)
    by_path: defaultdict[bytes, list[Judged]] = defaultdict(list)
    for one in found:
        if not one.good:
            continue
        path = key_bytes(base.path) + b"".join(part + b"/" for part in one.folders)
        mount = next((name for above, name in mounts.items() if path.startswith(above)), None)
        if mount is None:
            by_path[path].append(one)
        else:
            one.turn(
                Verdict.REFUSED,
                f"The folder '{mount}' shows a bucket as it is; nothing can be added to it.",
                "Choose another folder.",
            )
    places = tx.folders.ensure(root, sorted(by_path))
    rows = [row for path, lines in by_path.items() for row in _rows(tx, places[path], lines)]
    tx.links.insert(of.project, rows)


def _rows(tx: Transaction, folder: FolderId, lines: Sequence[Judged]) -> list[LinkRow]:
    wishes = [(one.name, one.line, one.mark) for one in lines]
    names = free_names(wishes, lambda raw: tx.items.taken(folder, raw))
    return [_row(folder, one, key_bytes(name)) for one, name in zip(lines, names, strict=True)]


def _row(folder: FolderId, one: Judged, name: bytes) -> LinkRow:
    assert one.store is not None
    if name == key_bytes(one.name):
        one.verdict = Verdict.LINKED
    else:
        one.turn(Verdict.RENAMED, f"Called '{escape(key_of(name))}', because '{escape(one.name)}' is taken there.")
    kind, media_type = kind_of(one.name, one.path)
    info = one.info
    return LinkRow(
        folder,
        name,
        kind,
        info.size if info else 0,
        info.etag if info else "",
        info.modified_ms if info else 0,
        info.generation if info else "",
        media_type,
        one.store.id,
        key_bytes(one.key),
        one.metadata,
        one.measured,
    )


def _mounts(tx: Transaction, of: LinkImport, root: FolderId) -> dict[bytes, str]:
    """Paths in the project's own tree where mirrors are shown: nothing may be added below them."""
    found = {}
    for mirror in tx.mirrors.all(of.project):
        try:
            mount = tx.folders.get(mirror.folder)
            above = _parent(tx, mount)
        except NotFound:  # it was removed, and its rows are on their way out
            continue
        if above is not None and above.tree == root:
            found[key_bytes(above.path) + key_bytes(mount.name) + b"/"] = escape(mount.name)
    return found


def _parent(tx: Transaction, folder: Folder) -> Folder | None:
    return None if folder.parent is None else tx.folders.get(FolderId(folder.parent))
