"""What every step of admitting needs: the facts, the slow passwords, the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from moorage.model.clock import Clock, now_ms
from moorage.model.errors import Busy
from moorage.model.secrecy import Passwords
from moorage.model.transaction import Facts

T = TypeVar("T")
AT_ONCE: Final = 2
"""Hashes computed side by side; each takes 64 MiB."""
WAITING: Final = 64
"""Callers that may wait for their turn, a few seconds at most; more are told to come again."""


class SlowPasswords:
    """``Passwords`` in threads of their own, two at a time. Raises Busy when too many wait."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")
        self._callers = 0

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(lambda: self._passwords.hash(password))

    async def matches(self, hash_: str, password: str) -> bool:
        """True when it is that password. An empty hash takes as long as any and is False."""
        return await self._run(lambda: self._passwords.matches(hash_, password))

    def outdated(self, hash_: str) -> bool:
        """True when the hash should be made anew; quick."""
        return self._passwords.outdated(hash_)

    async def aclose(self) -> None:
        """Wait for the hashes under way and end the threads. A repeat does nothing."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._callers >= AT_ONCE + WAITING:
            raise Busy("Too many people sign in at once.", "Try again in a few seconds.", retry_after_s=5)
        self._callers += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._callers -= 1


@dataclass(frozen=True, slots=True)
class Door:
    """The first argument of every function of this flow. One per process; wiring makes it."""

    facts: Facts
    passwords: SlowPasswords
    clock: Clock = now_ms
