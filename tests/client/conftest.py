"""A toy server and clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from client.toy import TOKEN, Toy, running
from moorage.client import AsyncClient, Client, Limits

QUICK = Limits(pause_s=0.01)


@pytest.fixture
def toy() -> Iterator[Toy]:
    with running() as server:
        yield server


@pytest.fixture
async def client(toy: Toy) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(toy.url, TOKEN, limits=QUICK) as made:
        yield made


@pytest.fixture
def plain(toy: Toy) -> Iterator[Client]:
    with Client(toy.url, TOKEN, limits=QUICK) as made:
        yield made
