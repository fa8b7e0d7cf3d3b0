"""Names of items: those that people give, those that the keys of objects give, and objects named for items."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from moorage.model.catalogue import Kind
from moorage.model.errors import Invalid
from moorage.model.keys import Key, escape, key_bytes, key_of
from moorage.model.media import UNKNOWN, guess

LONGEST: Final = 1024
_NAMELESS: Final = (b"", b".", b"..")
_LONGEST_ENDING: Final = 16
_MOST_NUMBERS: Final = 10_000
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,40}/[a-z0-9][a-z0-9.+-]{0,60}")
_PLAIN_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,10}$")


def check_name(name: str) -> None:
    """Raise Invalid for what cannot be the name of an item."""
    if not name or name in (".", "..") or "/" in name or "\0" in name or len(key_bytes(name)) > LONGEST:
        raise Invalid(
            f"{escape(name[:80])!r} cannot be an item's name. Nothing was stored.",
            f"Use 1 to {LONGEST} bytes without '/' and NUL, and neither '.' nor '..'.",
            field="name",
        )


def numbered(name: Key) -> Iterator[Key]:
    """The name itself, then ``name (2).jpg``, ``name (3).jpg`` and so on, none longer than a name may be."""
    yield name
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    for number in range(2, _MOST_NUMBERS):
        tail = f" ({number}){dot}{ending}"
        room = LONGEST - len(key_bytes(tail))
        yield Key(_cut(stem, room) + tail)


def path_of(key: str, *, web: bool) -> bytes:
    """The key as folders and a name; of a URL its path, decoded, without its query."""
    if not web:
        return key_bytes(key)
    parts = urlsplit(key)
    return unquote_to_bytes(key_bytes(parts.path.strip("/") or parts.netloc))


def name_of(path: bytes) -> Key:
    """The item's name: the last part of its key."""
    name = path.rstrip(b"/").rpartition(b"/")[2].replace(b"\0", b"_")
    if name in _NAMELESS:
        return Key("object")
    if len(name) <= LONGEST:
        return key_of(name)
    stem, dot, ending = name.rpartition(b".")
    tail = dot + ending if stem and len(ending) < _LONGEST_ENDING else b""
    return key_of(name[: LONGEST - len(tail)] + tail)


def object_name(name: Key, folder: str, unstorable: Callable[[Key], str | None]) -> Key:
    """A key below ``folder``, named as its item is if the store can hold that, else plainly."""
    wish = Key(f"{folder}/{name}")
    if unstorable(wish) is None and len(key_bytes(wish)) <= LONGEST:
        return wish
    ending = _PLAIN_ENDING.search(name)
    return Key(f"{folder}/file{ending.group() if ending else ''}")


def kind_and_type(name: str, told: str) -> tuple[Kind, str | None]:
    """Kind of an item, and its media type where the name does not tell it but the sender did."""
    kind, media_type = guess(name)
    sent = told.partition(";")[0].strip().lower()
    if media_type != UNKNOWN or sent == UNKNOWN or not _MEDIA_TYPE.fullmatch(sent):
        return kind, None
    by_sender = {"image": Kind.IMAGE, "video": Kind.VIDEO}
    return by_sender.get(sent.partition("/")[0], kind), sent


def _cut(text: str, most: int) -> str:
    """As much of a text as has at most that many bytes, without half a character at its end."""
    raw = key_bytes(text)
    if len(raw) <= most:
        return text
    cut = raw[:most]
    while cut and (raw[len(cut)] & 0xC0) == 0x80:  # noqa: PLR2004 - the next byte goes on with a character of UTF-8
        cut = cut[:-1]
    return key_of(cut)
