"""Where an object is: a key, which is a web address or lies below one, and the URL that is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from yarl import URL

from moorage.model.keys import Key, key_bytes

_SCHEMES: Final = {"https": 443, "http": 80}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\]")
_KEPT: Final = "!#$%&'()*+,/:;=?@[]~"
"""Of a URL that a person pasted: what is encoded already stays so, byte for byte."""
_LONGEST: Final = 8000


@dataclass(frozen=True, slots=True)
class Place:
    """One address. ``url`` is percent-encoded and has no fragment."""

    scheme: str
    host: str
    """In ASCII, without brackets."""
    port: int
    url: str

    @property
    def shown(self) -> str:
        """The address for people: without its query, which may hold a secret."""
        return self.url.partition("?")[0][:200]

    def joined(self, location: str) -> Place:
        """The place that a ``Location`` names as seen from here. Raises ValueError."""
        return place_of(urljoin(self.url, location.strip()))


def place_of(text: str) -> Place:
    """The place that a web address names. Raises ValueError with the reason in words."""
    if _CONTROL.search(text):
        raise ValueError("it holds control characters or a backslash")
    try:
        parts = urlsplit(text)
        port = parts.port
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ValueError("it does not begin with https:// and a host")
        if "@" in parts.netloc:
            raise ValueError("it holds a user name or password")
        url = URL.build(scheme=parts.scheme, host=parts.hostname, port=port)
    except UnicodeError as exc:
        raise ValueError("its host is no name") from exc
    if port == 0 or url.raw_host is None:
        raise ValueError("it names no port that can be reached")
    path = quote(key_bytes(parts.path or "/"), safe=_KEPT)
    query = f"?{quote(key_bytes(parts.query), safe=_KEPT)}" if parts.query else ""
    whole = f"{url}".rstrip("/") + path + query
    if len(whole) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} letters")
    return Place(parts.scheme, url.raw_host, url.port or _SCHEMES[parts.scheme], whole)


@dataclass(frozen=True, slots=True)
class Base:
    """What the keys of a store are below: ``endpoint``, or nothing, and then each key is a whole address."""

    endpoint: str

    def place(self, key: Key) -> Place:
        """The place of a key. Raises ValueError with the reason in words."""
        if not self.endpoint:
            return place_of(key)
        if not key:
            raise ValueError("it is empty")
        if any(name in (".", "..") for name in key.split("/")):
            raise ValueError("it holds '.' or '..' as a name, which web servers resolve as they like")
        if _CONTROL.search(key):
            raise ValueError("it holds control characters or a backslash")
        return place_of(f"{self.endpoint.rstrip('/')}/{quote(key_bytes(key), safe='/')}")
