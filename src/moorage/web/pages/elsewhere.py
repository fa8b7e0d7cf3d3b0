"""Take it elsewhere: lines to copy that read one item from another program, whatever its name holds."""

from __future__ import annotations

import re
import shlex
from datetime import timedelta
from typing import Final

from moorage.model.catalogue import Item
from moorage.model.keys import Key, key_bytes

LONGEST: Final = 200
"""Bytes of a file name; file systems hold 255, and a download needs some for its draft."""
LIVES: Final = ((3600, "1 hour"), (24 * 3600, "1 day"), (7 * 24 * 3600, "7 days"))
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def lines_of(item: Item, public_url: str) -> dict[str, str]:
    """The page's own address, a line for a shell and two for Python. Both read ``MOORAGE_TOKEN``."""
    content = f"{public_url}/api/v1/items/{item.id}/content"
    name = file_name(item)
    words = f"-o {shell_word('./' + name)} {shell_word(content)}"
    return {
        "page": f"{public_url}/items/{item.id}",
        "curl": f'curl -gfL -H "Authorization: Bearer $MOORAGE_TOKEN" {words}',
        "python": (
            "import os; from moorage.client import Client\n"
            f"with Client({public_url!r}, os.environ['MOORAGE_TOKEN']) as client: "
            f"client.download({str(item.id)!r}, {name!r})"
        ),
    }


def lives(longest: timedelta) -> list[tuple[int, str]]:
    """How long a signed URL may work, as (seconds, words): those that the installation allows, or its longest."""
    most_s = int(longest.total_seconds())
    return [one for one in LIVES if one[0] <= most_s] or [(most_s, f"{most_s} seconds")]


def file_name(item: Item) -> Key:
    """The item's name where a file can have it, else one made of its id."""
    name = item.name
    if name in ("", ".", "..") or "\0" in name or "/" in name or len(key_bytes(name)) > LONGEST:
        ending = _ENDING.search(name)
        return Key(f"item-{item.id}{ending[0] if ending else ''}")
    return name


def shell_word(text: str) -> str:
    r"""The text as one word of bash and zsh that can be pasted.

    Quotes keep control characters from the shell but not from the terminal, where Ctrl-C or the end of a pasted text
    would hand what follows to the shell. Such words are written in the form of ``$'\n'``, byte by byte.
    Source: Bash Reference Manual, section 3.1.2.4.
    """
    if text.isprintable():
        return shlex.quote(text)
    plain = (letter if letter.isprintable() and letter not in "'\\!" else _bytes(letter) for letter in text)
    return f"$'{''.join(plain)}'"


def _bytes(letter: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in key_bytes(Key(letter)))
