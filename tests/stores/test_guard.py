"""The address guard: no spelling, name or change of mind of a name server leads where it bars."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moorage.model.errors import AddressRefused, Invalid, MoorageError
from moorage.stores.transport import Answer, Guard, Purpose, Request, Transport, client
from moorage.stores.transport.guard import Barred, is_this_machine
from moorage.stores.transport.spellings import spelled, what_it_reaches
from stores.faulty import QUICK, Faulty, faulty, says
from stores.lookups import Says

SETTING = "MOORAGE_TRIAL_ALLOW"
GUARD = Guard.of((), setting=SETTING)
BARRED = {
    "0.0.0.0": "unspecified",
    "10.1.2.3": "private",
    "100.64.0.1": "carrier's own",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "cloud metadata",
    "169.254.1.1": "link-local",
    "169.254.169.254": "cloud metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.0.1": "private",
    "198.18.0.1": "benchmarking",
    "224.0.0.1": "multicast",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "loopback",
    "::ffff:10.0.0.1": "private",
    "::ffff:169.254.169.254": "cloud metadata",
    "64:ff9b::a00:1": "private",
    "64:ff9b:1::1": "reserved",
    "2002:7f00:1::": "loopback",
    "2002:a9fe:a9fe::1": "cloud metadata",
    "2001:0:1234::1": "tunnel",
    "2a00:1450::5efe:7f00:1": "loopback",
    "fd12:3456::1": "private",
    "fd00:ec2::254": "cloud metadata",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
    "4000::1": "reserved",
}
PUBLIC = ("1.1.1.1", "93.184.216.34", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101")
addresses = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)


@pytest.mark.parametrize(("host", "what"), BARRED.items())
def test_what_is_not_public_is_barred_and_named(host: str, what: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        GUARD.admit(host, 443)
    told = caught.value
    assert (told.reach, told.setting) == (what, SETTING)
    assert told.host == host.lower()
    assert host.lower() in told.message
    assert what in told.message
    assert SETTING in told.advice


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_are_let_through(host: str) -> None:
    GUARD.admit(host, 443)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1."])
def test_names_of_the_loopback_are_barred_without_a_look(host: str) -> None:
    with pytest.raises((AddressRefused, Invalid)):
        GUARD.admit(host, 443)


@pytest.mark.parametrize(
    "host", ["", "256.1.1.1", "1.2.3.4.5", "08.1.1.1", "0x1g.1", "1.2.3.999999", "foo.1", "a b", "a/b",
             "\uff11\uff12\uff17.0.0.1", "\u24db\u24de\u24d2\u24d0\u24dbhost", "*.example.org", "-a.example",
             "a..b", ".", "[::g", "::g", "a@b", "x" * 64 + ".org"]
)  # fmt: skip
def test_what_is_no_host_is_invalid(host: str) -> None:
    with pytest.raises(Invalid):
        GUARD.admit(host, 443)


def spellings(address: ipaddress.IPv4Address) -> list[str]:
    """Forms of an IPv4 address that C libraries and browsers read."""
    number = int(address)
    a, b, c, d = address.packed
    low = number & 0xFFFFFF
    return [
        str(number), hex(number), f"0{number:o}", f"{a}.{low}", f"{a:#x}.{low:#x}", f"{a}.{b}.{number & 0xFFFF}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a:#x}.{b}.0{c:o}.{d}", f"{a:#04X}.{b}.{c}.{d:#x}", f"00{a:o}.{low}",
    ]  # fmt: skip


@given(addresses)
def test_every_spelling_is_the_address_that_the_c_library_reads(address: ipaddress.IPv4Address) -> None:
    for text in spellings(address):
        assert spelled(text) == address
        assert socket.inet_aton(text) == address.packed


@given(addresses)
def test_no_odd_spelling_passes_and_none_of_a_barred_address_is_read_as_another(address: ipaddress.IPv4Address) -> None:
    expected = what_it_reaches(address)
    for text in spellings(address):
        if text == str(address):
            continue
        with pytest.raises(AddressRefused if expected else Invalid) as caught:
            GUARD.admit(text, 443)
        assert getattr(caught.value, "reach", "") == expected


@given(addresses)
def test_an_ipv6_address_that_carries_another_reaches_what_that_one_does(address: ipaddress.IPv4Address) -> None:
    expected, number = what_it_reaches(address), int(address)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    nat64 = ipaddress.IPv6Address((0x64FF9B << 96) | number)
    six_to_four = ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1)
    for carrier in (mapped, nat64, six_to_four):
        assert what_it_reaches(carrier) == expected
        for text in (str(carrier), carrier.exploded, f"[{carrier}]"):
            assert what_it_reaches(spelled(text) or address) == expected
    if expected and number > 1:
        assert what_it_reaches(ipaddress.IPv6Address(number)) == expected


@given(st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address))
def test_nothing_passes_that_the_standard_library_calls_private(address: ipaddress.IPv6Address) -> None:
    if not what_it_reaches(address):
        assert address.is_global
        assert not address.is_multicast


@given(addresses)
def test_no_ipv4_address_passes_that_the_standard_library_calls_private(address: ipaddress.IPv4Address) -> None:
    if not what_it_reaches(address):
        assert address.is_global


@given(st.text(max_size=40))
def test_any_text_is_a_host_or_an_error_of_ours(host: str) -> None:
    with suppress(MoorageError):
        GUARD.admit(host, 443)


def test_the_list_lets_through_names_and_networks_and_nothing_beside_them() -> None:
    guard = Guard.of(["media.lan", "*.lab.example", "10.1.0.0/16", "192.168.7.7", "fd00::/8"], setting=SETTING)
    for host in ("10.1.2.3", "::ffff:10.1.2.3", "192.168.7.7", "fd00::5"):
        guard.admit(host, 443)
    for host in ("10.2.0.1", "192.168.7.8", "127.0.0.1", "localhost"):
        with pytest.raises(AddressRefused):
            guard.admit(host, 443)
    private = ipaddress.ip_address("10.9.9.9")
    for host in ("media.lan", "MEDIA.LAN.", "a.lab.example", "a.b.lab.example"):
        guard.check(private, 443, host)
    for host in ("lab.example", "media.lan.example", "xmedia.lan"):
        with pytest.raises(AddressRefused):
            guard.check(private, 443, host)
    assert guard.names("192.168.7.7")
    assert not guard.names("10.1.2.3")


def test_a_name_never_opens_the_metadata_of_a_cloud_but_its_address_does() -> None:
    address = ipaddress.ip_address("169.254.169.254")
    with pytest.raises(AddressRefused) as caught:
        Guard.of(["meta.lan"], setting=SETTING).check(address, 80, "meta.lan")
    assert caught.value.reach == "cloud metadata"
    Guard.of(["169.254.169.254"], setting=SETTING).check(address, 80, "meta.lan")


def test_a_guard_of_listed_hosts_bars_the_public_rest() -> None:
    guard = Guard.of(["s3.amazonaws.com", "*.s3.amazonaws.com"], setting=SETTING, public=False)
    guard.admit("s3.amazonaws.com", 443)
    guard.check(ipaddress.ip_address("1.1.1.1"), 443, "bucket.s3.amazonaws.com")
    for host in ("example.org", "1.1.1.1"):
        with pytest.raises(AddressRefused) as caught:
            guard.admit(host, 443)
        assert caught.value.reach == "not listed"
    with pytest.raises(AddressRefused):
        guard.check(ipaddress.ip_address("10.0.0.1"), 443, "example.org")


@pytest.mark.parametrize("word", ["http://a.example", "a b", "10.0.0.0/33", "10.0.0.1/8", "", "a/b", "1.2.3.4.5"])
def test_a_word_that_is_no_host_and_no_network_is_refused(word: str) -> None:
    with pytest.raises(Invalid) as caught:
        Guard.of([word], setting=SETTING)
    assert caught.value.field == SETTING


def test_addresses_of_this_machine_are_known() -> None:
    assert is_this_machine(ipaddress.ip_address("127.0.0.1"))
    assert not is_this_machine(ipaddress.ip_address("192.0.2.1"))


# At the moment of connecting


@pytest.fixture
async def server() -> AsyncIterator[Faulty]:
    async with faulty(says(200, "inside")) as server:
        yield server


async def fetch(guard: Guard, url: str) -> Answer:
    transport = Transport(limits=QUICK, guard=guard)
    try:
        return await transport.send(lambda: Request("get", "GET", url, {}), purpose=Purpose.READING, collect_bytes=99)
    finally:
        await transport.aclose()


@pytest.mark.parametrize("found", [["127.0.0.1"], ["127.0.0.2"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]])
async def test_a_name_that_leads_inside_is_not_connected_to(server: Faulty, found: list[str]) -> None:
    guard = replace(GUARD, resolver=lambda: Says([found]))
    with pytest.raises(AddressRefused) as caught:
        await fetch(guard, f"http://media.example:{server.port}/x")
    assert caught.value.reach == "loopback"
    assert "127.0.0" not in str(caught.value)
    assert server.asked == []


async def test_a_name_that_turns_inside_after_the_look_is_not_connected_to(
    server: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was looked up and checked before: the socket is checked for the very address that it goes to."""
    turned = Says([["127.0.0.1"]])
    monkeypatch.setattr(client, "GuardedResolver", lambda _guard: turned)
    with pytest.raises(AddressRefused) as caught:
        await fetch(GUARD, f"http://media.example:{server.port}/x")
    assert caught.value.host == "media.example"
    assert turned.asked == ["media.example"]
    assert server.asked == []
    with pytest.raises(Barred):
        GUARD.open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("2130706433", server.port)))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
             "localhost", "127.0.0.1."]
)  # fmt: skip
async def test_no_spelling_of_the_loopback_reaches_a_server_there(server: Faulty, host: str) -> None:
    with pytest.raises((AddressRefused, Invalid)):
        await fetch(GUARD, f"http://{host}:{server.port}/x")
    assert server.asked == []


