"""The diff of one listing page against the rows of the same key interval. Pure, and written for speed.

A page speaks for the interval (previous last key, its own last key]; the last page of a partition for all up
to the partition's end, an empty page too. What it names and the rows lack is new, what it lacks and the rows
have is *missing*: only a candidate, nothing is called gone here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

from moorage.mirroring.globs import Globs
from moorage.model.errors import StoreUnreachable
from moorage.model.keys import after_prefix, escape, key_of
from moorage.model.objects import Listed
from moorage.model.transaction import ChangedRow, Row


class Run(NamedTuple):
    """Objects of one folder that follow each other: its path below the mirror's prefix, and their names in it."""

    path: bytes
    names: list[bytes]
    objects: list[Listed]


@dataclass(slots=True)
class Difference:
    """What a page changes. ``seen`` counts objects that the mirror takes; ``size`` is the sum of theirs."""

    seen: int = 0
    skipped: int = 0
    size: int = 0
    fresh: list[Run] = field(default_factory=list)
    """Objects without a live row."""
    changed: list[ChangedRow] = field(default_factory=list)
    markers: list[bytes] = field(default_factory=list)
    """Paths of folders that an empty object ending in ``/`` stands for."""
    missing: list[Row] = field(default_factory=list)

    @property
    def none(self) -> bool:
        """True when there is nothing to write but that the page was seen."""
        return not (self.fresh or self.changed or self.markers or self.missing)


def check_order(objects: Sequence[Listed], prefix: bytes, after: bytes | None) -> list[bytes]:
    """The keys' bytes, strictly ascending, greater than ``after`` and all below ``prefix``.

    Raises StoreUnreachable otherwise: a listing out of order says nothing about what is gone.
    """
    keys = [listed[0].encode("utf-8", "surrogateescape") for listed in objects]
    bounds = keys if after is None else [after, *keys]
    for previous, key in pairwise(bounds):
        if key <= previous:
            raise unsorted(key)
    if keys and not (keys[0].startswith(prefix) and keys[-1].startswith(prefix)):
        raise unsorted(keys[-1])
    return keys


def compare(
    objects: Sequence[Listed], keys: Sequence[bytes], rows: Iterable[Row], *, prefix: bytes, globs: Globs
) -> Difference:
    """The difference between a page and the live rows of its interval. ``keys`` are those of ``check_order``."""
    known = {row[1] + row[2]: row for row in rows}
    result = Difference()
    for run in _runs_taken(objects, keys, prefix, globs, result):
        items = _without_marker(run, known, result)
        if known:
            items = _without_known(items, known, result)
        if items.names:
            result.fresh.append(items)
    result.missing.extend(known.values())
    return result


def compare_listed(
    objects: Sequence[Listed], keys: Sequence[bytes], *, prefix: bytes, globs: Globs
) -> tuple[Difference, dict[bytes, list[tuple[bytes, int, str, str]]] | None]:
    """What a page says by itself, and which rows would leave nothing to write; None where something is in any case.

    The rows stand by path: (name, size, etag, generation), in ascending order of names.
    """
    result = Difference()
    wanted: dict[bytes, list[tuple[bytes, int, str, str]]] = {}
    for run in _runs_taken(objects, keys, prefix, globs, result):
        if _is_marker(run):
            return result, None
        _, sizes, etags, _, generations = zip(*run.objects, strict=True)
        wanted.setdefault(run.path, []).extend(zip(run.names, sizes, etags, generations, strict=True))
    return result, wanted


def _runs_taken(
    objects: Sequence[Listed], keys: Sequence[bytes], prefix: bytes, globs: Globs, result: Difference
) -> list[Run]:
    """The runs of what the mirror takes; counts them in ``result``."""
    if not globs.take_all:
        objects, keys, result.skipped = _taken(objects, keys, prefix, globs)
    result.seen = len(objects)
    result.size = sum(map(itemgetter(1), objects))
    return runs_of(objects, keys, len(prefix))


def runs_of(objects: Sequence[Listed], keys: Sequence[bytes], start: int) -> list[Run]:
    """Cut sorted keys where their folder changes; ``start``: the length of the mirror's prefix.

    The keys below a folder are found by bisection. Where none of them lies deeper, as in folders that cameras
    fill, names are cut off without a look at each key.
    """
    runs: list[Run] = []
    at = 0
    while at < len(keys):
        cut = keys[at].rfind(b"/", start) + 1 or start
        path = keys[at][:cut]
        end = after_prefix(path)
        stop = len(keys) if end is None else bisect_left(keys, end, at)
        names = [key[cut:] for key in keys[at:stop]]
        if b"/" in b"".join(names):
            runs += _runs_one_by_one(objects[at:stop], keys[at:stop], start)
        else:
            runs.append(Run(path[start:], names, [*objects[at:stop]]))
        at = stop
    return runs


def _runs_one_by_one(objects: Sequence[Listed], keys: Sequence[bytes], start: int) -> list[Run]:
    runs: list[Run] = []
    path: bytes | None = None
    for listed, key in zip(objects, keys, strict=True):
        cut = key.rfind(b"/", start) + 1 or start
        if key[start:cut] != path:
            path = key[start:cut]
            runs.append(Run(path, [], []))
        runs[-1].names.append(key[cut:])
        runs[-1].objects.append(listed)
    return runs


def _is_marker(run: Run) -> bool:
    """An empty object that ends in ``/``, or has the mirror's prefix for its key, is a folder and not an item."""
    return not run.names[0] and not run.objects[0][1]


def _without_marker(run: Run, known: dict[bytes, Row], result: Difference) -> Run:
    """A marker is noted; a row of it is missing."""
    if not _is_marker(run):
        return run
    result.markers.append(run.path)
    row = known.pop(run.path, None)
    if row is not None:
        result.missing.append(row)
    return Run(run.path, run.names[1:], run.objects[1:])


def _without_known(run: Run, known: dict[bytes, Row], result: Difference) -> Run:
    """The objects that have no row; what differs from its row is noted."""
    path, take = run.path, known.pop
    fresh = Run(path, [], [])
    for name, listed in zip(run.names, run.objects, strict=True):
        _, size, etag, modified_ms, generation = listed
        row = take(path + name, None)
        if row is None:
            fresh.names.append(name)
            fresh.objects.append(listed)
        elif row[4] != size or row[5] != etag or row[7] != generation:
            result.changed.append(ChangedRow(row[0], row[2], size, etag, modified_ms, generation))
    return fresh


def _taken(
    objects: Sequence[Listed], keys: Sequence[bytes], prefix: bytes, globs: Globs
) -> tuple[list[Listed], list[bytes], int]:
    start = len(key_of(prefix))
    pairs = [(listed, key) for listed, key in zip(objects, keys, strict=True) if globs.take(listed.key[start:])]
    return [listed for listed, _ in pairs], [key for _, key in pairs], len(objects) - len(pairs)


def unsorted(key: bytes) -> StoreUnreachable:
    """The error for a page that no store may give; ``key`` is the first that is out of place."""
    return StoreUnreachable(
        f"The store's listing is out of order or outside its prefix at {escape(key_of(key))!r}; "
        "nothing was changed by that page.",
        "A proxy or cache between Moorage and the store may mix answers; list again, then ask the provider.",
        cause="unsorted listing",
        key=escape(key_of(key)),
    )
