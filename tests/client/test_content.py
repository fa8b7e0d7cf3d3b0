"""Bytes through the client: ranges, downloads that are whole or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.toy import CONTENT, Toy
from moorage.client import AsyncClient
from moorage.model.errors import Changed, RangeUnsatisfiable, TryAgain


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_end_of_a_range_is_exclusive(client: AsyncClient) -> None:
    assert await client.read("20", start=10, end=20) == CONTENT[10:20]
    assert await client.read("20", start=len(CONTENT) - 1) == CONTENT[-1:]
    assert await client.read("20", end=1) == CONTENT[:1]
    assert await client.read("20") == CONTENT


async def test_a_range_behind_the_end_is_unsatisfiable(client: AsyncClient) -> None:
    with pytest.raises(RangeUnsatisfiable) as caught:
        await client.read("20", start=len(CONTENT))
    assert caught.value.size == len(CONTENT)


async def test_content_that_breaks_off_is_an_error_and_never_an_end(client: AsyncClient, toy: Toy) -> None:
    toy.cut = [1000]
    with pytest.raises(TryAgain, match="broke off"):
        await client.read("20")


async def test_a_download_goes_on_where_the_connection_broke(client: AsyncClient, toy: Toy, tmp_path: Path) -> None:
    toy.cut = [1000, 2000]
    assert await client.download("20", tmp_path / "a.jpg") == len(CONTENT)
    assert (tmp_path / "a.jpg").read_bytes() == CONTENT
    assert len(toy.seen) == 3
    assert names_in(tmp_path) == ["a.jpg"]


async def test_a_download_that_fails_leaves_what_was_there(client: AsyncClient, toy: Toy, tmp_path: Path) -> None:
    target = tmp_path / "a.jpg"
    target.write_bytes(b"before")
    toy.cut = [1, 1, 1, 1]
    with pytest.raises(TryAgain):
        await client.download("20", target)
    assert target.read_bytes() == b"before"
    assert names_in(tmp_path) == ["a.jpg"]


async def test_a_download_never_mixes_two_versions(client: AsyncClient, toy: Toy, tmp_path: Path) -> None:
    toy.cut = [1000]
    toy.versions = ['"v1"', '"v2"']
    with pytest.raises(Changed, match="changed while it was read"):
        await client.download("20", tmp_path / "a.jpg")
    assert names_in(tmp_path) == []


async def test_a_signed_url_says_when_it_expires(client: AsyncClient, toy: Toy) -> None:
    signed = await client.sign_url("20", variant="preview", expires_in=60)
    assert signed.url.startswith("http://")
    assert signed.expires is not None
    assert toy.bodies[-1] == {"variant": "preview", "expires_in": 60}
