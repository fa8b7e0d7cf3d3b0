"""The file itself: whether it may be read, its text, and how one sees that it changed."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from moorage.model.store import Connection
from moorage.settings.remote_links.connections import connection_of
from moorage.settings.remote_links.entries import entries_of
from moorage.settings.remote_links.faults import Spot
from moorage.settings.remote_links.regular import NotRegular, read_regular

FILE_NAME: Final = "remote_links.yml"
MOST_BYTES: Final = 262_144
Signature = tuple[tuple[str, int, int, int], ...]
"""(path, time of the last change, size, inode) of each file; zeros where it is not there."""


@dataclass(frozen=True, slots=True)
class Links:
    """What a file declares."""

    connections: tuple[Connection, ...]
    warnings: tuple[str, ...]
    files: tuple[Path, ...]
    """The file and the key files that it names."""


def read_links(path: Path) -> Links:
    """All connections that the file declares. Raises Invalid, which names file, line, entry and field."""
    text, warnings = _text(path)
    connections, files = [], [path]
    for entry in entries_of(text, str(path)):
        connection, key_file = connection_of(entry, path.parent)
        connections.append(connection)
        files += [key_file] if key_file is not None else []
    return Links(tuple(connections), tuple(warnings), tuple(files))


def signature_of(paths: Iterable[Path]) -> Signature:
    """What differs as soon as one of the files is another or was written to. Cheap; raises nothing."""
    found = []
    for path in paths:
        try:
            told = path.stat()
        except OSError:
            found.append((str(path), 0, 0, 0))
        else:
            found.append((str(path), told.st_mtime_ns, told.st_size, told.st_ino))
    return tuple(found)


def _text(path: Path) -> tuple[str, list[str]]:
    spot = Spot(str(path))
    try:
        raw, mode = read_regular(path, MOST_BYTES + 1)
    except FileNotFoundError as exc:
        raise spot.fault("There is no such file.", "Make it, or unset MOORAGE_REMOTE_LINKS.") from exc
    except NotRegular as exc:
        raise spot.fault("It is no regular file.", "Name a file; where it is mounted, mount the file itself.") from exc
    except OSError as exc:
        raise spot.fault(f"It cannot be read: {exc.strerror}.", "Let the user that runs the server read it.") from exc
    if len(raw) > MOST_BYTES:
        raise spot.fault(f"It is larger than {MOST_BYTES >> 10} KiB.", "Name the file with the entries only.")
    warnings = []
    if mode & stat.S_IROTH:
        warnings.append(f"Everybody on this machine may read {path}, which holds keys. Run: chmod o-r {path}")
    try:
        return raw.decode("utf-8-sig"), warnings
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise Spot(str(path), (line,)).fault("It is no UTF-8 text.", "Save it as UTF-8.") from None
