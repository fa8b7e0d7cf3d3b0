"""What an origin refused is refused again for a moment without asking it, and no longer than anything is the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from cache.test_variants import Clock
from moorage.model.errors import ObjectNotFound, StoreDenied, StoreUnreachable
from moorage.model.keys import ETag, Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Connection, Provider, Store, StoreId
from moorage.reading.refusals import Origin, Refusals

KEY = Key("reef.mp4")
STORE = Store("reef", Connection(Provider.S3), id=StoreId(7))
ABSENT = ObjectNotFound("It is gone.", "Look.", "reef", "bucket", KEY)
DENIED = StoreDenied("No.", "Ask.", "reef", "bucket", KEY)
DOWN = StoreUnreachable("No answer.", "Try again.")


@dataclass(eq=False)
class Refusing:
    """A store that refuses, and counts."""

    error: Exception | None
    asked: int = 0

    async def stat(self, key: Key) -> ObjectInfo:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return ObjectInfo(key, 1, ETag("v1"), 0)

    async def get(self, key: Key, **_: Any) -> Any:
        return await self.stat(key)


@dataclass
class Asking:
    origin: Origin
    store: Refusing
    clock: Clock

    async def ask(self, times: int = 1, key: Key = KEY) -> int:
        """Ask so often, one way and the other; how often the store was asked for it."""
        before = self.store.asked
        for number in range(times):
            with pytest.raises((ObjectNotFound, StoreDenied, StoreUnreachable)) as caught:
                await (self.origin.get if number % 2 else self.origin.stat)(key)
            assert str(caught.value) == str(self.store.error)
        return self.store.asked - before


def asking(error: Exception) -> Asking:
    clock, store = Clock(), Refusing(error)
    return Asking(Origin(STORE, cast("Any", store), Refusals(clock=clock), "v1"), store, clock)


@pytest.mark.parametrize(("error", "life_s"), [(ABSENT, 30), (DENIED, 5)])
async def test_a_refusal_is_kept_for_its_time_and_for_its_key(error: Exception, life_s: float) -> None:
    one = asking(error)
    assert await one.ask(5) == 1
    one.clock.now += life_s - 0.1
    assert await one.ask(5) == 0
    assert await one.ask(2, Key("other")) == 1
    one.clock.now += 0.2
    assert await one.ask(5) == 1


async def test_an_origin_that_is_down_is_asked_each_time() -> None:
    assert await asking(DOWN).ask(5) == 5


async def test_a_refusal_ends_when_anything_is_known_of_the_object_that_was_not() -> None:
    one = asking(ABSENT)
    await one.ask()
    one.origin = replace(one.origin, known="v2")
    assert await one.ask(3) == 1


async def test_a_refusal_ends_with_its_adapter_which_new_credentials_replace() -> None:
    one = asking(DENIED)
    await one.ask()
    again = Refusing(None)
    assert (await replace(one.origin, adapter=cast("Any", again)).stat(KEY)).key == KEY
    assert again.asked == 1


@pytest.mark.parametrize("what", [(), (STORE.id,), (STORE.id, KEY)])
async def test_refusals_are_forgotten_when_that_is_asked_for(what: tuple[Any, ...]) -> None:
    one = asking(ABSENT)
    await one.ask()
    one.origin.refusals.forget(StoreId(8))
    one.origin.refusals.forget(STORE.id, Key("other"))
    assert await one.ask() == 0
    one.origin.refusals.forget(*what)
    assert await one.ask() == 1


async def test_no_more_than_ten_thousand_are_remembered() -> None:
    one = asking(ABSENT)
    for number in range(10_001):
        await one.ask(1, Key(f"{number}"))
    assert await one.ask(1, Key("10000")) == 0
    assert await one.ask(1, Key("0")) == 1
