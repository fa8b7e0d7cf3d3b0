"""What ends is told by doctor, by /metrics, and by one warning at each stage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from prometheus_client import generate_latest

from moorage.certificates import Subject, issue, make_authority
from moorage.model.clock import now_ms
from moorage.model.credentials import Credentials, Keys, RolesAnywhere, Sas
from moorage.model.expiry import DAY_MS
from moorage.model.store import Connection, Provider, Store
from moorage.model.transaction import Facts
from moorage.settings import Settings
from moorage.wiring import open_offline
from moorage.wiring.doctor import health
from moorage.wiring.ending import Endings, Warned, note_days

NOW_MS = now_ms()


@dataclass
class Shelf:
    """A catalogue, and the daily look with a clock that is set by hand."""

    facts: Facts
    settings: Settings
    now_ms: int = NOW_MS

    def __post_init__(self) -> None:
        self.endings = Endings(self.facts, now_ms=lambda: self.now_ms)

    async def add(self, store: str, credentials: Credentials, **more: str) -> Store:
        azure = isinstance(credentials, Sas)
        connection = Connection(Provider.AZURE if azure else Provider.S3, credentials=credentials, **more)  # type: ignore[arg-type]  # texts only
        return await self.facts.write(lambda tx: tx.stores.add(Store(store, connection)))

    async def look(self, days: float) -> list[Warned]:
        """The look so many days later."""
        self.now_ms += round(days * DAY_MS)
        return await self.endings.look()

    async def doctor(self) -> list[tuple[str, str, str]]:
        lines = await health(self.settings, self.facts)
        return [line for line in lines if line[0].startswith("store ") and " end" in line[2]]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    settings = Settings.load({"data": tmp_path / "data"}, {}, tmp_path)
    async with open_offline(settings) as offline:
        yield Shelf(offline.facts, settings)


def sas(days: float) -> Sas:
    """One that ends so many days from now."""
    at = datetime.fromtimestamp((NOW_MS + days * DAY_MS) / 1000, UTC)
    return Sas("acc", f"sv=2022-11-02&sp=rl&se={at:%Y-%m-%dT%H:%M:%SZ}&sig=aHVzaA==")


async def test_each_stage_is_warned_of_once(shelf: Shelf) -> None:
    reef = await shelf.add("reef", sas(40))
    await shelf.add("keyed", Keys("a", "hush"))
    with structlog.testing.capture_logs() as logged:
        looks = [await shelf.look(days) for days in (0, 5, 6, 0.5, 20, 1, 6, 1, 1)]
    told = [[(one.what, one.days_left) for one in look] for look in looks]
    assert told == [
        [("SAS token", days)] if days is not None else [] for days in (None, None, 28, None, None, None, 1, 0, -1)
    ]
    assert all(one["stores"] == ["reef"] and one["log_level"] == "warning" for one in logged)
    assert "hush" not in str(logged)
    renewed = replace(reef, connection=replace(reef.connection, credentials=sas(41)))
    await shelf.facts.write(lambda tx: tx.stores.update(renewed))
    again = Endings(shelf.facts, now_ms=lambda: shelf.now_ms)
    assert [one.days_left for one in await again.look()] == [0]
    assert await Endings(shelf.facts, now_ms=lambda: shelf.now_ms).look() == [], "also after another start"


async def test_doctor_tells_the_days_and_what_to_do(shelf: Shelf) -> None:
    for name, days in (("a", 50.5), ("b", 6.5), ("c", 0.5), ("d", -0.5), ("e", 1.5)):
        await shelf.add(name, sas(days))
    await shelf.add("f", sas(2.5), name="lab", origin="remote_links.yml: lab")
    found = {name: (finding, sentence) for name, finding, sentence in await shelf.doctor()}
    assert [found[f"store {name}"][0] for name in "abcdef"] == ["ok", *["warning"] * 2, "failed", *["warning"] * 2]
    assert found["store a"][1].startswith("Its SAS token ends in 50 days, on ")
    assert found["store a"][1].endswith(" UTC.")
    assert found["store b"][1].endswith("Replace it: moorage store change b")
    assert "ends in less than a day, on" in found["store c"][1]
    assert found["store d"][1].startswith("Its SAS token ended on ")
    assert "ends in 1 day, on" in found["store e"][1]
    assert found["store f"][1].endswith("Replace it in remote_links.yml.")


async def test_of_a_certificate_and_its_authorities_the_first_end_is_named(shelf: Shelf) -> None:
    root = make_authority(Subject("Reef CA"), days=20)
    leaf = issue(root.certificate, root.private_key, Subject("reef"), days=10)
    anywhere = RolesAnywhere("a", "p", "r", leaf.certificate, leaf.private_key)
    await shelf.add("leaf", anywhere)
    await shelf.add("chain", replace(anywhere, certificate="", chain=root.certificate))
    await shelf.add("authority", Keys("a", "hush"), ca=root.certificate)
    whats = {one.stores[0]: one.what for one in await shelf.look(0)}
    assert whats == {
        "leaf": "certificate",
        "chain": "intermediate certificate",
        "authority": "certificate authority",
    }


async def test_metrics_tell_the_days_of_each_store_that_is_known_to_end(shelf: Shelf) -> None:
    reef = await shelf.add("reef", sas(6.25))
    over = await shelf.add("over", sas(-1))
    await shelf.add("keyed", Keys("a", "hush"))
    await note_days(shelf.facts)
    gauge = "moorage_store_credentials_days_left"
    shown = [line for line in generate_latest().decode().splitlines() if line.startswith(gauge)]
    told = {line.partition(" ")[0]: round(float(line.split()[-1]), 1) for line in shown}
    assert told == {f'{gauge}{{store="{over.id}"}}': -1.0, f'{gauge}{{store="{reef.id}"}}': 6.2}
    await shelf.facts.write(lambda tx: tx.stores.remove(reef.id))
    await note_days(shelf.facts)
    assert f'{gauge}{{store="{reef.id}"}}' not in generate_latest().decode()
