"""Credentials in the database: sealed, and opened only with the key that sealed them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.catalogue_rows import disk
from moorage.database.engine import Database
from moorage.model.credentials import Keys
from moorage.model.errors import SealBroken
from moorage.model.store import Connection, Provider, Store

SECRET = "s3cr3t-never-in-clear"
KEYED = Store("keyed", Connection(Provider.S3, credentials=Keys("access", SECRET)))


class OtherSealer:
    """A key that opens nothing of what another one sealed."""

    def seal(self, plain: bytes) -> bytes:
        return b"other:" + plain

    def open(self, sealed: bytes) -> bytes:
        if not sealed.startswith(b"other:"):
            raise SealBroken("The seal is of another key.", "Bring the key back.")
        return sealed.removeprefix(b"other:")


async def test_no_secret_is_stored_in_clear(facts: Database) -> None:
    await facts.write(lambda tx: tx.stores.add(KEYED))
    stored = await facts.read(lambda tx: tx.statements.rows("SELECT kind, sealed FROM connection"))
    assert stored[0][0] == "keys"
    assert SECRET.encode() not in bytes(stored[0][1])
    assert b"access" not in bytes(stored[0][1])


async def test_another_key_opens_no_store_and_the_error_names_it(database_url: str, facts: Database) -> None:
    await facts.write(lambda tx: tx.stores.add(KEYED))
    plain = await facts.write(lambda tx: tx.stores.add(disk("plain")))
    other = Database.open(database_url, sealer=OtherSealer())
    with pytest.raises(SealBroken, match="keyed"):
        await other.read(lambda tx: tx.stores.named("keyed"))
    assert await other.read(lambda tx: tx.stores.named("plain")) == plain
    assert await other.read(lambda tx: tx.instance.holds_seals())
    assert await other.write(lambda tx: tx.connections.forget_credentials()) == ["keyed"]
    assert [store.name for store in await other.read(lambda tx: tx.stores.all())] == ["keyed", "plain"]
    assert not await other.read(lambda tx: tx.instance.holds_seals())
    await other.aclose()


async def test_sealing_again_uses_the_key_of_today(facts: Database) -> None:
    added = await facts.write(lambda tx: tx.stores.add(KEYED))
    other = await facts.write(lambda tx: tx.stores.add(replace(KEYED, name="other")))
    first = await facts.write(lambda tx: tx.connections.seal_again(limit=1))
    assert first == added.connection.id
    second = await facts.write(lambda tx: tx.connections.seal_again(after=first, limit=1))
    assert second == other.connection.id
    assert await facts.write(lambda tx: tx.connections.seal_again(after=second)) == 0
    for one in (added, other):
        opened = await facts.read(lambda tx, id_=one.id: tx.stores.get(id_))  # type: ignore[misc]
        assert opened.connection.credentials == Keys("access", SECRET)


async def test_facts_of_the_installation_are_kept_by_name(facts: Database) -> None:
    assert await facts.read(lambda tx: tx.instance.get("canary")) is None
    await facts.write(lambda tx: tx.instance.set("canary", b"one"))
    await facts.write(lambda tx: tx.instance.set("canary", b"\x00two"))
    assert await facts.read(lambda tx: tx.instance.get("canary")) == b"\x00two"
    assert await facts.write(lambda tx: tx.instance.keep("canary", b"three")) == b"\x00two"
    assert await facts.write(lambda tx: tx.instance.keep("another", b"first")) == b"first"
