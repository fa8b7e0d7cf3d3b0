"""Calls about jobs: watch, wait, steer, answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Final

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.client.shapes import Job, MissingItem
from moorage.model.errors import Invalid, TryAgain
from moorage.model.jobs import JobState

EVENTS: Final = "text/event-stream"
POLL_S: Final = 1.0


class JobCalls(Calls):
    """Jobs."""

    async def jobs(
        self, *, state: JobState | str | None = None, project: str | None = None
    ) -> AsyncGenerator[Job, None]:
        """Jobs, the newest first; ``project`` is an id."""
        async for row in self._transport.pages("/jobs", "jobs", query_of(state=state, project=project)):
            yield decode(Job, row)

    async def job(self, job: str) -> Job:
        """One job as it stands. Raises: NotFound."""
        return decode(Job, await self._transport.get(f"/jobs/{part(job)}"))

    async def watch_job(self, job: str) -> AsyncGenerator[Job, None]:
        """The job now and each time it changes, until its state is final.

        By the server's events; where those do not come through, by asking once a second. A job that waits for an
        answer goes on being watched: stop reading when that is enough.
        """
        now = await self.job(job)
        yield now
        while not now.state.final:
            last = now
            with suppress(TryAgain, Invalid):  # no events come through: asked for below
                async with aclosing(self._events(job)) as events:
                    async for now in events:
                        if now != last:
                            yield now
                        last = now
            if not now.state.final:
                await asyncio.sleep(POLL_S)
                now = await self.job(job)
                if now != last:
                    yield now

    async def wait_job(self, job: str) -> Job:
        """The job once it is final, or once it waits for an answer."""
        async with aclosing(self.watch_job(job)) as states:
            async for now in states:
                if now.state.final or now.state is JobState.NEEDS_CONFIRMATION:
                    return now
        return await self.job(job)

    async def cancel_job(self, job: str) -> Job:
        """End a job; what is done stays done."""
        return await self._steer(job, "cancel")

    async def retry_job(self, job: str) -> Job:
        """Run an ended job again from the place that it reached."""
        return await self._steer(job, "retry")

    async def pause_job(self, job: str) -> Job:
        """Let a job rest."""
        return await self._steer(job, "pause")

    async def resume_job(self, job: str) -> Job:
        """Let a resting job go on."""
        return await self._steer(job, "resume")

    async def confirm_job(self, job: str, choice: str, figures: Mapping[str, int]) -> Job:
        """Answer a job's question. Raises: Changed when the figures no longer hold; nothing was done then."""
        body = {"choice": choice, "figures": dict(figures)}
        return decode(Job, await self._transport.post(f"/jobs/{part(job)}/confirm", body))

    async def missing(self, job: str) -> AsyncGenerator[MissingItem, None]:
        """The items that a job's question is about."""
        async for row in self._transport.pages(f"/jobs/{part(job)}/missing", "items"):
            yield decode(MissingItem, row)

    async def _steer(self, job: str, verb: str) -> Job:
        return decode(Job, await self._transport.post(f"/jobs/{part(job)}/{verb}"))

    async def _events(self, job: str) -> AsyncGenerator[Job, None]:
        """Jobs of the event stream. TryAgain where the answer is none or breaks off.

        Source: https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.6
        """
        async with self._transport.stream("GET", f"/jobs/{part(job)}/events", accept=EVENTS) as response:
            if response.content_type != EVENTS:
                raise TryAgain("The server sent no events.")
            data: list[bytes] = []
            async for line in self._transport.text_lines(response):
                if line.startswith(b"data:"):
                    data.append(line[5:].removeprefix(b" "))
                elif not line and data:
                    yield decode(Job, json.loads(b"\n".join(data)))
                    data = []
