"""The data directory without a server: opened, used, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from moorage.cli.session import server_part, settings_of

if TYPE_CHECKING:
    from moorage.settings import Settings
    from moorage.wiring import Offline

T = TypeVar("T")


def on_data(data: Path | None, work: Callable[[Offline], Awaitable[T]]) -> T:
    """The result of ``work`` on the data directory in force, whether or not a server runs on it."""
    return on_settings(settings_of(data=data), work)


def on_settings(settings: Settings, work: Callable[[Offline], Awaitable[T]]) -> T:
    """The same for settings that are loaded already."""
    wiring = server_part("moorage.wiring")

    async def run() -> T:
        async with wiring.open_offline(settings) as offline:
            return await work(offline)

    return asyncio.run(run())
