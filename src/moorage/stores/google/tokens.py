"""Access tokens: kept while they last, made anew before they end, once however many wait."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from moorage.model.errors import MoorageError

_EARLY_S: Final = 225
"""The metadata server gives the old token until 4 minutes before its end; sooner is in vain."""
_LATE_S: Final = 30
_AGAIN_S: Final = 10


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; ``life_s`` seconds are left of it from the monotonic time ``since``."""

    value: str = field(repr=False)
    life_s: float
    since: float = field(default_factory=time.monotonic)

    def refresh_at(self) -> float:
        """When to ask for the next one, while this one still serves."""
        return self.since + self.life_s - min(_EARLY_S, self.life_s / 4)

    def ends_at(self) -> float:
        """When it is no longer used: a request on its way must still find it valid."""
        return self.since + self.life_s - min(_LATE_S, self.life_s / 10)


class Tokens:
    """The current token of one store. ``mint`` asks for a new one and raises the errors of the model."""

    def __init__(self, mint: Callable[[], Awaitable[Token]]) -> None:
        self._mint = mint
        self._token: Token | None = None
        self._minting: asyncio.Task[Token] | None = None
        self._not_before = 0.0

    async def value(self) -> str:
        """A token that is valid now. Only who finds none waits for the next; all wait for the same one."""
        token, now = self._token, time.monotonic()
        if token and now < token.refresh_at():
            return token.value
        if token and now < token.ends_at():
            if now >= self._not_before:
                self._begin()
            return token.value
        # Shielded: one who gives up waiting does not take the token from the others.
        return (await asyncio.shield(self._begin())).value

    def drop(self, value: str) -> None:
        """Use this token no more: the server refused it before its time."""
        if self._token and self._token.value == value:
            self._token = None

    async def aclose(self) -> None:
        """Stop asking; a repeat does nothing."""
        if self._minting:
            self._minting.cancel()
            with contextlib.suppress(asyncio.CancelledError, MoorageError):
                await self._minting
            self._minting = None

    def _begin(self) -> asyncio.Task[Token]:
        if self._minting is None:
            self._minting = asyncio.ensure_future(self._renew())
            self._minting.add_done_callback(self._ended)
        return self._minting

    async def _renew(self) -> Token:
        self._token = token = await self._mint()
        return token

    def _ended(self, task: asyncio.Task[Token]) -> None:
        self._minting = None
        # Also marks the error as seen: the old token may still serve, and nobody waits for this one.
        if not task.cancelled() and task.exception():
            self._not_before = time.monotonic() + _AGAIN_S
