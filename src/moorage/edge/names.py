"""Names of downloads in a header, as RFC 6266 and RFC 8187 write them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from moorage.model.keys import key_bytes

_UNSAFE: Final = re.compile(r"[^\w!#$&+.^`{}~ ()\[\],;=@-]", re.ASCII)
_ATTR: Final = "!#$&+-.^_`|~"


def disposition(kind: str, name: str) -> str:
    """``attachment; filename="x"; filename*=UTF-8''x``; the second only where the name needs it.

    Directory parts and control characters never reach the header.
    """
    last = name.rsplit("/", 1)[-1] or "unnamed"
    plain = _UNSAFE.sub("_", last).replace('"', "_")
    if plain == last:
        return f'{kind}; filename="{plain}"'
    text = key_bytes(last).decode("utf-8", "replace")
    printable = "".join(character if character.isprintable() else "_" for character in text)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(printable, safe=_ATTR)}"
