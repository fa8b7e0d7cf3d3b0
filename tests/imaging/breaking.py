"""Files broken in every way that disks, networks and malice break them; ``broken(seed, number)`` makes each again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from imaging import corpus

_EXTREMES: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_NAMED: Final = re.compile(rb"[a-zA-Z ]{4}")
"""Names of boxes and chunks: lengths stand before or behind them."""


@dataclass(frozen=True)
class Broken:
    """A file that was whole. ``how`` names what was done to it, in order."""

    seed: int
    number: int
    kind: str
    video: bool
    content: bytes
    how: tuple[str, ...]

    def __str__(self) -> str:
        return f"imaging.breaking.broken({self.seed}, {self.number}): {self.kind}, {', '.join(self.how)}"


def broken(seed: int, number: int) -> Broken:
    """The file of that number; all kinds take turns."""
    chance = random.Random(f"{seed}/{number}")
    images, videos = corpus.images(), corpus.videos()
    whole = images | videos
    kind = [*whole][number % len(whole)]
    content, how = bytearray(whole[kind]), chance.choices([*_WAYS], k=chance.choice((1, 1, 1, 2)))
    for each in how:
        content = _WAYS[each](chance, content, whole[chance.choice([*whole])])
    return Broken(seed, number, kind, kind in videos, bytes(content), tuple(how))


Way = Callable[[random.Random, bytearray, bytes], bytearray]


def _place(chance: random.Random, content: bytearray) -> int:
    """Mostly near the beginning, where headers lie, or the end, where some kinds keep their directory."""
    length = max(1, len(content))
    near = int(chance.expovariate(12 / length)) % length
    return chance.choice((near, near, length - 1 - near, chance.randrange(length), chance.randrange(length)))


def _bits(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    for _turn in range(chance.choice((1, 1, 3, 30)) if content else 0):
        content[_place(chance, content)] ^= 1 << chance.randrange(8)
    return content


def _cut(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    return content[: _place(chance, content)]


def _extreme(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    """A length or a count that says far too much, or nothing."""
    places = [found.start() + chance.choice((-4, 4)) for found in _NAMED.finditer(content[:8192])]
    for _turn in range(chance.choice((1, 1, 3))):
        place = max(0, chance.choice(places)) if places and chance.random() < 0.6 else _place(chance, content)
        width = chance.choice((1, 2, 4, 4, 8))
        value = chance.choice(_EXTREMES) & (1 << 8 * width) - 1
        content[place : place + width] = value.to_bytes(width, chance.choice(("big", "little")))
    return content


def _swapped(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    size = chance.choice((16, 512, 4096))
    one, other = sorted((_place(chance, content), _place(chance, content)))
    first, second = content[one : one + size], content[other : other + size]
    if one + size <= other:
        content[other : other + size], content[one : one + size] = first, second
    return content


def _left_out(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    place = _place(chance, content)
    del content[place : place + chance.choice((1, 7, 512, 4096))]
    return content


def _twice(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    place = _place(chance, content)
    content[place:place] = content[place : place + chance.choice((1, 64, 4096))]
    return content


def _blank(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    """As a disk or a download leaves what was never written."""
    place, length = _place(chance, content), chance.choice((64, 512, 4096))
    content[place : place + length] = bytes(len(content[place : place + length]))
    return content


def _other_head(chance: random.Random, content: bytearray, other: bytes) -> bytearray:
    length = chance.choice((4, 12, 32, 200))
    return bytearray(other[:length]) + content[length:]


def _other_body(chance: random.Random, content: bytearray, other: bytes) -> bytearray:
    return content[: chance.choice((12, 64, 300))] + other[chance.randrange(64) :]


def _noise(chance: random.Random, content: bytearray, _: bytes) -> bytearray:
    place = _place(chance, content)
    return content[:place] + chance.randbytes(len(content) - place)


_WAYS: Final[dict[str, Way]] = {
    "flipped bits": _bits,
    "cut off": _cut,
    "extreme lengths": _extreme,
    "swapped blocks": _swapped,
    "a part left out": _left_out,
    "a part twice": _twice,
    "zeros": _blank,
    "the head of another kind": _other_head,
    "the body of another kind": _other_body,
    "noise to the end": _noise,
}
