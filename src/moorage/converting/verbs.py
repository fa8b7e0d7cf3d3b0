"""The verbs on videos: look, ask for a conversion, open what was made. grant -> transaction -> audit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from moorage.converting.asking import KINDS, MAKE, MEGABYTE, TITLES, Order
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Item, Kind
from moorage.model.errors import Invalid, NotFound, Undecodable
from moorage.model.jobs import OPEN, Job, JobId, JobState
from moorage.model.keys import escape
from moorage.model.transaction import Facts, Transaction
from moorage.model.variant import Task, VariantCache
from moorage.model.video import (
    Film,
    FilmBody,
    FilmCache,
    FrameTable,
    Made,
    Probe,
    Sprite,
    Strip,
    Timing,
    VideoFacts,
    movable,
)
from moorage.reading.content import readable
from moorage.reading.locate import Located
from moorage.reading.variants import Variants

FILMS: Final = (Made.TRANSCODE, Made.REMUX)
"""In the order in which they are served: who had it encoded anew did not want the other."""


@dataclass(frozen=True)
class Conversions:
    """What people do with videos. ``hint`` wakes the dispatcher after a commit; ``place``: see ``Order``."""

    facts: Facts
    variants: Variants
    films: FilmCache
    tables: VariantCache
    place: Callable[[], Awaitable[str]]
    hint: Callable[[], None]
    now_ms: Callable[[], int]

    async def look(self, located: Located) -> VideoFacts:
        """What the video tells of itself. Raises Undecodable with a reason for what is none, or broken."""
        _need_video(located.item)
        return VideoFacts.of((await self.variants.convert(located, Task.PROBE_VIDEO, Probe())).data)

    async def strip(self, located: Located) -> Sprite:
        """Its contact strip. Raises as ``look`` does."""
        _need_video(located.item)
        return Sprite.of((await self.variants.convert(located, Task.STRIP, Strip())).data)

    async def frames(self, located: Located) -> FrameTable | None:
        """The table of its frames where it was made, or can be by reading few bytes; else None: a job makes it."""
        item = located.item
        _need_video(item)
        if await self._table(item) is None and (await self.look(located)).container in ("mp4", "mov"):
            try:
                await self.variants.convert(located, Task.INDEX, Timing())
            except Undecodable:
                return None  # the job has the time to read all of it, and tells what is wrong
        return await self._table(item)

    async def film(self, located: Located) -> FilmBody | None:
        """The mp4 that was made of it, for the caller to close; None where there is none."""
        item = located.item
        _need_video(item)
        for made in FILMS:
            found = await self.films.open(item.store, item.key, Film(made).name(item.version))
            if found is not None:
                return found
        return None

    async def begin(self, principal: Principal, located: Located, made: Made) -> Job | None:
        """Ask for a conversion: its job, also where that is under way already; None where it is there."""
        item = located.item
        principal.need(Role.EDITOR, item.project)
        _need_video(item)
        if await self._there(located, made):
            return None
        facts = await self.look(located)
        if made is Made.REMUX and not movable(facts):
            raise Invalid(
                f"The pictures of {escape(item.name)!r} ({facts.video_codec}) would not play in an mp4 either. "
                "Nothing was made.",
                "Have it encoded anew: kind transcode, or moorage video convert --transcode. That takes longer.",
                field="kind",
            )
        order = Order(await self.place(), item.version)

        def write(tx: Transaction) -> Job:
            running = tx.jobs.all(states=OPEN, kind=KINDS[made], subject=item.id, limit=1)
            if running and Order.of(tx.jobs.works(running[0].id)[0].after) == order:
                return running[0]
            job = tx.jobs.add(
                Job(
                    id=JobId(0),
                    kind=KINDS[made],
                    subject=item.id,
                    state=JobState.QUEUED,
                    title=TITLES[made].format(escape(item.name)),
                    created_ms=self.now_ms(),
                    project=item.project,
                    folder=item.folder,
                    asked_by=principal.user or None,
                    total=max(1, item.size // MEGABYTE),
                    unit="MB",
                )
            )
            tx.jobs.add_work(job.id, MAKE, after=order.written())
            tx.audit.add(principal, "item.convert", f"item {item.id}", kind=made, job=job.id)
            return job

        job = await self.facts.write(write)
        self.hint()
        return job

    async def under_way(self, principal: Principal, item: Item) -> Job | None:
        """The newest job that makes a film of it."""
        principal.need(Role.VIEWER, item.project)

        def read(tx: Transaction) -> Job | None:
            kinds = [KINDS[made] for made in FILMS]
            found = [job for kind in kinds for job in tx.jobs.all(kind=kind, subject=item.id, limit=1)]
            return max(found, key=lambda job: job.id, default=None)

        return await self.facts.read(read)

    async def _there(self, located: Located, made: Made) -> bool:
        if made is Made.FRAMES:
            return await self.frames(located) is not None
        item = located.item
        found = await self.films.open(item.store, item.key, Film(made).name(item.version))
        if found is not None:
            await found.aclose()
        return found is not None

    async def _table(self, item: Item) -> FrameTable | None:
        found = await self.tables.get(item.store, item.key, Timing().name(item.version))
        return None if found is None else FrameTable.of(found.data)


def none_yet(item: Item, kind: str) -> NotFound:
    """The error for what was not made yet."""
    return NotFound(
        f"Of {escape(item.name)!r} nothing was made yet.",
        f'Ask for it: POST /api/v1/items/{item.id}/conversions with {{"kind": "{kind}"}}.',
    )


def _need_video(item: Item) -> None:
    readable(item)
    if item.kind is not Kind.VIDEO:
        raise Undecodable(
            f"{escape(item.name)!r} is no video.",
            "Open or download it instead.",
            reason="This is not a video, or not of a kind that can be shown.",
        )
