"""Which keys a disk can hold, and the file names that they become."""

from __future__ import annotations

from typing import Final

from moorage.model.keys import key_bytes

RESERVED: Final = b".moorage"
"""Never an object at the top of a store: temp files, locks and metadata lie there."""
NAME_BYTES: Final = 255
"""NAME_MAX of the file systems in use on Linux."""


def unstorable(key: str) -> str | None:
    """The reason why no disk can hold this key; None: it can. Looks at no disk."""
    try:
        names = key_bytes(key).split(b"/")
    except UnicodeEncodeError:
        return "The key is not text that can be written as bytes."
    if names == [b""]:
        return "A key has at least one byte."
    if b"" in names:
        return "On a disk no key begins or ends with '/' or holds '//'."
    if b"." in names or b".." in names:
        return "On a disk '.' and '..' are no names."
    if any(b"\0" in name for name in names):
        return "On a disk no name holds the byte NUL."
    if any(len(name) > NAME_BYTES for name in names):
        return f"On a disk no name between two '/' is longer than {NAME_BYTES} bytes."
    if names[0] == RESERVED:
        return "The folder .moorage at the top of a disk store is kept for its metadata."
    return None


def names_of(key: str) -> tuple[bytes, ...] | None:
    """The names from the store's top to the file; None where no file can have this key."""
    return None if unstorable(key) is not None else tuple(key_bytes(key).split(b"/"))
