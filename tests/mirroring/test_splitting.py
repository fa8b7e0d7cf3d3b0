"""Splitting asks the store little and cuts where keys lie on both sides."""

from __future__ import annotations

import pytest

from moorage.mirroring.splitting import MAX_PROBES, earlier_cuts, find_cuts, find_split
from moorage.model.keys import Key, key_bytes
from moorage.model.objects import ListingPage
from moorage.stores.memory import MemoryStore

LAYOUTS = {
    "flat": [f"img_{number:06}.jpg" for number in range(4000)],
    "folders": [f"2021/{month:02}/{number:04}.jpg" for month in range(1, 13) for number in range(300)],
    "hashes": [f"{number * 2654435761 % 2**32:08x}" for number in range(4000)],
    "one deep folder": [f"a/b/c/d/e/frame{number}.png" for number in range(4000)],
    "unicode": [f"données/é{number:05}" for number in range(3000)],
    "control characters": [f"\x01\x02{number:05}" for number in range(3000)],
    "undecodable": [f"\udcff{number:05}" for number in range(3000)],
}


class Counted(MemoryStore):
    calls = 0

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = 1000, delimiter: bool = False
    ) -> ListingPage:
        assert limit == 1
        self.calls += 1
        return await super().list_page(prefix, after=after, limit=limit, delimiter=delimiter)


async def filled(keys: list[str]) -> Counted:
    store = Counted()
    for key in keys:
        await store.put(Key(key), b"")
    return store


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("prefix", ["", "survey/"])
async def test_a_cut_has_keys_on_both_sides_and_costs_few_requests(layout: str, prefix: str) -> None:
    keys = sorted(key_bytes(prefix + key) for key in LAYOUTS[layout])
    store = await filled([prefix + key for key in LAYOUTS[layout]])
    low = keys[999]
    cut = await find_split(store, prefix, low, None)
    assert store.calls <= 2 * MAX_PROBES
    if layout in ("control characters", "undecodable"):
        return  # there a cut is luck; a scan runs in one partition then
    assert cut is not None
    right = sum(key > cut for key in keys)
    assert low < cut
    assert 0.05 < right / (len(keys) - 1000) < 0.95


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_cuts_ascend(layout: str) -> None:
    keys = sorted(key_bytes(key) for key in LAYOUTS[layout])
    store = await filled(LAYOUTS[layout])
    cuts = await find_cuts(store, "", keys[999])
    assert store.calls <= 4 * MAX_PROBES
    assert cuts == sorted(set(cuts))
    assert all(keys[999] < cut < keys[-1] for cut in cuts)
    assert len(cuts) <= 3


async def test_a_split_of_a_closed_interval_lies_inside_of_it() -> None:
    keys = LAYOUTS["flat"]
    cut = await find_split(await filled(keys), "", b"img_001000.jpg", b"img_002000.jpg")
    assert cut is not None
    assert b"img_001100" < cut < b"img_001900"


async def test_where_nothing_is_left_there_is_no_cut() -> None:
    store = await filled(["a", "b"])
    assert await find_split(store, "", b"b", None) is None
    assert await find_split(store, "", b"a", b"a") is None


def test_cuts_of_an_earlier_scan_are_taken_evenly() -> None:
    bounds = [b"b", None, b"d", b"a", b"f", b"d", b"h", b"k", b"m", b"p"]
    assert earlier_cuts(bounds, b"a", 3) == [b"d", b"h", b"m"]
    assert earlier_cuts(bounds, b"k", 3) == [b"m", b"p"]
    assert earlier_cuts([None], b"", 3) == []
