"""Names of items as names of files: whatever the catalogue holds, a copy stays in the folder that it is meant for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ODD: Final = {"": "\\empty", ".": "\\x2e", "..": "\\x2e\\x2e"}


def file_name(name: str) -> str:
    r"""The name that a file can have: ``/`` and NUL as ``\xNN``, and so ``.``, ``..`` and no name at all.

    All else stays byte for byte, what is no UTF-8 too.
    """
    return _ODD.get(name) or name.replace("/", "\\x2f").replace("\0", "\\x00")


def numbered(path: Path) -> Iterator[Path]:
    """``name (2).jpg``, ``name (3).jpg`` and so on."""
    number = 2
    while True:
        yield path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
