"""Making a conversion, as a job: read -> decode or copy -> write aside -> keep it whole."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from moorage.converting.asking import KINDS, MAKE, MEGABYTE, Order
from moorage.model.catalogue import ItemId
from moorage.model.errors import Changed, TooLarge, Undecodable
from moorage.model.jobs import Job, JobId, JobState, Work
from moorage.model.keys import escape
from moorage.model.slices import Flow, Lost, Slice, hold
from moorage.model.transaction import Facts, Transaction
from moorage.model.variant import Imager, Source, Task, VariantCache
from moorage.model.video import Film, FilmCache, FrameTable, Made, Timing
from moorage.reading.content import Content
from moorage.reading.locate import Located, Locator
from moorage.reading.originals import READ_AHEAD
from moorage.reading.source import ItemSource

_ELSEWHERE_S: Final = 2.0
_WAIT_S: Final = 2.0
_LOOK_S: Final = 1.0
"""How often progress is told, and a cancel, a pause or the end of the process is heard of."""


@dataclass
class Watched:
    """A source that tells how far it was read."""

    inner: Source
    reached: int = 0
    descriptor: int | None = field(default=None, init=False)

    @property
    def size(self) -> int:
        return self.inner.size

    @property
    def media_type(self) -> str:
        return self.inner.media_type

    async def read(self, start: int, length: int) -> bytes:
        data = await self.inner.read(start, length)
        # A look at an index at the end is not yet the way there.
        if start <= self.reached + max(length, self.size // 16):
            self.reached = max(self.reached, start + len(data))
        return data


@dataclass(frozen=True)
class Making:
    """Runs conversions. One that is stopped on the way begins anew: half an mp4 cannot be gone on with.

    ``imager`` has processes of its own, with the limits of jobs, so that previews do not wait for films.
    """

    facts: Facts
    content: Content
    locator: Locator
    imager: Imager
    films: FilmCache
    tables: VariantCache
    place: Callable[[], Awaitable[str]]
    now_ms: Callable[[], int]
    one: asyncio.Lock = field(default_factory=asyncio.Lock)
    """A conversion fills the cores by itself."""

    @property
    def flows(self) -> list[Flow]:
        """What the dispatcher needs to run each kind of conversion."""
        return [Flow(KINDS[made], {MAKE: self._step(made)}, _ended) for made in Made]

    def _step(self, made: Made) -> Callable[[Slice], Awaitable[None]]:
        async def step(turn: Slice) -> None:
            await self._in_turn(turn, made)

        return step

    async def _in_turn(self, turn: Slice, made: Made) -> None:
        order = Order.of(turn.work.after)
        if order.place != await self.place():
            await asyncio.sleep(_ELSEWHERE_S)  # a worker with another data directory: the one that has it goes on
        elif self.one.locked():
            await self._postpone(turn)
        else:
            async with self.one:
                await self._make(turn, made, order)

    async def _postpone(self, turn: Slice) -> None:
        """Wait outside of the slices, which jobs of other kinds need."""
        due = self.now_ms() + int(_WAIT_S * 1000)
        await self.facts.write(lambda tx: tx.jobs.raise_epoch(turn.work.id, turn.work.epoch, runnable_ms=due))
        asyncio.get_running_loop().call_later(_WAIT_S + 0.1, turn.hint)

    async def _make(self, turn: Slice, made: Made, order: Order) -> None:
        located = await self.locator.locate(ItemId(turn.job.subject))
        if located.item.version != order.version:
            raise Changed(
                f"{escape(located.item.name)!r} was overwritten since it was asked for. Nothing was made.",
                "Ask again, for the video that is there now.",
            )
        source = Watched(ItemSource(self.content, located, None, ahead=READ_AHEAD))
        making = self._table(located, source) if made is Made.FRAMES else self._film(located, source, made)
        work = asyncio.create_task(_telling(located, making))
        try:
            while not (await asyncio.wait([work], timeout=_LOOK_S))[0]:
                if turn.stopping():
                    return  # the next slice begins anew
                await self._tell(turn.work, source.reached // MEGABYTE)
            await self._finish(turn.work, source.size, work.result())
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await work

    async def _film(self, located: Located, source: Watched, made: Made) -> dict[str, int]:
        item, wish = located.item, Film(made)
        reel = await self.films.begin(item.store, item.key, wish.name(item.version))
        try:
            await self.imager.make(Task.FILM, source, wish, reel.write)
            if not await reel.keep():
                raise TooLarge(
                    f"The converted {escape(item.name)!r} is larger than the cache of conversions. It was not kept.",
                    "Let an admin raise CACHE_IMAGE_CONVERTER_SIZE.",
                )
        finally:
            await reel.aclose()
        return {}

    async def _table(self, located: Located, source: Watched) -> dict[str, int]:
        item, wish = located.item, Timing()
        rendered = await self.imager.make(Task.FRAMES, source, wish)
        await self.tables.put(item.store, item.key, wish.name(item.version), rendered)
        return {"frames": len(FrameTable.of(rendered.data).times)}

    async def _tell(self, work: Work, reached: int) -> None:
        """Note progress. Raises Lost where the job was cancelled or paused, or the row is somebody else's."""

        def write(tx: Transaction) -> None:
            row = hold(tx, work)
            _reach(tx, row.job, reached)

        await self.facts.write(write)

    async def _finish(self, work: Work, size: int, outcome: dict[str, int]) -> None:
        def write(tx: Transaction) -> None:
            row = hold(tx, work)
            _reach(tx, row.job, max(1, size // MEGABYTE), bytes_=size)
            tx.jobs.set_outcome(row.job, outcome)
            if not tx.jobs.advance(row, None, done=True):
                raise Lost
            frames = outcome.get("frames")
            tx.jobs.set_state(row.job, JobState.SUCCEEDED, message="" if frames is None else f"{frames:,} frames.")

        await self.facts.write(write)


def _reach(tx: Transaction, job: JobId, reached: int, bytes_: int = 0) -> None:
    """Set how far it is, whatever an attempt before this one had noted."""
    tx.jobs.add_progress(job, done=reached - tx.jobs.get(job).done, bytes_=bytes_)


async def _telling(located: Located, making: Awaitable[dict[str, int]]) -> dict[str, int]:
    """The same; what a decoder refuses is told of the conversion, not of a preview."""
    try:
        return await making
    except Undecodable as exc:
        raise Undecodable(
            f"{escape(located.item.name)!r} cannot be converted. {exc.reason}", exc.advice, reason=exc.reason
        ) from exc


def _ended(tx: Transaction, job: Job, state: JobState, message: str) -> None:
    """Nothing else hangs on a conversion: what was written aside is gone."""
    del tx, job, state, message
