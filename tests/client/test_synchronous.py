"""The blocking client is the async one in a thread: the same calls, errors and streams."""

from __future__ import annotations

import inspect
import threading
from pathlib import Path

import pytest

from client.toy import CONTENT, TOKEN, Toy
from moorage.client import AsyncClient, Client
from moorage.model.errors import NotFound


def test_every_public_call_of_the_async_client_has_its_blocking_form() -> None:
    calls = {name for name, member in inspect.getmembers(AsyncClient, inspect.isfunction) if not name.startswith("_")}
    assert calls - {"aclose"} <= set(vars(Client))


def test_calls_block_and_streams_are_generators(plain: Client) -> None:
    assert plain.me().email == "a@b.example"
    assert [item.id for item in plain.items("Reef")] == ["20", "21"]
    assert b"".join(plain.content("20")) == CONTENT


def test_errors_are_those_of_the_async_client(plain: Client) -> None:
    with pytest.raises(NotFound):
        plain.lookup("Reef", "nowhere")


def test_the_error_of_a_stream_comes_after_its_rows(plain: Client, toy: Toy) -> None:
    toy.cut = [1000]
    rows: list[bytes] = []
    with pytest.raises(Exception, match="broke off"):
        rows.extend(plain.content("20"))
    stream = plain.children("10")
    assert next(stream).id == "11"
    stream.close()
    assert plain.me().user == "1"


def test_a_call_shows_the_parameters_and_words_of_its_async_form(plain: Client) -> None:
    assert list(inspect.signature(plain.reindex_mirror).parameters) == ["mirror", "dry_run"]
    assert plain.items.__doc__ == AsyncClient.items.__doc__


def test_closing_ends_streams_that_nobody_read_to_their_end(toy: Toy) -> None:
    with Client(toy.url, TOKEN) as client:
        content = client.content("20")
        assert next(content)
    content.close()


def test_a_forgotten_stream_that_the_collector_finds_in_the_loop_blocks_nothing(plain: Client) -> None:
    stream = plain.children("10")
    assert next(stream).id == "11"
    loop = plain._background._started()
    loop.call_soon_threadsafe(stream.close)
    assert plain.me().user == "1"


def test_a_download_is_written(plain: Client, tmp_path: Path) -> None:
    assert plain.download("20", tmp_path / "x") == len(CONTENT)


def test_closing_ends_the_thread_and_may_be_repeated(toy: Toy) -> None:
    client = Client(toy.url, TOKEN)
    client.me()
    assert "moorage-client" in {thread.name for thread in threading.enumerate()}
    client.close()
    client.close()
    assert "moorage-client" not in {thread.name for thread in threading.enumerate()}
