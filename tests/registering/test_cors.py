"""CORS of stores, set and asked as browsers ask: on Ceph, Azurite, and before the desk of Google's server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

import servers
from moorage.model.access import Principal, Role, UserId
from moorage.model.administration import StoreAdministration
from moorage.model.cors import CorsRule, CorsRules
from moorage.model.credentials import Hmac, Sas
from moorage.model.errors import Forbidden, Invalid, NotFound, Refused
from moorage.model.keys import Bucket, Key
from moorage.model.store import Connection, ObjectStore, Provider, Store
from moorage.prescribing import Mode, cors_rules
from moorage.registering.cors import Crossing
from moorage.registering.probing.going_round import preflight
from moorage.stores.azure import AzureStore
from moorage.stores.google import GoogleStore, open_google
from moorage.stores.memory import MemoryStore
from moorage.stores.s3 import Limits, Purpose, S3Store
from stores import azure_container as azure
from stores import s3_bucket
from stores.facing import facing
from stores.faulty import error, says
from stores.google_facing import behind_gate

ORIGIN = "https://media.example.org"
OTHER = "https://elsewhere.example.org"
ADMIN = Principal(UserId(1), "admin@localhost", Role.ADMIN)
VIEWER = Principal(UserId(2), "viewer@localhost", Role.VIEWER)
FOREIGN = CorsRule((OTHER,), ("GET",), ("range",), ("ETag",), 60, "theirs")


@dataclass
class OneStore:
    """The facts of one store, and the audit rows that were written."""

    store: Store
    rows: list[dict[str, Any]] = field(default_factory=list)

    stores = property(lambda self: self)
    audit = property(lambda self: self)

    def named(self, name: str) -> Store:
        if name != self.store.name:
            raise NotFound(f"There is no store {name}.")
        return self.store

    def add(self, principal: Principal, action: str, subject: str, **facts: Any) -> None:
        self.rows.append({"who": principal.user, "action": action, "subject": subject, **facts})

    async def read(self, work: Callable[[Any], Any]) -> Any:
        return work(self)

    write = read


def crossing(store: Store, kind: Callable[[Store], ObjectStore]) -> tuple[Crossing, OneStore]:
    def opener(store: Store) -> ObjectStore:
        return kind(store)

    facts = OneStore(store)
    return Crossing(facts, opener), facts


def needed(store: Store) -> CorsRules:
    return cors_rules(store, (ORIGIN,), {Mode.MIRROR} if store.read_only else {Mode.DIRECT_UPLOAD})


async def passes(administration: StoreAdministration, origin: str, method: str) -> bool:
    return await preflight(administration, administration.address(Key("any")), origin, method)


@asynccontextmanager
async def on_ceph(*, read_only: bool = False) -> AsyncIterator[S3Store]:
    async with s3_bucket.bucket_of(servers.ceph()) as name:
        opened = S3Store(s3_bucket.store_at(servers.ceph(), name, read_only=read_only))
        yield opened
        await opened.aclose()


async def test_on_ceph_our_origin_is_let_in_after_applying_and_no_other() -> None:
    async with on_ceph() as opened:
        verbs, facts = crossing(opened._store, S3Store)
        before = await verbs.look(ADMIN, "under-test", needed)
        assert not before.enough
        assert before.changes
        assert before.rules == CorsRules()
        assert {lack.method for lack in before.lacks if lack.refused} == {"GET", "HEAD", "PUT", "POST"}
        assert facts.rows == []
        assert await opened.administration.cors() == CorsRules()
        after = await verbs.apply(ADMIN, "under-test", needed)
        assert after.applied
        assert after.enough
        assert after.lacks == ()
        for method in ("GET", "HEAD", "PUT", "POST"):
            assert await passes(opened.administration, ORIGIN, method)
            assert not await passes(opened.administration, OTHER, method)
        assert not await passes(opened.administration, ORIGIN, "DELETE")
        (row,) = facts.rows
        assert row["action"] == "store.cors"
        assert row["origins"] == [ORIGIN]
        again = await verbs.apply(ADMIN, "under-test", needed)
        assert not again.applied
        assert len(facts.rows) == 1


async def test_rules_of_others_are_kept_and_ours_are_replaced_by_their_id() -> None:
    async with on_ceph(read_only=True) as opened:
        ours = CorsRule(("https://old.example.org",), ("GET",), (), (), 5, "moorage")
        await opened.administration.put_cors(CorsRules((FOREIGN, ours)))
        verbs, facts = crossing(opened._store, S3Store)
        await verbs.apply(ADMIN, "under-test", needed)
        rules = (await opened.administration.cors()).rules
        assert FOREIGN in rules
        assert [set(rule.methods) for rule in rules if rule.id == "moorage"] == [{"GET", "HEAD"}]
        assert facts.rows[0]["kept_rules"] == 1
        assert await passes(opened.administration, OTHER, "GET")
        assert not await passes(opened.administration, ORIGIN, "PUT")


async def test_a_try_from_a_browser_gets_one_object_and_the_headers_that_come_with_it() -> None:
    async with on_ceph() as opened:
        verbs, _ = crossing(opened._store, S3Store)
        with pytest.raises(NotFound):
            await verbs.trial(ADMIN, "under-test")
        await opened.put(Key("empty"), b"")
        await opened.put(Key("one"), b"0123")
        trial = await verbs.trial(ADMIN, "under-test")
        assert {"etag", "content-range", "accept-ranges"} <= set(trial.sent), trial.sent
        assert "/one?" in trial.url
        assert "X-Amz-Signature" not in repr(trial)
        assert (await opened.administration.ask("GET", trial.url)).content == b"0123"


async def test_only_managers_see_or_change_rules() -> None:
    store = s3_bucket.store_at(servers.ceph(), "any")
    verbs, _ = crossing(store, S3Store)
    for verb in (verbs.look, verbs.apply):
        with pytest.raises(Forbidden):
            await verb(VIEWER, "under-test", needed)
    with pytest.raises(Forbidden):
        await verbs.trial(VIEWER, "under-test")
    assert verbs.reach(VIEWER, store) == ""
    assert verbs.reach(ADMIN, store) == servers.ceph().endpoint
    away = replace(store, connection=replace(store.connection, endpoint=""))
    assert verbs.reach(ADMIN, away) == "https://*.amazonaws.com"


async def test_a_store_that_is_no_bucket_has_no_rules() -> None:
    store = Store("under-test", Connection(Provider.MEMORY))
    verbs, _ = crossing(store, MemoryStore)
    with pytest.raises(Invalid, match="has no CORS rules"):
        await verbs.look(ADMIN, "under-test", lambda _: CorsRules())
    assert verbs.reach(ADMIN, store) == ""


async def test_on_azurite_the_rules_are_those_of_the_account() -> None:
    """Other tests share the account: what was there before is there afterwards."""
    server = servers.azurite()
    async with azure.container_of(server) as name:
        store = azure.store_at(server, name, read_only=False)
        opened = AzureStore(store)
        before = await opened.administration.cors()
        foreign = replace(FOREIGN, id="")
        try:
            await opened.administration.put_cors(CorsRules((foreign,)))
            verbs, _ = crossing(store, AzureStore)
            found = await verbs.look(ADMIN, "under-test", needed)
            assert any("whole storage account" in note for note in found.notes)
            after = await verbs.apply(ADMIN, "under-test", needed)
            assert after.applied
            assert after.lacks == ()
            assert foreign in (await opened.administration.cors()).rules
            for method in ("GET", "HEAD", "PUT"):
                assert await passes(opened.administration, ORIGIN, method)
            assert not await passes(opened.administration, "https://third.example.org", "GET")
            sas = Sas(server.access_key, azure.container_sas(server, name, "rl"))
            blind, _ = crossing(azure.store_at(server, name, sas), AzureStore)
            found = await blind.look(ADMIN, "under-test", needed)
            assert found.rules is None
            assert "belong to the whole account" in found.unread
            assert found.enough
            with pytest.raises(Refused, match="belong to the whole account"):
                await blind.apply(ADMIN, "under-test", needed)
            five = CorsRules(tuple(replace(foreign, origins=(f"https://{n}.example.org",)) for n in range(5)))
            await opened.administration.put_cors(five)
            with pytest.raises(Refused, match="at most 5 CORS rules"):
                await verbs.apply(ADMIN, "under-test", needed)
            assert await opened.administration.cors() == five
        finally:
            await opened.administration.put_cors(before)
            await opened.aclose()


async def test_at_google_a_token_with_full_control_changes_the_rules_and_no_other() -> None:
    async with behind_gate() as behind:
        verbs, _ = crossing(behind.registered, GoogleStore)
        assert not (await verbs.look(ADMIN, "under-test", needed)).enough
        after = await verbs.apply(ADMIN, "under-test", needed)
        assert after.applied
        assert after.enough
        assert behind.gate.facts["cors"][0]["origin"] == [ORIGIN]
        assert not await passes(behind.store.administration, OTHER, "GET")
        behind.gate.denied = {"storage.buckets.update"}
        behind.gate.facts["cors"] = []
        with pytest.raises(Refused) as caught:
            await verbs.apply(ADMIN, "under-test", needed)
        assert "storage.buckets.update" in str(caught.value)


async def test_with_an_hmac_key_google_takes_no_rules() -> None:
    connection = Connection(Provider.GOOGLE, endpoint="http://127.0.0.1:9", credentials=Hmac("GOOG1", "secret"))
    store = Store("under-test", connection, bucket=Bucket("reef-2021"))
    opened = open_google(store, limits=Limits(), purpose=Purpose.ADMIN)
    for call in (opened.administration.cors(), opened.administration.put_cors(CorsRules())):  # type: ignore[attr-defined]
        with pytest.raises(Refused, match="HMAC"):
            await call
    await opened.aclose()


async def test_a_server_without_rules_for_single_buckets_says_where_they_are() -> None:
    async with facing(error(501, "NotImplemented")) as (_, opened):
        with pytest.raises(Refused, match="keeps no CORS rules"):
            await opened.administration.cors()
        assert await opened.administration.versioning() is None
        assert await opened.administration.uploads("") is None


async def test_documents_that_declare_entities_or_are_none_tell_nothing() -> None:
    for body in (b'<!DOCTYPE x [<!ENTITY y "z">]><VersioningConfiguration/>', b"<html/>", b"<a><b></a>"):
        async with facing(says(200, body)) as (_, opened):
            assert await opened.administration.versioning() is None


async def test_what_others_set_between_the_look_and_the_change_stays() -> None:
    async with on_ceph() as opened:
        verbs, _ = crossing(opened._store, S3Store)
        await verbs.look(ADMIN, "under-test", needed)
        await opened.administration.put_cors(CorsRules((FOREIGN,)))
        await asyncio.gather(verbs.apply(ADMIN, "under-test", needed))
        assert FOREIGN in (await opened.administration.cors()).rules
