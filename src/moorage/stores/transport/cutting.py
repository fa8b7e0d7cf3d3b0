"""Cutting: a stream of any blocks, or bytes at hand -> parts of the sizes that a provider takes."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import BodyBroken

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cut:
    """How large parts are, and how many an object has at most."""

    part: int
    """Bytes of a part where nothing asks for larger ones."""
    most: int | None = None
    """None: any number of parts, all of one size."""
    grows_every: int = 0
    """After so many parts those of a stream of unknown length grow by ``part``."""

    def size(self, length: int | None) -> int:
        """Bytes of a part, so that ``length`` needs at most ``most`` of them."""
        if self.most is None:
            return self.part
        return max(self.part, -(-(length or 0) // self.most // _MIB) * _MIB)

    async def stream(self, stream: AsyncIterable[bytes], length: int | None) -> AsyncIterator[bytes]:
        """The stream in parts, at least one, the last never empty unless it is the only one.

        Raises BodyBroken where the stream has not ``length`` bytes, before the last part is given.
        """
        held = bytearray()
        taken = given = 0
        size = self.size(length)
        async for block in stream:
            taken += len(block)
            if length is not None and taken > length:
                raise BodyBroken(f"The body has more than the {length} bytes announced. Nothing was written.")
            held += block
            while len(held) > size:
                yield bytes(memoryview(held)[:size])
                del held[:size]
                given += 1
                if self.most is not None and given >= self.most:
                    raise BodyBroken("The body is too long. Nothing was written.", "Say how long it is.")
                if length is None and self.grows_every:
                    size = self.part * (1 + given // self.grows_every)
        if length is not None and taken != length:
            raise BodyBroken(f"The body ended after {taken} of {length} bytes. Nothing was written.")
        yield bytes(held)

    async def whole(self, data: bytes) -> AsyncIterator[bytes]:
        """Bytes at hand in parts."""
        size = self.size(len(data))
        for start in range(0, len(data), size):
            yield data[start : start + size]


async def chained(first: bytes, second: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Two parts that were taken already, then the rest."""
    yield first
    yield second
    async for data in rest:
        yield data
