"""Pools of real decoder processes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from moorage.imaging import DecoderPool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[DecoderPool]:
    """One process for the tests of a module that do it no harm."""
    made = DecoderPool(processes=1)
    yield made
    await made.aclose()