async def test_what_is_listed_is_reached(server: Faulty) -> None:
    named = Guard.of(["media.example"], setting=SETTING)
    assert (
        await fetch(replace(named, resolver=lambda: Says([["127.0.0.1"]])), f"http://media.example:{server.port}/")
    ).ok
    assert (await fetch(Guard.of(["127.0.0.0/8"], setting=SETTING), f"{server.endpoint}/")).ok
    assert (await fetch(Guard.of(["localhost"], setting=SETTING), f"http://localhost:{server.port}/")).ok


async def test_the_servers_own_port_is_barred_whatever_is_listed(server: Faulty) -> None:
    guard = Guard.of(["127.0.0.0/8", "media.example"], setting=SETTING, own_port=server.port)
    for asked in (guard, replace(guard, resolver=lambda: Says([["127.0.0.1"]]))):
        host = "127.0.0.1" if asked is guard else "media.example"
        with pytest.raises(AddressRefused) as caught:
            await fetch(asked, f"http://{host}:{server.port}/")
        assert caught.value.reach == "this server itself"
    assert server.asked == []


async def test_proxies_of_the_environment_are_not_used(server: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, server.endpoint)
    with pytest.raises(MoorageError):
        await fetch(replace(GUARD, resolver=lambda: Says([["10.0.0.1"]])), "http://media.example/x")
    assert server.asked == []
