"""Names of links: the last part of their keys, and how two of one name stand in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from moorage.model.catalogue import Kind
from moorage.model.errors import Invalid
from moorage.model.keys import Key, escape, key_bytes, key_of
from moorage.model.media import guess
from moorage.uploading.names import LONGEST, numbered

_NUMBERS: Final = 9
"""``name (2)`` to ``name (9)``; then the number of the line, so that a million of one name do not search."""
_NO_FOLDERS: Final = (b"", b".", b"..")


def folders_of(path: bytes) -> tuple[bytes, ...]:
    """The folders in a key; parts that no folder can be called are left out."""
    return tuple(part[:LONGEST] for part in path.rstrip(b"/").split(b"/")[:-1] if part not in _NO_FOLDERS)


def folders_named(text: str) -> tuple[bytes, ...]:
    """The folders that somebody wrote, such as ``2021/dive 4``. Raises Invalid for names that no folder has."""
    parts = [part for part in key_bytes(text).split(b"/") if part]
    if any(part in _NO_FOLDERS or b"\0" in part or len(part) > LONGEST for part in parts):
        raise Invalid(
            f"'{escape(text[:80])}' is no folder.", "Write it like 2021/dive 4, without '..'.", field="folder"
        )
    return tuple(parts)


def need_name(name: str) -> Key:
    """The name that somebody wrote. Raises Invalid for what cannot be the name of an item."""
    if name in (".", "..") or "/" in name or "\0" in name or len(key_bytes(name)) > LONGEST:
        raise Invalid(
            f"'{escape(name[:80])}' cannot be an item's name.",
            f"Use at most {LONGEST} bytes without '/'; folders go into the column 'folder'.",
            field="name",
        )
    return Key(name)


def kind_of(name: str, path: bytes) -> tuple[Kind, str | None]:
    """Kind, and the media type where the key's ending tells one and the name's does not."""
    kind, _ = guess(name)
    by_key, media_type = guess(key_of(path))
    return (by_key, media_type) if kind is Kind.FILE and by_key is not Kind.FILE else (kind, None)


def choices(name: Key, line: int, mark: int) -> Iterator[Key]:
    """Names to try in turn: its own, numbered ones, one with the line, one that nothing else has."""
    yield from islice(numbered(name), _NUMBERS)
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    for tail in (f" (line {line}){dot}{ending}", f" ({mark:x}){dot}{ending}"):
        yield key_of(key_bytes(stem)[: LONGEST - len(key_bytes(tail))] + key_bytes(tail))


def free_names(wishes: Sequence[tuple[Key, int, int]], taken: Callable[[Sequence[bytes]], set[bytes]]) -> list[Key]:
    """A name for each (name, line, mark) that no item and no other of them has, its own where that is free.

    ``taken`` tells which of some names the folder has; it is asked once, and once more where names meet.
    """
    used = taken(list({key_bytes(name) for name, _, _ in wishes}))
    first: set[bytes] = set()
    meeting = []
    for name, line, mark in wishes:
        raw = key_bytes(name)
        if raw in used or raw in first:
            meeting.append((name, line, mark))
        first.add(raw)
    used |= taken(list({key_bytes(one) for wish in meeting for one in islice(choices(*wish), 1, None)}))
    named = []
    for wish in wishes:
        chosen = next(one for one in choices(*wish) if key_bytes(one) not in used)
        used.add(key_bytes(chosen))
        named.append(chosen)
    return named
