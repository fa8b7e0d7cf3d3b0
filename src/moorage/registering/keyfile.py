"""Key files of service accounts that lie on the server: read once, when a store is registered."""

from __future__ import annotations

import json
import os
import stat
from typing import Final

from moorage.model.errors import Invalid

MOST_BYTES: Final = 64 * 1024
"""Google's own files have 2.4 kB."""
_FIELD: Final = "credentials.path"


def read_key_file(path: str, *, field: str = _FIELD) -> str:
    """The text of the key file at an absolute path. Raises Invalid, which shows nothing of what a file holds.

    Only a regular file is read, and at most ``MOST_BYTES`` of it.
    """
    if not path.startswith("/") or "\0" in path:
        raise _refused("The path of the key file is not absolute.", field)
    try:
        # A pipe without a writer would make an ordinary open wait for ever.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _refused(f"The key file cannot be read on the server ({os.strerror(error.errno or 0)}).", field) from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise _refused("What lies at the path of the key file is no file.", field)
        data = os.read(file, MOST_BYTES + 1)
    finally:
        os.close(file)
    return _whole(data, field)


def _whole(data: bytes, field: str) -> str:
    try:
        text = data[:MOST_BYTES].decode()
        document = json.loads(text)
    except ValueError:
        document = None
    if len(data) > MOST_BYTES or not isinstance(document, dict) or document.get("type") != "service_account":
        raise _refused("The file at this path is no key of a service account.", field)
    return text


def _refused(what: str, field: str) -> Invalid:
    return Invalid(
        f"{what} Nothing was changed.",
        "Name the JSON file that Google made for the key, as the server's own user can read it, or give its text.",
        field=field,
    )
