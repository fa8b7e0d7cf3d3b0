"""The port to the durable engine: it runs slices, our rows say which."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol


class Runner(Protocol):
    """Runs one registered coroutine per workflow id. Losing all that it knows costs seconds, not work."""

    def register(self, run: Callable[[int, int], Awaitable[None]]) -> None:
        """What a slice does, given (work row, epoch). Called once, before ``start``."""

    async def start(self) -> None:
        """Begin to take slices; those left by a dead process are not resumed, the dispatcher enqueues anew."""

    async def stop(self) -> None:
        """Take no more, wait for those in flight at most 10 s."""

    async def enqueue(self, workflow: str, work: int, epoch: int) -> bool:
        """Queue a slice under this id. False: the id is known already, waiting, running or ended."""

    async def live(self, workflows: Iterable[str]) -> set[str]:
        """Which of them are queued or running at an executor that still lives, in this application version."""

    async def forget(self, workflows: Iterable[str]) -> None:
        """Cancel what still waits and delete the records of what ended."""

    @property
    def workers(self) -> int:
        """Executors that answered within the last 30 s, this one included when it takes work."""
