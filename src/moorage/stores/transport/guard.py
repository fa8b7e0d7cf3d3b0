"""The address guard: which hosts a server may be made to talk to by people whom it does not trust with its network.

Checked before a request (what the host spells), when its name was looked up (every answer), and at the moment of
connecting (the very address that the socket goes to), so that a name that changes meanwhile leads nowhere else.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType
from aiohttp.resolver import ThreadedResolver

from moorage.model.errors import AddressRefused, Invalid
from moorage.model.hosts import Network, door_of, is_host_name, network_of, plain
from moorage.stores.transport.spellings import METADATA, Address, carried, spelled, what_it_reaches

ITSELF: Final = "this server itself"
MACHINE: Final = "this machine"
UNLISTED: Final = "not listed"
_LOOKING_FOR: ContextVar[str] = ContextVar("moorage_guarded_host", default="")


class Barred(OSError):
    """An address that the guard does not let through; ``refused`` says it to people."""

    def __init__(self, refused: AddressRefused) -> None:
        super().__init__("barred by the address guard")
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets public addresses through, and what is listed; never this server's own port.

    Services of clouds that hand out credentials are let through by their address only, never by a name.
    """

    setting: str
    """The setting that lists what is let through besides."""
    hosts: frozenset[str] = frozenset()
    """Names in lower case, perhaps with a port; ``*.example.org`` stands for every name below."""
    networks: tuple[Network, ...] = ()
    doors: tuple[tuple[Network, int], ...] = ()
    """Networks, and addresses, that are let through on one port only."""
    public: bool = True
    """False: only what is listed is let through."""
    strict: bool = False
    """Plain http leads only to what is listed, and nothing that is listed opens the metadata of a cloud."""
    own_port: int = 0
    """The port on which this server listens; 0: it does not."""
    resolver: Callable[[], AbstractResolver] = ThreadedResolver

    @classmethod
    def of(
        cls, words: Iterable[str], *, setting: str, public: bool = True, strict: bool = False, own_port: int = 0
    ) -> Guard:
        """A guard with a list of host names and networks, each perhaps with ``:port``.

        Raises Invalid, naming the setting, for other words.
        """
        hosts, networks, doors = set(), list[Network](), list[tuple[Network, int]]()
        for word in words:
            host, port = door_of(word)
            network = network_of(host)
            if network is not None and port:
                doors.append((network, port))
            elif network is not None:
                networks.append(network)
            elif is_host_name(host):
                hosts.add(f"{plain(host)}:{port}" if port else plain(host))
            else:
                raise Invalid(
                    f"{word[:80]!r} in {setting} is neither a host name nor a network.",
                    "Write names such as media.example.org, *.example.org or media.example.org:9000, and networks "
                    "such as 10.1.0.0/16.",
                    field=setting,
                )
        return cls(setting, frozenset(hosts), tuple(networks), tuple(doors), public, strict, own_port)

    def names(self, host: str, port: int = 0) -> bool:
        """Whether the list names exactly this host: by its name, or by the one address that it is."""
        name = plain(host)
        ways = [name, *(f"*.{above}" for above in _above(name))]
        if any(way in self.hosts or f"{way}:{port}" in self.hosts for way in ways):
            return True
        try:
            address = spelled(name)
        except ValueError:
            return False
        single = [network for network in self._networks(port) if network.num_addresses == 1]
        return any(address == network.network_address for network in single)

    def admit_scheme(self, scheme: str, host: str, port: int) -> None:
        """Raise AddressRefused for plain http, where this guard is strict and the host is not listed."""
        if not self.strict or scheme == "https" or self.names(host, port) or self._opens(plain(host), port):
            return
        shown = plain(host)[:200]
        raise AddressRefused(
            f"Moorage does not send keys to {shown} by plain http, where anybody on the way can read them. "
            "No request was made.",
            f"Use https, or let an admin add {shown} to {self.setting}.",
            code="PlainHttp",
            host=shown,
            reach="plain http",
            setting=self.setting,
        )

    def admit(self, host: str, port: int) -> None:
        """Raise AddressRefused or Invalid for a host that need not be looked up to be refused. No request is made."""
        try:
            address = spelled(plain(host)) if host.isascii() and host else None
        except ValueError:
            raise _unreadable(host) from None
        if address is None:
            self._admit_name(host, port)
            return
        self.check(address, port, host)
        if "%" in host or (isinstance(address, IPv4Address) and str(address) != host):
            raise Invalid(
                f"{host[:80]!r} is an odd spelling of the address {address}. No request was made.",
                f"Write {address}.",
                field="address",
            )

    def check(self, address: Address, port: int, host: str) -> None:
        """Raise AddressRefused for an address that ``host`` must not lead to."""
        what = self._bars(address, port, host)
        if what:
            raise self._refused(host, what)

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """A socket for exactly this address. Raises Barred."""
        family, kind, protocol, _, place = info
        host = _LOOKING_FOR.get()
        try:
            self.check(ip_address(str(place[0]).partition("%")[0]), int(place[1]), host or str(place[0]))
        except AddressRefused as refused:
            raise Barred(refused) from refused
        except ValueError as exc:
            raise Barred(self._refused(host, "unreadable")) from exc
        return socket.socket(family, kind, protocol)

    def _admit_name(self, host: str, port: int) -> None:
        name = plain(host)
        if not is_host_name(name) or "*" in name:
            raise _unreadable(host)
        if (name == "localhost" or name.endswith(".localhost")) and not (
            self.names(name, port) or self._opens("127.0.0.1", port)
        ):
            raise self._refused(host, "loopback")
        if not self.public and not self._networks(port) and not self.names(name, port):
            raise self._refused(host, UNLISTED)

    def _networks(self, port: int) -> list[Network]:
        return [*self.networks, *(network for network, one in self.doors if one == port)]

    def _opens(self, host: str, port: int) -> bool:
        """Whether the host spells an address in a network that is listed."""
        try:
            address = spelled(host)
        except ValueError:
            return False
        return address is not None and any(address in network for network in self._networks(port))

    def _bars(self, address: Address, port: int, host: str) -> str:
        """Why an address is not let through; empty: it is."""
        inner = carried(address)
        what = what_it_reaches(address)
        here = what in ("loopback", "unspecified") or is_this_machine(inner)
        if self.own_port and port == self.own_port and here:
            return ITSELF
        if what == METADATA and self.strict:
            return what
        if any(address in network or inner in network for network in self._networks(port)):
            return ""
        if what == METADATA:
            return what
        if self.names(host, port):
            return ""
        return what or (MACHINE if here else "") or ("" if self.public else UNLISTED)

    def _refused(self, host: str, what: str) -> AddressRefused:
        shown = plain(host)[:200]
        needed = "its address" if what == METADATA else shown
        mend = f" If this one is meant, an admin adds {needed} to {self.setting}."
        if what == ITSELF or (what == METADATA and self.strict):
            mend = ""
        # Where a name leads to inside a network is not told to who can only name it.
        return AddressRefused(
            f"Moorage does not connect to {shown}: its address is not public ({what}). No request was made."
            if what != UNLISTED
            else f"Moorage does not connect to {shown}: it is not listed. No request was made.",
            f"Use a public address.{mend}",
            code="AddressRefused",
            host=shown,
            reach=what,
            setting=self.setting,
        )


