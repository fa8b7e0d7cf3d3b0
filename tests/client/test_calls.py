"""The async client: shapes, repeats, errors, streams."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from client.toy import DONE, QUESTION, TOKEN, Toy, job
from moorage.client import AsyncClient, Folder, Item, Limits
from moorage.client.codec import encode
from moorage.client.jobs import POLL_S
from moorage.client.shapes import CommonPrefix, ObjectEntry
from moorage.model.credentials import Keys
from moorage.model.errors import InUse, Invalid, MoorageError, NotFound, ProbeFailed, SignInNeeded, TryAgain
from moorage.model.jobs import JobState
from moorage.model.probe import Finding, Permission

QUICK = Limits(pause_s=0.01)


async def test_stores_are_shapes_with_times_and_findings(client: AsyncClient) -> None:
    (store,) = await client.stores()
    assert store.name == "reef"
    assert store.created == datetime(2026, 11, 20, 15, 4, 5, 123000, UTC)
    assert store.check is not None
    assert store.check.lines[0].finding is Finding.OK


async def test_a_failed_probe_is_raised_with_its_report(client: AsyncClient, toy: Toy) -> None:
    with pytest.raises(ProbeFailed, match="Nothing was registered") as caught:
        await client.add_store("reef", "s3", bucket="reef", credentials=Keys("AK", "hush"))
    report = caught.value.report
    assert report is not None
    assert not report.passed
    assert [line.permission for line in report.lines] == [Permission.REACH, Permission.LIST]
    assert "hush" not in repr(caught.value)
    assert toy.bodies[-1] == {
        "name": "reef", "provider": "s3", "bucket": "reef", "force": False,
        "credentials": {"kind": "keys", "access_key": "AK", "secret_key": "hush"},
    }  # fmt: skip
    assert (await client.add_store("reef", "s3", bucket="reef", force=True)).name == "reef"


async def test_what_uses_a_store_is_told(client: AsyncClient) -> None:
    with pytest.raises(InUse) as caught:
        await client.remove_store("reef")
    assert caught.value.users == ("mirror 7",)


async def test_objects_are_paged_by_the_escaped_last_key(client: AsyncClient, toy: Toy) -> None:
    rows = [row async for row in client.objects("reef")]
    assert [type(row) for row in rows] == [ObjectEntry, CommonPrefix]
    assert isinstance(rows[0], ObjectEntry)
    assert rows[0].key == "o\udcfe"
    assert toy.seen[-1][1].endswith("after=o%5Cxfe&limit=1000")


async def test_undecodable_names_come_as_surrogates_and_go_back_escaped(client: AsyncClient) -> None:
    found = await client.lookup("Reef", "bad\udcff\\name")
    assert isinstance(found, Item)
    assert found.name == "bad\udcff\\name"
    shown = encode(found)
    assert (shown["name"], shown["key_encoding"]) == ("bad\\xff\\\\name", "escaped")


async def test_a_plain_shape_is_written_as_the_server_writes_it(client: AsyncClient) -> None:
    shown = encode(await client.item("20"))
    assert shown["modified"] == "2026-11-20T15:04:05.123Z"
    assert "key_encoding" not in shown


async def test_lookup_tells_folders_from_items(client: AsyncClient) -> None:
    assert isinstance(await client.lookup("Reef"), Folder)
    assert isinstance(await client.lookup("Reef", "a b.jpg"), Item)
    with pytest.raises(NotFound, match="There is no nowhere"):
        await client.lookup("Reef", "nowhere")


async def test_children_come_from_all_pages(client: AsyncClient) -> None:
    assert [child.id async for child in client.children("10")] == ["11", "20", "21"]


async def test_items_come_as_a_stream(client: AsyncClient, toy: Toy) -> None:
    assert [item.id async for item in client.items("Reef", kind="image")] == ["20", "21"]
    assert toy.seen[-1] == ("GET", "/projects/Reef/items?recursive=1&kind=image&state=live")


async def test_a_get_is_repeated_after_a_passing_fault(client: AsyncClient, toy: Toy) -> None:
    toy.statuses = [503, 502, 504]
    assert (await client.me()).email == "a@b.example"
    assert len(toy.seen) == 4


async def test_four_tries_are_the_end(client: AsyncClient, toy: Toy) -> None:
    toy.statuses = [503] * 5
    with pytest.raises(TryAgain, match="503"):
        await client.me()
    assert len(toy.seen) == 4


async def test_a_repeated_post_keeps_its_idempotency_key(client: AsyncClient, toy: Toy) -> None:
    toy.statuses = [503]
    await client.add_project("Reef")
    await client.add_project("Reef")
    first, repeat, other = toy.keys
    assert first == repeat != other


async def test_a_patch_is_never_repeated(client: AsyncClient, toy: Toy) -> None:
    toy.statuses = [503]
    with pytest.raises(TryAgain):
        await client.change_project("Reef", name="Reef 2")
    assert len(toy.seen) == 1


async def test_an_answer_of_a_proxy_is_no_problem_document_but_an_error(client: AsyncClient, toy: Toy) -> None:
    toy.statuses = [418]
    with pytest.raises(MoorageError, match="The server answered 418"):
        await client.me()
    toy.statuses = [302]
    with pytest.raises(Invalid, match="redirects"):
        await client.me()


async def test_without_a_valid_token_sign_in_is_needed(toy: Toy) -> None:
    async with AsyncClient(toy.url, limits=QUICK) as nobody:
        with pytest.raises(SignInNeeded, match="MOORAGE_TOKEN"):
            await nobody.me()


async def test_a_server_that_is_not_there_is_named_without_the_token(unused_tcp_port: int) -> None:
    async with AsyncClient(f"http://127.0.0.1:{unused_tcp_port}", TOKEN, limits=QUICK) as client:
        with pytest.raises(TryAgain, match=f"127.0.0.1:{unused_tcp_port} cannot be reached") as caught:
            await client.me()
    assert TOKEN not in str(caught.value) + repr(client)


async def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="no address of a server"):
        AsyncClient("media.example.org")


async def test_a_job_is_watched_by_events_until_it_ends(client: AsyncClient, toy: Toy) -> None:
    toy.states = [job("queued"), job("running", done=1), job("running", done=2), DONE]
    states = [(now.state, now.done) async for now in client.watch_job("30")]
    assert states == [(JobState.QUEUED, 5), (JobState.RUNNING, 1), (JobState.RUNNING, 2), (JobState.SUCCEEDED, 10)]
    assert ("GET", "/jobs/30/events") in toy.seen


async def test_a_job_is_watched_by_asking_where_events_do_not_come_through(
    client: AsyncClient, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert POLL_S == 1.0
    monkeypatch.setattr("moorage.client.jobs.POLL_S", 0.01)
    toy.events = False
    assert [now.state.value async for now in client.watch_job("30")] == ["queued", "running", "succeeded"]


async def test_waiting_ends_where_a_job_asks(client: AsyncClient, toy: Toy) -> None:
    toy.states = [job("running"), job("needs_confirmation", question=QUESTION)]
    asked = await client.wait_job("30")
    assert asked.question is not None
    assert asked.question.figures == {"vanished": 12400, "live": 50000}
    assert [choice.name for choice in asked.question.choices] == ["accept", "look_again"]
    await client.confirm_job("30", "accept", asked.question.figures)
    assert toy.bodies[-1] == {"choice": "accept", "figures": {"vanished": 12400, "live": 50000}}


async def test_mirrors_start_jobs(client: AsyncClient, toy: Toy) -> None:
    started = await client.add_mirror("reef", "Reef", prefix="2021/", exclude=["*.tmp"])
    assert (started.id, started.job, started.folder) == ("7", "30", "11")
    assert toy.bodies[-1]["exclude"] == ["*.tmp"]
    assert not {"address", "credentials", "force", "writable"} & toy.bodies[-1].keys()
    await client.reindex_mirror("7", dry_run=True)
    assert toy.seen[-1] == ("POST", "/mirrors/7/reindex?dry_run=1")
    await client.remove_mirror("7", with_items=True)
    assert toy.seen[-1] == ("DELETE", "/mirrors/7?with_items=1")


async def test_a_place_is_shown_by_its_address(client: AsyncClient, toy: Toy) -> None:
    started = await client.add_mirror(
        address="s3://reef/2021", region="eu-west-1", credentials=Keys("AK", "hush"), folder="dives"
    )
    assert (started.store, started.project_name, started.made, started.note) == ("reef", "Reef", (), "")
    keys = {"kind": "keys", "access_key": "AK", "secret_key": "hush"}
    assert toy.bodies[-1] == {
        "address": "s3://reef/2021", "region": "eu-west-1", "credentials": keys, "folder": "dives", "project": "",
        "create_project": False, "include": [], "exclude": [], "on_vanished": "hide",
    }  # fmt: skip


async def test_a_place_of_odd_bytes_is_sent_escaped(client: AsyncClient, toy: Toy) -> None:
    await client.add_mirror("disk", "Reef", prefix="odd\udcff\\/", folder="a")
    sent = toy.bodies[-1]
    assert (sent["prefix"], sent["folder"], sent["key_encoding"]) == ("odd\\xff\\\\/", "a", "escaped")


async def test_a_suggestion_tells_what_would_be_used(client: AsyncClient, toy: Toy) -> None:
    suggested = await client.suggest_mirror("reef", region="eu-west-1")
    assert (suggested.store, suggested.project, suggested.mirror) == ("reef", "Reef", None)
    assert not suggested.needs_credentials
    assert toy.bodies[-1] == {"address": "reef", "endpoint": "", "region": "eu-west-1"}


async def test_a_token_is_told_once_and_never_in_a_repr(client: AsyncClient) -> None:
    made = await client.add_token("ci")
    assert made.token == "mrg_new"
    assert "mrg_new" not in repr(made)


async def test_former_credentials_are_told_and_taken_back(client: AsyncClient) -> None:
    told = await client.store_credentials("reef")
    assert (told.endings[0].what, told.endings[0].days_left) == ("SAS token", -1)
    assert told.former is not None
    assert (told.former.by, told.former.failing, told.former.credentials.kind) == ("a@b.example", ("reef",), "keys")
    assert (await client.undo_credentials("reef")).name == "reef"
    await client.forget_former_credentials("reef")
