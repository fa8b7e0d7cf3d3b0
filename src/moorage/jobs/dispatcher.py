"""The dispatcher: it sees to it that every runnable work row has a live slice, and records how slices end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from moorage.jobs.failing import MAX_TRIES, Failure, backoff_s, failure_of
from moorage.model.jobs import Job, JobState, Work
from moorage.model.runner import Runner
from moorage.model.slices import SLICE_S, Flow, Lost, Slice, Step
from moorage.model.transaction import Facts, Transaction

log = logging.getLogger(__name__)
EVERY_S: Final = 10.0
_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the dispatcher looks by itself, how long a slice lasts, how failures are spaced."""

    every_s: float = EVERY_S
    slice_s: float = SLICE_S
    backoff_s: float = 1.0
    at_once: int = 4
    """Slices of one job that run side by side."""


class Dispatcher:
    """Runs the work rows of all flows. One in every process that takes work."""

    def __init__(
        self,
        facts: Facts,
        runner: Runner,
        flows: Iterable[Flow],
        *,
        now_ms: Callable[[], int],
        pace: Pace = Pace(),
    ) -> None:
        self._facts = facts
        self._runner = runner
        self._flows = {flow.kind: flow for flow in flows}
        self._now_ms = now_ms
        self._pace = pace
        self._hinted = asyncio.Event()
        self._stopping = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the runner, and enqueue what is runnable already."""
        self._runner.register(self._run)
        await self._runner.start()
        self._looking = asyncio.create_task(self._look_again_and_again())

    async def stop(self) -> None:
        """Enqueue no more, let slices end with what is at hand, and stop the runner: at most 10 s."""
        self._stopping.set()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
            self._looking = None
        await self._runner.stop()

    def hint(self) -> None:
        """Something was committed: look now. Cheap, from the loop's thread, any number of times."""
        self._hinted.set()

    @property
    def workers(self) -> int:
        """Executors that take work and answered within the last 30 s."""
        return self._runner.workers

    async def _look_again_and_again(self) -> None:
        while True:
            self._hinted.clear()
            try:
                await self.look()
            except Exception:
                log.exception("The dispatcher could not look for work; it looks again in %g s.", self._pace.every_s)
            try:
                async with asyncio.timeout(self._pace.every_s):
                    await self._hinted.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Give every runnable row without a live slice a new one, at most ``at_once`` per job."""
        now = self._now_ms()
        rows = await self._facts.read(lambda tx: tx.jobs.runnable(now, _ROWS))
        if not rows:
            return
        live = await self._runner.live(row.workflow for row in rows)
        running = Counter(row.job for row in rows if row.workflow in live)
        for row in rows:
            if row.workflow not in live and running[row.job] < self._pace.at_once:
                running[row.job] += 1
                await self._begin(row)

    async def _begin(self, row: Work) -> None:
        """Enqueue the row under its epoch; where that one was used up, under the next."""
        if await self._runner.enqueue(row.workflow, row.id, row.epoch):
            return
        if await self._runner.live([row.workflow]):
            return
        if await self._facts.write(lambda tx: tx.jobs.raise_epoch(row.id, row.epoch)):
            await self._runner.forget([row.workflow])
            again = replace(row, epoch=row.epoch + 1)
            await self._runner.enqueue(again.workflow, again.id, again.epoch)

    async def _run(self, work: int, epoch: int) -> None:
        """One slice. Never raises but when the process stops."""
        try:
            taken = await self._take(work, epoch)
            if taken is not None:
                await self._run_step(*taken)
        except Lost:
            log.debug("slice %d:%d lost its row", work, epoch)
        except Exception:
            log.exception("slice %d:%d could not be recorded; it is tried again", work, epoch)
        await self._runner.forget([f"{work}:{epoch}"])
        self.hint()

    async def _take(self, work: int, epoch: int) -> tuple[Work, Job] | None:
        def look(tx: Transaction) -> tuple[Work, Job]:
            row = tx.jobs.work(work)
            return row, tx.jobs.get(row.job)

        row, job = await self._facts.read(look)
        if row.epoch != epoch or row.done:
            return None
        if job.state is JobState.QUEUED:
            await self._facts.write(lambda tx: _begin_job(tx, job))
            job = replace(job, state=JobState.RUNNING)
        return (row, job) if job.state is JobState.RUNNING else None

    async def _run_step(self, row: Work, job: Job) -> None:
        try:
            step = self._step(row)
            ends_at = time.monotonic() + self._pace.slice_s
            await step(Slice(row, job, ends_at, self._stopping.is_set, self.hint))
        except Lost:
            raise
        except Exception as error:
            failure = failure_of(error, row.step)
            if failure.name == "unexpected error":
                log.exception("slice %s of job %d failed", row.workflow, job.id)
            await self._note_failure(row, failure)

    def _step(self, row: Work) -> Step:
        flow = self._flows.get(row.kind)
        if flow is None or row.step not in flow.steps:
            raise NotImplementedError(f"{row.kind}/{row.step}")
        return flow.steps[row.step]

    async def _note_failure(self, row: Work, failure: Failure) -> None:
        wait_s = backoff_s(row.tries, self._pace.backoff_s, failure.retry_after_s)
        due = self._now_ms() + int(wait_s * 1000) + 1

        def write(tx: Transaction) -> None:
            if not tx.jobs.raise_epoch(row.id, row.epoch, runnable_ms=due, failed=True):
                raise Lost
            tx.jobs.add_progress(row.job, errors={failure.name: failure.cause})
            job = tx.jobs.get(row.job)
            tries = tx.jobs.work(row.id).tries
            if job.state is JobState.RUNNING and (not failure.passing or tries % MAX_TRIES == 0):
                message = f"{failure.cause.example} {failure.cause.advice}".rstrip()
                tx.jobs.set_state(row.job, JobState.FAILED, message=message)
                if row.kind in self._flows:
                    self._flows[row.kind].ended(tx, job, JobState.FAILED, message)

        await self._facts.write(write)
        asyncio.get_running_loop().call_later(wait_s + 0.002, self.hint)


def _begin_job(tx: Transaction, job: Job) -> None:
    if tx.jobs.get(job.id).state is JobState.QUEUED:
        tx.jobs.set_state(job.id, JobState.RUNNING)
