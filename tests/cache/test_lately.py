"""What was made lately is held in memory, up to a bound."""

from __future__ import annotations

import pytest

from moorage.model.lately import Lately
from moorage.model.variant import Rendered

pytestmark = pytest.mark.asyncio


def made(size: int) -> Rendered:
    return Rendered(bytes(size), "image/png", 1, 1)


async def test_what_nobody_asked_for_the_longest_time_goes_first() -> None:
    lately = Lately(most_bytes=100_000)
    for name in "abc":
        await lately.put(1, "key", name, made(30_000))
    assert await lately.get(1, "key", "a") == made(30_000)
    await lately.put(1, "key", "d", made(30_000))
    assert [name for name in "abcd" if lately.get_now(1, "key", name)] == ["a", "c", "d"]
    assert lately.total_bytes == 3 * 31_024
    assert await lately.lend(1, "key", "a") is None


async def test_a_repeat_replaces_and_what_is_too_large_is_not_held() -> None:
    lately = Lately(most_bytes=100_000)
    await lately.put(1, "key", "a", made(60_000))
    await lately.put(1, "key", "a", made(50_000))
    await lately.put(1, "key", "b", made(101_000))
    assert (lately.total_bytes, lately.get_now(1, "key", "a"), lately.get_now(1, "key", "b")) == (
        51_024,
        made(50_000),
        None,
    )
