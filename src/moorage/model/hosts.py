"""Hosts and networks as lists of them are written in settings."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

Network = IPv4Network | IPv6Network
_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")


def plain(host: str) -> str:
    """A host as it is compared: in lower case, without the dot at its end."""
    return host.lower().removesuffix(".")


def network_of(word: str) -> Network | None:
    """The network, or the single address, that a word names; None: it names a host."""
    try:
        return ip_network(word.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def door_of(word: str) -> tuple[str, int]:
    """The host and the port of ``host:port``; the word itself and 0 for one without a port."""
    host, colon, port = word.rpartition(":")
    numbered = bool(colon) and port.isascii() and port.isdecimal() and 0 < int(port) < 65536  # noqa: PLR2004 - ports
    whole = not numbered or network_of(word) is not None
    return (word, 0) if whole else (host, int(port))


def is_host_name(word: str) -> bool:
    """Whether a word can be a host's name, perhaps with ``*.`` before it; numbers alone are none."""
    name = plain(word)
    return len(name) <= 253 and bool(_NAME.fullmatch(name)) and not name.rpartition(".")[2].isdecimal()  # noqa: PLR2004 - RFC 1035
