"""Where the server is, and by which other addresses browsers came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moorage.model.clock import now_ms
from moorage.settings import Settings
from moorage.wiring import health, open_offline, places
from moorage.wiring.addresses import AGAIN_MS, KEPT, SHOWN_MS, SeenAddresses, elsewhere, origin_of
from moorage.wiring.directory import Directory, Lock, Served, address_of
from servers.moorage import Moorage

OURS = "http://127.0.0.1:8080/moorage"
WARNED = (
    "A browser came by https://media.example.org, but MOORAGE_PUBLIC_URL is http://127.0.0.1:8080: "
    "signing in from there is refused. Set it to the address that people use."
)
DAY_MS = 24 * 3600 * 1000


class Clock:
    """Milliseconds that a test moves."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Media.Example.org/moorage/sign-in", "https://media.example.org"),
        ("https://media.example.org:443", "https://media.example.org"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("null", ""),
        ("ftp://media.example.org", ""),
        ("https://user@media.example.org", ""),
        ("https://media.example.org:port", ""),
        ("https://<b>", ""),
        ("https://" + "a" * 300, ""),
        ("https://ex\nample.org", ""),
        ("", ""),
    ],
)
def test_an_origin_is_taken_out_of_an_address_or_nothing(address: str, origin: str) -> None:
    assert origin_of(address) == origin


async def test_addresses_are_written_once_a_minute_and_shown_for_a_week(tmp_path: Path) -> None:
    settings, clock = Settings.load({"data": tmp_path / "data"}, {}, tmp_path), Clock()
    async with open_offline(settings) as offline:
        seen = SeenAddresses(offline.facts, OURS, now_ms=clock)

        async def shown() -> list[str]:
            await seen.save()
            return await offline.facts.read(lambda tx: elsewhere(tx, OURS, clock.ms))

        async def stored() -> bytes | None:
            return await offline.facts.read(lambda tx: tx.instance.get("addresses seen"))

        seen.note("http://127.0.0.1:8080")
        assert await shown() == []
        seen.note("https://media.example.org/moorage/")
        assert await shown() == ["https://media.example.org"]
        before = await stored()
        clock.ms += AGAIN_MS - 1
        seen.note("https://media.example.org")
        assert await shown() == ["https://media.example.org"]
        assert await stored() == before
        clock.ms += DAY_MS
        seen.note("http://localhost:8080")
        assert await shown() == ["http://localhost:8080", "https://media.example.org"]
        clock.ms += SHOWN_MS - DAY_MS + 1
        assert await shown() == ["http://localhost:8080"]
        clock.ms += AGAIN_MS
        for number in range(1000):
            seen.note(f"http://host-{number}.example")
        assert len(await shown()) == KEPT
        assert len(json.loads(await stored() or b"{}")) == KEPT


async def test_doctor_tells_of_an_address_that_cannot_sign_in_until_it_is_the_public_one(tmp_path: Path) -> None:
    settings = Settings.load({"data": tmp_path / "data", "public_url": "http://127.0.0.1:8080"}, {}, tmp_path)
    async with open_offline(settings) as offline:
        seen = SeenAddresses(offline.facts, settings.public_address, now_ms=now_ms)
        seen.note("https://media.example.org")
        await seen.save()
        warned = [line for line in await health(settings, offline.facts) if line[1] == "warning"]
        assert warned == [
            (
                "public address",
                "warning",
                WARNED,
            )
        ]
        mended = Settings.load({"data": tmp_path / "data", "public_url": "https://media.example.org"}, {}, tmp_path)
        assert not [line for line in await health(mended, offline.facts) if line[1] == "warning"]


def test_a_server_on_another_port_is_where_commands_say_it_is(tmp_path: Path) -> None:
    with Moorage(tmp_path / "data") as server:
        assert json.loads(server.run("where", "--json").stdout)["public address"] == server.address
        assert server.run("user", "link", "admin@localhost").stdout.startswith(f"{server.address}/sign-in/")
        assert f"public address\tok\t{server.address}" in server.run("doctor").stdout
    assert json.loads(server.run("where", "--json").stdout)["public address"] == "http://127.0.0.1:8080"


def test_the_address_of_a_process_that_serves_none_is_that_of_the_settings(tmp_path: Path) -> None:
    settings = Settings.load({"data": tmp_path, "port": 81}, {}, tmp_path)
    with Lock(Directory(tmp_path)):
        assert address_of(settings) == "http://127.0.0.1:81"
        assert "process" in places(settings)["held by"]
    with Lock(Directory(tmp_path), Served("https://media.example.org/moorage", "http://127.0.0.1:1", "secret")):
        assert address_of(settings) == "https://media.example.org/moorage"
    with Lock(Directory(tmp_path), Served("http://h", "http://h", "secret")):
        assert address_of(settings) == "http://h"
    assert address_of(settings) == "http://127.0.0.1:81"
