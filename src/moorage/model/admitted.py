"""Which buckets and folders a connection opens to links: ``bucket``, or ``bucket:folder1/:folder2/``."""

from __future__ import annotations

import re
from typing import Final

from moorage.model.keys import Prefix, prefix_of
from moorage.model.store import Connection

_BUCKET: Final = re.compile(r"[A-Za-z0-9._$-]{1,255}")


def admitted_word(text: str) -> str:
    """One word of ``open_buckets`` as it is kept: each folder with a final ``/`` and none before it.

    ValueError for what names no bucket.
    """
    bucket, *folders = text.strip().split(":")
    if not _BUCKET.fullmatch(bucket) or not text.isprintable():
        raise ValueError("write bucket, or bucket:folder1/:folder2/")
    return ":".join([bucket, *(prefix_of(one.lstrip("/")) for one in folders if one.strip("/"))])


def bucket_in(word: str) -> str:
    """The bucket that a word names."""
    return word.partition(":")[0]


def folders_of(connection: Connection, bucket: str) -> tuple[Prefix, ...] | None:
    """The prefixes of a bucket that links may open, the empty one for all of it; None: nothing there is open.

    Of a disk the only bucket is its name, or the empty one.
    """
    if connection.open_buckets is None or (connection.root and bucket not in ("", connection.name)):
        return None
    if not connection.open_buckets:
        return (Prefix(""),)
    for word in connection.open_buckets:
        name, *folders = word.split(":")
        if name == bucket:
            return tuple(Prefix(one) for one in folders) or (Prefix(""),)
    return None


def admits(connection: Connection, bucket: str, key: str) -> bool:
    """Whether links may open ``key`` in a bucket of this connection.

    Folders are whole: ``cars:2020`` admits ``2020/a.jpg``, neither ``2020-secret/a.jpg`` nor an object ``2020``.
    """
    return any(key.startswith(folder) for folder in folders_of(connection, bucket) or ())
