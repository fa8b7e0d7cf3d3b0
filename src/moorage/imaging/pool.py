"""The pool of decoder processes: queue -> take or start a process -> render -> give it back or replace it."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Final

from moorage.imaging.confinement import Confinement
from moorage.imaging.frames import Request
from moorage.imaging.limits import Limits
from moorage.imaging.process import DecoderProcess, ProcessFailed, undecodable
from moorage.imaging.reasons import EMPTY
from moorage.model.catalogue import Measured
from moorage.model.errors import Busy, MoorageError
from moorage.model.variant import Put, Recipe, Rendered, Source, Task, Wish

_MOST_PROCESSES: Final = 4


class DecoderPool:
    """An Imager: images and video are opened in processes with no environment, no credentials and no network.

    ``processes`` are kept at most (default: one per core, up to 4), each started when it is first needed;
    ``waiting`` requests may queue for them, one more raises Busy. A process that breaks a limit is
    killed alone, and a fresh one serves the next request. Belongs to the event loop that first uses it.
    """

    def __init__(self, *, processes: int | None = None, waiting: int = 64, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._processes = processes or min(os.cpu_count() or 1, _MOST_PROCESSES)
        self._free = asyncio.Semaphore(self._processes)
        self._most_waiting = waiting
        self._waiting = 0
        self._idle: list[DecoderProcess] = []
        self._busy: set[DecoderProcess] = set()
        self._endings: set[asyncio.Task[str]] = set()
        self._closed = False
        self.confinement: Confinement | None = None
        """What the last process that started had really given up; None before the first."""

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the decoders, idle ones first."""
        return tuple(process.pid for process in (*self._idle, *self._busy))

    async def make(self, task: Task, source: Source, wish: Wish, put: Put | None = None) -> Rendered:
        """What the task makes of the source; reads as much of it as ``Limits.budget`` says.

        ``put`` takes what it writes. Raises Undecodable with a reason for people, Busy when the queue is full,
        TryAgain when a process was stopped from outside or none can be started, and whatever ``source.read`` raises.
        """
        return await self._render(Request(task, source.size, wish.words()), source, wish.media_type, put)

    async def preview(self, source: Source, recipe: Recipe) -> Rendered:
        """The image in its box, upright, in sRGB, without metadata. Raises as ``make`` does."""
        return await self.make(Task.PREVIEW, source, recipe)

    async def poster(self, source: Source, recipe: Recipe) -> Rendered:
        """A frame of the video in its box, and its duration. Raises as ``make`` does."""
        return await self.make(Task.POSTER, source, recipe)

    async def measure(self, source: Source, *, video: bool) -> Measured:
        """Width and height, and the duration of a video; reads 1 MiB of an image at most, usually 64 KiB.

        Raises as ``make`` does.
        """
        task = Task.MEASURE_VIDEO if video else Task.MEASURE_IMAGE
        found = await self._render(Request(task, source.size, {}), source, "")
        return Measured(found.source_width, found.source_height, found.duration_ms)

    async def aclose(self) -> None:
        """Ends every process, also those at work; their requests raise Busy. A repeat does nothing."""
        self._closed = True
        for process in self._busy:
            process.signal()
        for process in self._idle:
            self._end(process)
        self._idle.clear()
        async with AsyncExitStack() as turns:
            for _ in range(self._processes):  # each turn that is held ends first, and those who wait find it closed
                await turns.enter_async_context(self._free)
            while self._endings:
                await asyncio.wait(self._endings)

    async def _render(self, request: Request, source: Source, media_type: str, put: Put | None = None) -> Rendered:
        if not request.size:
            raise undecodable(request.task, EMPTY)
        await self._take_turn()
        try:
            rendered = await self._with_process(request, source, put)
        finally:
            self._free.release()
        return rendered._replace(media_type=media_type)

    async def _take_turn(self) -> None:
        if self._waiting >= self._most_waiting and self._free.locked():
            raise Busy("Too many previews are being made; this one was not begun.", "Try again in a moment.", 1.0)
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    async def _with_process(self, request: Request, source: Source, put: Put | None) -> Rendered:
        process = await self._process()
        self._busy.add(process)
        healthy = False
        try:
            self._refuse_when_closed()
            rendered = await process.render(request, source, self._limits.budget(request.task, request.size), put)
            healthy = True
        except ProcessFailed as exc:
            self._refuse_when_closed()
            raise exc.verdict(request.task) from exc
        except MoorageError:
            healthy = True  # the verdict is on the object or its store, not on the process
            raise
        finally:
            self._busy.discard(process)
            if healthy and not self._closed and process.served < self._limits.requests:
                self._idle.append(process)
            else:
                self._end(process)
        return rendered

    async def _process(self) -> DecoderProcess:
        self._refuse_when_closed()
        while self._idle:
            process = self._idle.pop()
            if process.alive():
                return process
            self._end(process)
        process = await DecoderProcess.start(self._limits)
        self.confinement = process.confinement
        return process

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise Busy("The server is ending; no preview was made.", "Try again when it is back.", 5.0)

    def _end(self, process: DecoderProcess) -> None:
        """Kills it in a task of its own, so that neither the caller nor its cancellation waits for that."""
        ending = asyncio.create_task(process.kill())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
