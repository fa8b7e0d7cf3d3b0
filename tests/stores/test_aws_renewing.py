"""Keys of roles are asked for once, renewed ahead, and kept as long as they are good."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

import pytest

from moorage.model.credentials import Keys
from moorage.model.errors import StoreDenied, StoreUnreachable
from moorage.stores.aws import Minted, Renewing

HOUR = 3600.0


@dataclass
class Source:
    """Gives keys that live an hour by a clock that stands until it is moved."""

    now: float = 1_000_000.0
    life_s: float = HOUR
    asked: int = 0
    fault: Exception | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self.renewing = Renewing(self.fetch, now=lambda: self.now)

    async def fetch(self) -> Minted:
        self.asked += 1
        await self.gate.wait()
        if self.fault:
            raise self.fault
        return Minted(Keys(f"key-{self.asked}", "secret", "token"), self.now + self.life_s)

    async def key(self, *, long: bool = False) -> str:
        return (await self.renewing.current(long=long)).keys.access_key


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_fetch_serves_all_who_wait() -> None:
    source = Source()
    assert set(await asyncio.gather(*(source.key() for _ in range(50)))) == {"key-1"}
    assert source.asked == 1


async def test_one_who_gives_up_waiting_does_not_take_the_keys_from_the_others() -> None:
    source = Source()
    source.gate.clear()
    hasty, patient = asyncio.create_task(source.key()), asyncio.create_task(source.key())
    await settle()
    hasty.cancel()
    await settle()
    source.gate.set()
    assert await patient == "key-1"
    assert source.asked == 1


async def test_they_are_renewed_in_the_background_from_a_quarter_of_an_hour_before_their_end() -> None:
    source = Source()
    await source.key()
    source.now += HOUR - 901
    assert (await source.key(), source.asked) == ("key-1", 1)
    source.now += 2
    source.gate.clear()
    assert await source.key() == "key-1", "nobody waits while the old ones are good"
    assert await source.key() == "key-1"
    source.gate.set()
    await settle()
    assert (await source.key(), source.asked) == ("key-2", 2)


async def test_of_a_shorter_life_the_last_quarter_is_enough() -> None:
    source = Source(life_s=100)
    await source.key()
    source.now += 74
    assert (await source.key(), source.asked) == ("key-1", 1)
    source.now += 2
    await source.key()
    await settle()
    assert (await source.key(), source.asked) == ("key-2", 2)


async def test_what_is_signed_for_long_waits_for_the_new_ones() -> None:
    source = Source()
    await source.key(long=True)
    source.now += HOUR - 600
    assert await source.key(long=True) == "key-2"
    source.now += HOUR - 600
    source.fault = StoreUnreachable("Nobody answers.")
    assert await source.key(long=True) == "key-2", "the old ones are better than none"


async def test_a_failed_renewal_keeps_the_old_keys_until_their_end_and_is_no_storm() -> None:
    source = Source()
    await source.key()
    source.now += HOUR - 900
    source.fault = StoreUnreachable("Nobody answers.")
    for _ in range(899):
        source.now += 1
        assert await source.key() == "key-1"
        await settle()
    assert source.asked < 60
    source.now += 2
    with pytest.raises(StoreUnreachable):
        await source.key()
    source.fault = None
    source.now += 15
    assert await source.key() == "key-" + str(source.asked)


async def test_without_keys_a_failure_is_told_to_all_and_asked_for_again_after_a_pause_only() -> None:
    source = Source(fault=StoreDenied("It does not trust us.", code="RoleRefused"))
    told = await asyncio.gather(*(source.key() for _ in range(50)), return_exceptions=True)
    assert all(isinstance(one, StoreDenied) and one.code == "RoleRefused" for one in told)
    assert len({id(one) for one in told}) == 50, "each may note its own store on it"
    for _ in range(600):
        source.now += 0.1
        with pytest.raises(StoreDenied):
            await source.key()
    assert source.asked < 16
    source.fault = None
    source.now += 15
    await source.key()


async def test_keys_that_end_before_they_arrive_are_no_keys() -> None:
    source = Source(life_s=-5)
    with pytest.raises(StoreUnreachable, match="clock"):
        await source.key()


async def test_keys_without_an_end_are_kept() -> None:
    source = Source(life_s=math.inf)
    await source.key()
    source.now += 1e9
    assert (await source.key(), source.asked) == ("key-1", 1)


async def test_refused_keys_are_replaced_once_and_new_ones_not_at_all() -> None:
    source = Source()
    old = await source.renewing.current()
    assert not source.renewing.drop(old), "they are seconds old: others would be refused too"
    source.now += 60
    assert source.renewing.drop(old)
    assert source.renewing.drop(old), "somebody else dropped them meanwhile"
    assert set(await asyncio.gather(*(source.key() for _ in range(20)))) == {"key-2"}
    assert source.renewing.drop(old)
    assert (await source.key(), source.asked) == ("key-2", 2)


async def test_closing_ends_what_is_under_way() -> None:
    source = Source()
    source.gate.clear()
    waiting = asyncio.create_task(source.key())
    await settle()
    await source.renewing.aclose()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await source.renewing.aclose()
