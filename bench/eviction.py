"""What leaves a cache first: S3-FIFO against least recently used, on a recorded day of a server.

    python bench/eviction.py                    plays bench/traces/day.txt.gz and prints hit ratios at three sizes
    python bench/eviction.py --days 5           the same for days that are drawn anew, with sizes of the recorded one
    python bench/eviction.py --record FILE      drives a server through such a day and writes down what was asked of it

The day: people look through grids of previews, go back, and open some items; annotators go from item to item and back;
and meanwhile an export reads every original once, in order, and a survey every preview. A line is the cache (``p``
previews, ``o`` chunks of originals), the number of the entry, and its bytes.
"""

from __future__ import annotations

import argparse
import gzip
import random
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from PIL import Image

from moorage.cache.fifo import S3Fifo
from moorage.cache.ledger import LeastRecentlyUsed, Ledger
from servers.moorage import Moorage, ask

TRACE = Path(__file__).parent / "traces" / "day.txt.gz"
SHARES = (0.05, 0.1, 0.3)
"""Sizes of the cache, as parts of all that was asked for."""
FOLDERS, PER_FOLDER, TILES = 40, 60, 20
BROWSERS, ANNOTATORS = 5, 3
STEPS = 400
"""What each person does in a day."""
CHUNK = 1 << 20


def played(ledger: Ledger, asked: list[tuple[str, int]]) -> float:
    """The share of what was asked for that was there."""
    hits = 0
    for now, (entry, size) in enumerate(asked):
        if ledger.touch(entry, now):
            hits += 1
        else:
            ledger.hold(entry, size, now)
            ledger.overdue(-1.0)
    return hits / len(asked)


Asked = dict[str, list[tuple[str, int]]]
"""By cache, what was asked of it: entries and their bytes."""


def recorded() -> Asked:
    """The recorded day."""
    asked: Asked = {"p": [], "o": []}
    with gzip.open(TRACE, "rt") as file:
        for line in file:
            cache, entry, size = line.split()
            asked[cache].append((entry, int(size)))
    return asked


def compare(asked: Asked) -> None:
    """Print hit ratios of both."""
    for cache, name in (("p", "previews"), ("o", "originals")):
        total = sum(dict(asked[cache]).values())
        print(f"{name}: {len(asked[cache]):,} asked for, {len(dict(asked[cache])):,} entries, {total / 1e6:.0f} MB")
        for share in SHARES:
            own = played(S3Fifo(int(total * share)), asked[cache])
            other = played(LeastRecentlyUsed(int(total * share)), asked[cache])
            print(f"  a cache of {share:.0%}: {own:.3f} of them there by S3-FIFO, {other:.3f} by least recently used")


def drawn(seed: int, sizes: dict[str, dict[int, int]]) -> Asked:
    """Another day; what was not asked for in the recorded one is as large as most."""
    asked: Asked = {"p": [], "o": []}
    for cache, item in day(random.Random(seed)):
        if cache == "o":
            long = item % 10 == 9
            known = [n for n in range(item * 10, item * 10 + 10) if n in sizes["o"]]
            asked["o"] += [(f"{n}", sizes["o"][n]) for n in known] or [(f"{item * 10}", CHUNK if long else 60_000)]
        elif item % 10 != 9:
            asked["p"].append((f"{item * 10}", sizes["p"].get(item * 10, 14_000)))
    return asked


# How the trace was made.

Wish = tuple[str, int]
"""``p`` or ``o``, and the number of an item."""


