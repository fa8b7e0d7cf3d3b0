"""The diff of one listing page against the rows of the same key interval. Pure, and written for speed.

A page speaks for the interval (previous last key, its own last key]; the last page of a partition for all up
to the partition's end, an empty page too. What it names and the rows lack is new, what it lacks and the rows
have is *missing*: only a candidate, nothing is called gone here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from moorage.mirroring.globs import Globs
from moorage.model.errors import StoreUnreachable
from moorage.model.keys import escape, key_of
from moorage.model.objects import Listed
from moorage.model.transaction import ChangedRow, Row

_SLASH: Final = ord("/")


class Fresh(NamedTuple):
    """An object without a live row, by its place below the mirror's prefix."""

    path: bytes
    name: bytes
    size: int
    etag: str
    modified_ms: int
    generation: str


@dataclass(slots=True)
class Difference:
    """What a page changes. ``seen`` counts objects that the mirror takes; ``size`` is the sum of theirs."""

    seen: int = 0
    skipped: int = 0
    size: int = 0
    fresh: list[Fresh] = field(default_factory=list)
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
    previous = after if after is not None else b""
    first = after is None
    for key in keys:
        if key <= previous and not first:
            raise unsorted(key)
        first = False
        previous = key
    if keys and not (keys[0].startswith(prefix) and keys[-1].startswith(prefix)):
        raise unsorted(keys[-1])
    return keys


def compare(
    objects: Sequence[Listed], keys: Sequence[bytes], rows: Iterable[Row], *, prefix: bytes, globs: Globs
) -> Difference:
    """The difference between a page and the live rows of its interval. ``keys`` are those of ``check_order``."""
    known = {row[1] + row[2]: row for row in rows}
    if not globs.take_all:
        objects, keys, skipped = _taken(objects, keys, prefix, globs)
    else:
        skipped = 0
    result = Difference(seen=len(objects), skipped=skipped)
    start = len(prefix)
    take, add, new = known.pop, result.fresh.append, tuple.__new__
    total = 0
    for listed, key in zip(objects, keys, strict=True):
        _, size, etag, modified_ms, generation = listed
        total += size
        relative = key[start:]
        row = take(relative, None)
        if not size and (not relative or relative[-1] == _SLASH):
            # An empty object that ends in "/" is a folder, not an item; a row of it is missing.
            result.markers.append(relative)
            if row is not None:
                result.missing.append(row)
        elif row is not None and row[4] == size and row[5] == etag and row[7] == generation:
            continue
        elif row is None:
            cut = relative.rfind(b"/") + 1
            add(new(Fresh, (relative[:cut], relative[cut:], size, etag, modified_ms, generation)))
        else:
            result.changed.append(ChangedRow(row[0], row[2], size, etag, modified_ms, generation))
    result.size = total
    result.missing.extend(known.values())
    return result


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
