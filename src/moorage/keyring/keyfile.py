"""The key file: made once, readable by its owner only, replaced atomically when keys are rotated."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from moorage.keyring.ring import KeyRing
from moorage.model.errors import AlreadyExists, Refused, SealBroken

MODE: Final = 0o600


def open_key_ring(path: Path, *, value: str = "", make: bool = False) -> KeyRing:
    """The keys in force: those of ``value`` (a setting) where it is given, else those of the file at ``path``.

    ``make``: write a new key file when there is none; say so only at a first start, when there is no catalogue
    yet, because a new key opens nothing that an older one sealed. Raises SealBroken when there is no key and
    none may be made, Invalid when one is malformed, Refused when others may read the file. Blocks on the disk.
    """
    if value.strip():
        return KeyRing.parse(value, source="MOORAGE_SECRET_KEY")
    try:
        return _read(path)
    except FileNotFoundError:
        if make:
            return make_key_file(path)
    raise SealBroken(
        f"The key file {path} is missing, but there is a catalogue that was made with it. No new key was made.",
        f"Bring back the key file to {path}, or set MOORAGE_SECRET_KEY; or run `moorage secrets reset`, which "
        "forgets the credentials of stores, only those, and lists the stores to fill in again.",
    )


def make_key_file(path: Path) -> KeyRing:
    """Write a new key to ``path``, mode 0600, durable on return. Raises AlreadyExists; nothing is overwritten."""
    ring = KeyRing.new()
    try:
        _write(path, ring, os.link)
    except FileExistsError as exc:
        raise AlreadyExists(f"There is a key file at {path}; it was left as it is.", "Use that key.") from exc
    return ring


def add_key(path: Path) -> KeyRing:
    """Put a fresh primary key in front of those in the file; the older ones still open.

    The first step of a rotation: then seal every row anew (``RingSealer.reseal``), then ``drop_old_keys``.
    """
    ring = _read(path).rotated()
    _write(path, ring, os.replace)
    return ring


def drop_old_keys(path: Path) -> KeyRing:
    """Keep the primary key only: the last step of a rotation. URLs signed by the others end."""
    ring = KeyRing((_read(path).primary,))
    _write(path, ring, os.replace)
    return ring


def replace_key_file(path: Path) -> tuple[KeyRing, Path | None]:
    """Write a new key to ``path``; what lay there is kept beside it, and its new place returned.

    For a reset only: the new key opens nothing that was sealed before. Killed half-way, there is no key file at
    all or the new one, and what lay there is kept.
    """
    kept = path.with_name(f"{path.name}.{secrets.token_hex(4)}.old")
    try:
        path.rename(kept)
    except FileNotFoundError:
        return make_key_file(path), None
    return make_key_file(path), kept


def _read(path: Path) -> KeyRing:
    with path.open(encoding="ascii", errors="replace") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise Refused(
                f"Others than its owner may use the key file {path} (mode {mode:04o}). It was not read.",
                f"Run: chmod 600 {path}",
            )
        return KeyRing.parse(file.read(), source=str(path))


def _write(path: Path, ring: KeyRing, place: Callable[[Path, Path], None]) -> None:
    """Write beside ``path``, flush to disk, then ``place`` it: os.link never overwrites, os.replace does."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), MODE)  # whatever the umask says
            file.write(ring.text())
            file.flush()
            os.fsync(file.fileno())
        place(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
