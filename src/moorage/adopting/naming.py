"""Names of adopted items: the last part of their keys."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from moorage.model.keys import Key, key_bytes, key_of
from moorage.model.store import Provider, Store
from moorage.uploading.names import LONGEST

_NAMELESS: Final = (b"", b".", b"..")
_LONGEST_ENDING: Final = 16


def name_of(store: Store, key: Key) -> Key:
    """The name of the item of an object; of a web address the last part of its path, decoded."""
    raw = key_bytes(key)
    if store.connection.provider is Provider.HTTPS:
        parts = urlsplit(key)
        raw = unquote_to_bytes(key_bytes(parts.path.strip("/") or parts.netloc))
    name = raw.rstrip(b"/").rpartition(b"/")[2].replace(b"\0", b"_")
    if name in _NAMELESS:
        return Key("object")
    if len(name) <= LONGEST:
        return key_of(name)
    stem, dot, ending = name.rpartition(b".")
    tail = dot + ending if stem and len(ending) < _LONGEST_ENDING else b""
    return key_of(name[: LONGEST - len(tail)] + tail)
