"""Regular files only: a pipe of that name would hold the server up for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path


class NotRegular(OSError):
    """A directory, a pipe or a device."""


def read_regular(path: Path, most: int) -> tuple[bytes, int]:
    """At most ``most`` bytes of the file, and its mode. Raises OSError, NotRegular among them."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NotRegular(f"{path} is no regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most), mode
    finally:
        os.close(descriptor)
