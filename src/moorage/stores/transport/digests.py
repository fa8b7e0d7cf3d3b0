"""Checksums of bodies; of a long one they are made in a thread, beside the event loop."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

_T = TypeVar("_T")
_INLINE: Final = 64 * 1024


async def digest_of(make: Callable[[], _T], length: int) -> _T:
    """What ``make`` makes of a body of that length."""
    return make() if length <= _INLINE else await asyncio.to_thread(make)


async def md5_of(data: bytes) -> str:
    """The MD5 as headers hold it: base64."""

    def make() -> str:
        return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()

    return await digest_of(make, len(data))
