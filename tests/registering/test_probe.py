"""The probe at Azure and Google, on a disk, and before servers that do not answer as they should."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

import servers
from moorage.model.credentials import Sas
from moorage.model.errors import ProbeFailed
from moorage.model.keys import Bucket, Key
from moorage.model.objects import ObjectInfo
from moorage.model.probe import CORE, Finding, Permission
from moorage.model.store import Connection, Provider, Store
from moorage.registering.probe import Checked, probe
from moorage.registering.probing import walk
from moorage.registering.register import refusal
from moorage.stores.azure import AzureStore
from moorage.stores.google import GoogleStore
from moorage.stores.memory import MemoryStore
from moorage.stores.s3 import S3Store
from moorage.stores.transport import Limits
from registering.rights import ORIGIN, lines
from stores import azure_container as azure
from stores.facing import facing
from stores.faulty import HASTY, error, says
from stores.google_facing import behind_gate

P = Permission
MEMORY = Store("memory", Connection(Provider.MEMORY), read_only=False)


def refused(found: Checked) -> set[Permission]:
    return {line.permission for line in found.report.lines if line.finding is Finding.MISSING}


@pytest.mark.parametrize(
    ("letters", "told"),
    [
        ("racwdl", set()),
        ("acwdl", {P.READ, P.READ_RANGE, P.WRITE, P.OVERWRITE, P.MULTIPART, P.COPY}),
        ("racwd", {P.LIST, P.UPLOADS}),
        ("racwl", {P.DELETE}),
        ("rl", {P.WRITE, P.MULTIPART, P.DELETE}),
    ],
)
async def test_the_letters_of_a_sas_are_named_by_the_lines_that_need_them(letters: str, told: set[Permission]) -> None:
    """Signed URLs are not tried with a SAS, and CORS rules belong to the account, so it never reaches them."""
    server = servers.azurite()
    async with azure.container_of(server) as name:
        store = azure.store_at(
            server, name, Sas(server.access_key, azure.container_sas(server, name, letters)), read_only=False
        )
        opened = AzureStore(store)
        found = await probe(store, opened, now_ms=1, origin=ORIGIN)
        await opened.aclose()
        assert refused(found) == told | {P.CORS_RULES}
        assert lines(found)[P.SIGNED].finding is Finding.SKIPPED
        for line in found.report.lines:
            if line.permission in told:
                lacking = {letter for letter in "racwdl" if letter not in letters}
                assert any(f"{letter} (" in line.advice or f" {letter} " in line.advice for letter in lacking), line
        whole = AzureStore(azure.store_at(server, name))
        left = [one.key for one in (await whole.list_page()).objects]
        assert left == ([found.report.left_behind] if found.report.left_behind else [])
        assert await whole.administration.uploads("") == ()
        await whole.aclose()


async def test_facts_of_a_google_bucket_are_told_and_their_permission_is_named() -> None:
    async with behind_gate() as behind:
        behind.gate.facts |= {
            "versioning": {"enabled": True},
            "lifecycle": {"rule": [{"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}}]},
            "notifications": [{"topic": "//pubsub.googleapis.com/projects/reef/topics/changes"}],
        }
        found = await probe(behind.registered, behind.store, now_ms=1, origin=ORIGIN)
        said = {permission: line.detail for permission, line in lines(found).items()}
        assert "EUROPE-WEST1" in said[P.REGION]
        assert "are kept" in said[P.VERSIONS]
        assert "unfinished uploads end after 7 days" in said[P.LIFECYCLE]
        assert "topics/changes" in said[P.NOTIFICATIONS]
        assert lines(found)[P.SIGNED].finding is Finding.OK
        behind.gate.denied = {"storage.buckets.get"}
        found = await probe(behind.registered, behind.store, now_ms=1, origin=ORIGIN)
        assert refused(found) == {P.REGION, P.CORS_RULES, P.VERSIONS, P.LIFECYCLE, P.NOTIFICATIONS}
        assert all("storage.buckets.get" in lines(found)[one].advice for one in refused(found))
        assert found.report.passed
        assert (await behind.store.list_page()).objects == []


async def test_a_read_only_google_store_asks_for_reading_alone() -> None:
    async with behind_gate() as behind:
        store = replace(behind.registered, read_only=True)
        opened = GoogleStore(store)
        behind.gate.asked.clear()
        found = await probe(store, opened, now_ms=1, origin=ORIGIN)
        await opened.aclose()
        assert found.report.passed
        assert {line.split(" ")[0] for line in behind.gate.asked} == {"GET"}


async def test_a_store_without_a_bucket_has_the_lines_that_all_have() -> None:
    opened = MemoryStore(MEMORY)
    found = await probe(MEMORY, opened, now_ms=1, origin=ORIGIN)
    assert found.report.passed
    assert {line.permission for line in found.report.lines} == CORE - {P.SIGN_IN} | {P.OVERWRITE, P.CONDITIONAL, P.COPY}
    assert (await opened.list_page()).objects == []


# Servers that do not answer as they should


class Hanging(MemoryStore):
    """Never tells of an object."""

    async def stat(self, key: Key) -> ObjectInfo:
        del key
        await asyncio.Event().wait()
        raise AssertionError


async def test_steps_end_after_ten_seconds_and_all_of_them_after_sixty(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (walk.STEP_LIMIT_S, walk.WHOLE_LIMIT_S) == (10, 60)
    monkeypatch.setattr(walk, "STEP_LIMIT_S", 0.1)
    monkeypatch.setattr(walk, "WHOLE_LIMIT_S", 0.15)
    opened = Hanging(MEMORY)
    found = await probe(MEMORY, opened, now_ms=1)
    assert "No answer within 0 s" in lines(found)[P.WRITE].detail
    assert {line.finding for line in found.report.lines} >= {Finding.OK, Finding.UNKNOWN}
    assert not found.report.passed


async def test_a_server_that_answers_html_is_asked_little_and_nothing_is_believed() -> None:
    async with facing(says(200, b"<html><body>Sign in</body></html>")) as (server, opened):
        store = Store("reef", replace_endpoint(server.endpoint), bucket=Bucket("reef"), read_only=False)
        found = await probe(store, opened, now_ms=1, origin=ORIGIN)
        assert not found.report.passed
        assert lines(found)[P.REACH].finding is Finding.UNKNOWN
        assert "does not answer as S3" in lines(found)[P.REACH].detail
        assert len(server.asked) == 1
        assert isinstance(refusal(found.report, "Nothing was registered."), ProbeFailed)


async def test_an_endless_answer_ends_the_step_and_no_memory_is_filled() -> None:
    async with facing(says(200, b"x" * (9 << 20)), limits=HASTY) as (server, opened):
        store = Store("reef", replace_endpoint(server.endpoint), bucket=Bucket("reef"))
        found = await probe(store, opened, now_ms=1)
        assert lines(found)[P.REACH].finding is Finding.UNKNOWN


@pytest.mark.parametrize("code", ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"])
async def test_credentials_that_are_not_accepted_end_the_check_at_once(code: str) -> None:
    async with facing(error(403, code)) as (server, opened):
        store = Store("reef", opened_connection(opened), bucket=Bucket("reef"), read_only=False)
        found = await probe(store, opened, now_ms=1, origin=ORIGIN)
        assert lines(found)[P.REACH].finding is Finding.OK
        assert lines(found)[P.SIGN_IN].finding is Finding.MISSING
        assert lines(found)[P.SIGN_IN].advice
        assert {lines(found)[one].finding for one in (P.LIST, P.READ, P.WRITE, P.DELETE)} == {Finding.UNKNOWN}
        assert all(asked.method == "GET" for asked in server.asked)
        assert len(server.asked) <= 2


async def test_a_clock_that_is_wrong_by_a_minute_is_warned_of() -> None:
    store = azure.store_at(servers.azurite(), "absent-here")
    opened = AzureStore(store, limits=Limits())
    opened._transport.clock.offset_s = -75.0
    opened._transport.clock._look_at = time.monotonic() + 60
    found = await probe(store, opened, now_ms=1)
    await opened.aclose()
    assert any("75 s ahead of" in warning for warning in found.report.warnings)


def replace_endpoint(endpoint: str) -> Connection:
    return Connection(Provider.S3, endpoint=endpoint)


def opened_connection(opened: S3Store) -> Connection:
    return opened._store.connection
