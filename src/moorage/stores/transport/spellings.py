"""Addresses of the Internet in every spelling, and what each of them reaches."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Final

from moorage.model.hosts import Network

Address = IPv4Address | IPv6Address

METADATA: Final = "cloud metadata"
"""Services that hand a machine's own credentials to whoever asks from it."""
_WHAT: Final[tuple[tuple[str, str], ...]] = (
    ("169.254.169.254", METADATA),
    ("169.254.170.2", METADATA),
    ("169.254.170.23", METADATA),
    ("168.63.129.16", METADATA),
    ("100.100.100.200", METADATA),
    ("192.0.0.192", METADATA),
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier's own"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "reserved"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("fd00:ec2::/32", METADATA),
    ("fd20:ce::254", METADATA),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "private"),
    ("ff00::/8", "multicast"),
    ("2001::/32", "tunnel"),
    ("2001::/23", "reserved"),
    ("2001:db8::/32", "documentation"),
    ("3fff::/20", "documentation"),
)
"""The first one that holds an address counts. Source: the special-purpose registries of IANA (RFC 6890)."""
_CLASSES: Final[tuple[tuple[Network, str], ...]] = tuple((ip_network(text), what) for text, what in _WHAT)
_UNICAST: Final = IPv6Network("2000::/3")
_CARRIERS: Final = ((IPv6Network("64:ff9b::/96"), 0), (IPv6Network("2002::/16"), 80))
"""IPv6 networks that carry IPv4 addresses, and how many bits lie behind those: NAT64 and 6to4."""
_COMPATIBLE: Final = IPv6Network("::/96")
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_LOW: Final = 0xFFFFFFFF


def spelled(host: str) -> Address | None:
    """The address that a host spells as some C library or browser reads it; None: it is a name.

    IPv4 in one to four parts, each decimal, octal or hexadecimal; IPv6 with or without brackets and zone. Raises
    ValueError for numbers that are no address, which one resolver refuses and another reads as it likes.
    Source: POSIX inet_addr; URL Standard, section 3.5.
    """
    bare = host.removeprefix("[").removesuffix("]")
    if ":" in bare:
        return IPv6Address(bare.partition("%")[0])
    parts = bare.removesuffix(".").split(".")
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):  # noqa: PLR2004 - an address has four bytes
        raise ValueError(f"{host[:80]!r} is no address")
    numbers = [_number(part) for part in parts]
    room = 256 ** (5 - len(numbers))
    if any(number > 255 for number in numbers[:-1]) or numbers[-1] >= room:  # noqa: PLR2004 - a byte
        raise ValueError(f"{host[:80]!r} is no address")
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value += number << (24 - 8 * place)
    return IPv4Address(value)


def carried(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to (mapped, NAT64, 6to4, ISATAP and the old compatible form)."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    for network, behind in _CARRIERS:
        if address in network:
            return IPv4Address((int(address) >> behind) & _LOW)
    if (int(address) >> 32) & _LOW in _ISATAP or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & _LOW)
    return address


def what_it_reaches(address: Address) -> str:
    """The class of an address that is not public, such as ``loopback``; empty for a public one."""
    inner = carried(address)
    for network, what in _CLASSES:
        if address in network or inner in network:
            return what
    if isinstance(inner, IPv6Address):
        return "" if inner in _UNICAST else "reserved"
    return "" if address is inner or _public_carrier(address) else "reserved"


def _public_carrier(address: Address) -> bool:
    """Whether an IPv6 address that carries a public IPv4 one is a way there that is in use."""
    assert isinstance(address, IPv6Address)
    return address.ipv4_mapped is not None or address in _UNICAST or address in _CARRIERS[0][0]


def _number(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text[0] == "0" else int(text)