def browsing(dice: random.Random) -> Iterator[list[Wish]]:
    """Grids of a folder, screen by screen; back to folders seen before; an item opened now and then."""
    seen: list[int] = []
    while True:
        folder = (
            dice.choice(seen[-5:])
            if seen and dice.random() < 0.4
            else min(dice.randrange(FOLDERS), dice.randrange(FOLDERS))
        )
        seen.append(folder)
        first = folder * PER_FOLDER
        for screen in range(dice.randint(1, PER_FOLDER // TILES)):
            tiles = [first + screen * TILES + n for n in range(TILES)]
            yield [("p", item) for item in tiles]
            if dice.random() < 0.5:
                yield [("o", dice.choice(tiles))]
                yield [("p", item) for item in tiles]


def annotating(dice: random.Random) -> Iterator[list[Wish]]:
    """From item to item, back to the ones before, and at the end through all of them again."""
    while True:
        first = dice.randrange(FOLDERS) * PER_FOLDER
        for _ in range(2):
            at = 0
            while at < PER_FOLDER:
                yield [("o", first + at), ("p", first + at)]
                at += -dice.randint(1, 3) if at > 3 and dice.random() < 0.25 else 1


def reading(cache: str) -> Iterator[list[Wish]]:
    """Everything once, in order."""
    while True:
        for first in range(0, FOLDERS * PER_FOLDER, 10):
            yield [(cache, first + n) for n in range(10)]


def day(dice: random.Random) -> Iterator[Wish]:
    """All of them at once; the export and the survey begin at noon."""
    people = [browsing(dice) for _ in range(BROWSERS)] + [annotating(dice) for _ in range(ANNOTATORS)]
    for step in range(STEPS * len(people)):
        yield from next(dice.choice(people))
        if step == STEPS * len(people) // 2:
            people += [reading("o"), reading("p")] * 3


def media(root: Path, dice: random.Random) -> None:
    """Folders of pictures; each tenth item is a long recording."""
    for number in range(FOLDERS * PER_FOLDER):
        place = root / f"{number // PER_FOLDER:02}" / f"{number:05}.{'bin' if number % 10 == 9 else 'jpg'}"
        place.parent.mkdir(exist_ok=True, parents=True)
        if place.suffix == ".bin":
            place.write_bytes(bytes(dice.randrange(1, 8 * CHUNK)))
        else:
            width = dice.randrange(200, 900)
            Image.effect_noise((width, width * 2 // 3), dice.randrange(5, 80)).save(place, quality=85)


def record(trace: Path) -> None:
    """Drive a server through a day."""
    dice = random.Random(5)
    with tempfile.TemporaryDirectory() as home:
        media(Path(home) / "media", dice)
        with Moorage(Path(home) / "data") as server, ThreadPoolExecutor(8) as threads, gzip.open(trace, "wt") as file:
            headers = {"Authorization": f"Bearer {server.token()}"}
            ids = _mirrored(server, Path(home) / "media", headers)

            def fetch(wish: Wish) -> tuple[Wish, int]:
                cache, item = wish
                path = "content" if cache == "o" else "preview?width=256"
                got = ask("GET", f"{server.address}/api/v1/items/{ids[item]}/{path}", **headers)
                return wish, len(got.body) if got.status == 200 else 0

            wishes = [wish for wish in day(dice) if wish[0] == "o" or wish[1] % 10 != 9]
            for (cache, item), size in threads.map(fetch, wishes):
                chunks = range(0, size, CHUNK) if cache == "o" else [0] * bool(size)
                for start in chunks:
                    part = min(size - start, CHUNK) if cache == "o" else size
                    file.write(f"{cache} {item * 10 + start // CHUNK} {part}\n")


def _mirrored(server: Moorage, root: Path, headers: dict[str, str]) -> list[str]:
    """Ids of the items in the order of their names."""
    api = f"{server.address}/api/v1"
    assert ask("POST", f"{api}/stores", {"name": "day", "provider": "disk", "root": str(root)}, **headers).status == 201
    made = ask("POST", f"{api}/mirrors", {"store": "day", "project": "day", "create_project": True}, **headers).json
    while ask("GET", f"{api}/jobs/{made['job']}", **headers).json["state"] in ("queued", "running"):
        pass
    found: dict[str, str] = {}
    after = ""
    while True:
        page = ask("GET", f"{api}/projects/{made['project']}/items?limit=500&recursive=1{after}", **headers).json
        found |= {one["name"]: one["id"] for one in page["items"]}
        if not page["next"]:
            return [found[name] for name in sorted(found)]
        after = f"&after={page['next']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--days", type=int, default=0)
    asked = parser.parse_args()
    if asked.record is not None:
        record(asked.record)
        return
    known = recorded()
    compare(known)
    for seed in range(6, 6 + asked.days):
        print(f"day {seed}")
        compare(drawn(seed, {cache: {int(entry): size for entry, size in known[cache]} for cache in known}))


if __name__ == "__main__":
    main()
