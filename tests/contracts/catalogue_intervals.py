"""Intervals of full keys over rows that know folder and name only, against a naive reference."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from itertools import pairwise

import pytest

from contracts.catalogue_rows import Moored, ids_of, moor, plant, split
from moorage.model.catalogue import Gone, ItemId
from moorage.model.transaction import Facts, Transaction

LETTERS = [
    b"",
    b"a",
    b"a",
    b"b",
    b"aa",
    b"a!",
    b"a0",
    b".",
    b"..",
    b"\x00",
    b"/",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xff",
]


def random_key(chance: random.Random) -> bytes:
    """A key of up to five odd segments."""
    return b"/".join(chance.choice(LETTERS) for _ in range(chance.randrange(1, 6)))


def random_end(chance: random.Random, keys: list[bytes]) -> bytes | None:
    """An end of an interval: a key, near a key, a folder, anything, or none."""
    kind = chance.randrange(6)
    if kind == 0:
        return None
    if kind == 1:
        return random_key(chance)
    key = chance.choice(keys)
    return (key, key + chance.choice([b"\x00", b"/", b"0", b"\xff"]), split(key)[0], key[:-1])[kind - 2]


def inside(key: bytes, after: bytes | None, upto: bytes | None) -> bool:
    """The promise: (after, upto] by the order of bytes."""
    return (after is None or key > after) and (upto is None or key <= upto)


def _told(
    keys: Iterable[bytes], odd: Mapping[bytes, tuple[int, str, str]] | None = None
) -> dict[bytes, list[tuple[bytes, int, str, str]]]:
    """What ``unchanged`` is asked for rows that ``plant`` made, but with other facts of the ``odd`` ones."""
    told: dict[bytes, list[tuple[bytes, int, str, str]]] = {}
    for key in sorted(keys):
        path, name = split(key)
        told.setdefault(path, []).append((name, *(odd or {}).get(key, (1, "etag-1", ""))))
    return told


class IntervalsContract:
    """``between`` and ``gone_between``."""

    @pytest.mark.parametrize("seed", range(12))
    async def test_an_interval_holds_exactly_the_keys_between_its_ends(self, facts: Facts, seed: int) -> None:
        chance = random.Random(seed)
        keys = sorted({random_key(chance) for _ in range(chance.randrange(1, 60))})
        dead = set(chance.sample(keys, len(keys) // 3))
        ends = [(random_end(chance, keys), random_end(chance, keys)) for _ in range(60)]

        def prepare(tx: Transaction) -> Moored:
            moored, other = moor(tx), moor(tx, name="other")
            plant(tx, moored, keys)
            plant(tx, other, keys)
            ids = ids_of(tx, moored)
            tx.items.bury([ItemId(ids[key]) for key in dead], Gone.VANISHED)
            return moored

        moored = await facts.write(prepare)

        def compare(tx: Transaction) -> None:
            for after, upto in ends:
                expected = [key for key in keys if inside(key, after, upto)]
                rows = tx.items.between(moored.tree, after, upto)
                assert sorted(row.path + row.name for row in rows) == [key for key in expected if key not in dead]
                gone = tx.items.gone_between(moored.tree, after, upto)
                assert sorted(path + name for path, name in gone) == [key for key in expected if key in dead]

        await facts.read(compare)

    @pytest.mark.parametrize("seed", range(6))
    async def test_an_interval_is_unchanged_when_its_rows_are_those_that_are_told(
        self, facts: Facts, seed: int
    ) -> None:
        chance = random.Random(seed)
        keys = sorted({random_key(chance) for _ in range(60)})
        ends = [(random_end(chance, keys), random_end(chance, keys)) for _ in range(30)]
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, keys))

        def compare(tx: Transaction) -> None:
            for after, upto in ends:
                held = [key for key in keys if inside(key, after, upto)]
                assert tx.items.unchanged(moored.tree, after, upto, _told(held))
                if held:
                    other = chance.choice(held)
                    assert not tx.items.unchanged(moored.tree, after, upto, _told([k for k in held if k != other]))
                    for fact in ((2, "etag-1", ""), (1, "etag-2", ""), (1, "etag-1", "g")):
                        assert not tx.items.unchanged(moored.tree, after, upto, _told(held, {other: fact}))
                    assert not tx.items.unchanged(moored.tree, after, upto, _told([*held, other + b"\x00"]))
                assert not tx.items.unchanged(moored.tree, after, upto, _told([*held, b"no/such/folder"]))

        await facts.read(compare)

    async def test_adjoining_intervals_share_no_key_and_miss_none(self, facts: Facts) -> None:
        chance = random.Random(99)
        keys = sorted({random_key(chance) for _ in range(200)})
        cuts = [None, *sorted(chance.sample(keys, 20)), None]
        moored = await facts.write(moor)
        await facts.write(lambda tx: plant(tx, moored, keys))

        def pieces(tx: Transaction) -> list[bytes]:
            found = [tx.items.between(moored.tree, a, b) for a, b in pairwise(cuts)]
            return [row.path + row.name for rows in found for row in rows]

        assert sorted(await facts.read(pieces)) == keys
