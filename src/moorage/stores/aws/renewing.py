"""Temporary keys that are renewed ahead: one fetch however many wait, and none waits while the old ones are good."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final

from moorage.model.errors import MoorageError, StoreUnreachable
from moorage.stores.aws.minted import Minted

log = logging.getLogger(__name__)
_EARLY_S: Final = 15 * 60.0
"""Before their end keys are renewed in the background, or from the last quarter of a shorter life on."""
_HURRY_S: Final = 2 * 60.0
"""In this last stretch a failed renewal is tried again soon."""
_SOON_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 60.0
_LONGEST_FAST_S: Final = 15.0
_YOUNG_S: Final = 30.0
"""Keys this new that are refused anyway are not the ones at fault: others would be refused too."""


class Renewing:
    """The keys of one role. ``fetch`` asks for new ones and raises the errors of the model; ``now`` is Unix time."""

    def __init__(self, fetch: Callable[[], Awaitable[Minted]], *, now: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._now = now
        self._minted: Minted | None = None
        self._got_s = self._due_s = self._not_before_s = float("-inf")
        self._failures = 0
        self._failure: MoorageError | None = None
        self._running: asyncio.Task[Minted] | None = None

    async def current(self, *, long: bool = False) -> Minted:
        """Keys that are good now. Raises why there are none.

        ``long``: where a renewal is due, wait for it, so that what is signed lives as long as it can.
        """
        have, now = self._minted, self._now()
        if have and now < self._due_s:
            return have
        good = have if have and now < have.ends_s else None
        task = self._begin() if self._running or now >= self._not_before_s else None
        if good and (not long or task is None):
            return good
        if task is None:
            assert self._failure
            raise copy.copy(self._failure)
        try:
            # Shielded: one who gives up waiting does not take the keys from the others.
            return await asyncio.shield(task)
        except MoorageError as error:
            if good:
                return good
            raise copy.copy(error) from error

    def drop(self, refused: Minted) -> bool:
        """The store refuses these keys: True where the next ones may be let in. Asks for nothing itself."""
        if self._minted is not refused:
            return True
        now = self._now()
        if now < refused.ends_s and now < self._got_s + min(_YOUNG_S, (refused.ends_s - self._got_s) / 4):
            return False
        self._minted = None
        return True

    async def aclose(self) -> None:
        """Stop asking; a repeat does nothing."""
        running = self._running
        if running:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, MoorageError):
                await running

    def _begin(self) -> asyncio.Task[Minted]:
        if self._running is None:
            self._running = asyncio.ensure_future(self._renew())
            self._running.add_done_callback(self._ended)
        return self._running

    async def _renew(self) -> Minted:
        got = await self._fetch()
        now = self._now()
        left_s = got.ends_s - now
        if left_s <= 0:
            raise StoreUnreachable(
                "The temporary keys that were given have ended already, by this machine's clock.",
                "Set the clock (NTP) of this machine; if it is right, whoever gives the keys has old ones: try later.",
                cause="ended keys",
            )
        self._minted, self._got_s, self._due_s = got, now, got.ends_s - min(_EARLY_S, left_s / 4)
        self._failures, self._failure = 0, None
        return got

    def _ended(self, task: asyncio.Task[Minted]) -> None:
        self._running = None
        # Asking also marks the error as seen: the old keys may serve still, and then nobody waits for new ones.
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        now, have = self._now(), self._minted
        self._failures += 1
        self._failure = error if isinstance(error, MoorageError) else _fault(error)
        if have is None or now >= have.ends_s:
            longest = _LONGEST_FAST_S
        else:
            longest = _SOON_S if have.ends_s - now < _HURRY_S else _LONGEST_PAUSE_S
        pause = min(longest, 2.0 ** min(self._failures - 1, 10))
        self._not_before_s = now + pause * random.uniform(0.5, 1)  # noqa: S311 - jitter, no secret
        if self._failures == 1:
            log.warning("Temporary keys could not be renewed: %s", self._failure)


def _fault(error: BaseException) -> MoorageError:
    what = f"Asking for temporary keys failed ({type(error).__name__})."
    return StoreUnreachable(what, "Try again; look into the log.", cause="fault")
