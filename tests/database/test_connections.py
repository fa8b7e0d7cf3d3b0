"""Connections stand for themselves, and keep the credentials before the last replacement until they are dropped."""

from __future__ import annotations

from dataclasses import replace

from moorage.database.engine import Database
from moorage.model.credentials import Anonymous, Keys
from moorage.model.store import Connection, Former, Provider, Scope, Store

LAB = Connection(
    Provider.S3,
    endpoint="https://lab.example.org",
    credentials=Keys("lab", "first"),
    name="lab",
    origin="remote_links.yml: lab",
    open_buckets=("frames:2021/:2022/",),
    scope=Scope(projects=(7,)),
)


async def test_a_connection_comes_back_as_it_went_in_and_outlives_its_stores(facts: Database) -> None:
    lab = await facts.write(lambda tx: tx.connections.add(LAB))
    assert lab == replace(LAB, id=lab.id)
    assert await facts.read(lambda tx: tx.connections.all()) == [lab]
    store = await facts.write(lambda tx: tx.stores.add(Store("frames", lab, loan_role_arn="arn:aws:iam::1:role/lend")))
    assert await facts.read(lambda tx: tx.stores.named("frames")) == store
    assert (store.connection, store.loan_role_arn) == (lab, "arn:aws:iam::1:role/lend")
    await facts.write(lambda tx: tx.stores.remove(store.id))
    assert await facts.read(lambda tx: tx.connections.get(lab.id)) == lab


async def test_former_credentials_are_kept_sealed_until_they_are_dropped(facts: Database) -> None:
    lab = await facts.write(lambda tx: tx.connections.add(LAB))
    assert await facts.read(lambda tx: tx.connections.former(lab.id)) is None
    await facts.write(lambda tx: tx.connections.keep_former(lab.id, now_ms=5))
    await facts.write(lambda tx: tx.connections.update(replace(lab, credentials=Anonymous())))
    assert await facts.read(lambda tx: tx.connections.former(lab.id)) == Former(Keys("lab", "first"), 5)
    stored = await facts.read(lambda tx: tx.statements.rows("SELECT former FROM connection"))
    assert b"first" not in bytes(stored[0][0])
    assert await facts.read(lambda tx: tx.instance.holds_seals())
    assert await facts.write(lambda tx: tx.connections.seal_again()) == lab.id
    assert (await facts.read(lambda tx: tx.connections.former(lab.id)) or Former(Anonymous(), 0)).replaced_ms == 5
    await facts.write(lambda tx: tx.connections.drop_former(lab.id))
    assert await facts.read(lambda tx: tx.connections.former(lab.id)) is None
    assert not await facts.read(lambda tx: tx.instance.holds_seals())