class GuardedResolver(AbstractResolver):
    """Looks names up and refuses a name of which any answer is barred, for whichever of them would be connected to."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = guard.resolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises Barred."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            try:
                self._guard.check(ip_address(one["host"].partition("%")[0]), port, host)
            except AddressRefused as refused:
                raise Barred(refused) from refused
        return found

    async def close(self) -> None:
        """Let the resolver go."""
        await self._inner.close()


@contextmanager
def watched(guard: Guard | None, host: str, port: int, scheme: str) -> Iterator[None]:
    """Enter it around a request: sockets that are opened meanwhile are for this host. Raises as ``admit`` does."""
    if guard is None:
        yield
        return
    guard.admit(host, port)
    guard.admit_scheme(scheme, host, port)
    token = _LOOKING_FOR.set(host)
    try:
        yield
    finally:
        _LOOKING_FOR.reset(token)


def barred_by(error: BaseException) -> AddressRefused | None:
    """The refusal that a failed exchange ended with, if that is why it failed."""
    inner = getattr(error, "os_error", error)
    return inner.refused if isinstance(inner, Barred) else None


def is_this_machine(address: Address) -> bool:
    """Whether the system reaches the address without leaving this machine. Nothing is sent."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return str(probe.getsockname()[0]).partition("%")[0] == str(address)
    except OSError:
        return False


def _above(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[count:]) for count in range(1, len(labels))]


def _unreadable(host: str) -> Invalid:
    return Invalid(
        f"{host[:80]!r} is not the name or address of a host. No request was made.",
        "Write a host such as media.example.org.",
        field="address",
    )
