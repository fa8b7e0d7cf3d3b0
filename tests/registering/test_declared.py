"""What is declared, brought into the catalogue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moorage.model.credentials import AccountKey, Keys
from moorage.model.errors import Conflict
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider
from moorage.model.transaction import Transaction
from moorage.registering.declared import Standing, standing_of, vanished
from registering.catalogue import Catalogue
from showing.quay import BOSS, disk_store

LAB = Connection(
    Provider.S3,
    endpoint="http://127.0.0.1:1",
    credentials=Keys("AKIA", "hush"),
    name="lab",
    origin="remote_links.yml: lab",
    open_buckets=(),
)
BOATS = replace(LAB, name="boats", origin="remote_links.yml: boats", open_buckets=("boats:a/",))


async def use(catalogue: Catalogue, name: str) -> None:
    """A store on the connection of that name."""
    connection = (await catalogue.connections())[name]
    store = replace(disk_store(f"on-{name}", "/"), connection=connection, bucket=Bucket("bucket"))

    def add(tx: Transaction) -> None:
        tx.stores.add(store)

    await catalogue.facts.write(add)


async def test_entries_are_made_changed_and_removed_with_audit_rows(catalogue: Catalogue) -> None:
    made = await catalogue.apply(LAB, BOATS)
    assert made.added == ("lab", "boats")
    again = await catalogue.apply(LAB, BOATS)
    assert not again
    changed = await catalogue.apply(replace(LAB, credentials=Keys("AKIA", "other")))
    assert (changed.changed, changed.removed) == (("lab",), ("boats",))
    assert (await catalogue.connections())["lab"].credentials == Keys("AKIA", "other")
    assert await catalogue.audit() == [
        ("connection.add", "connection lab"),
        ("connection.add", "connection boats"),
        ("connection.change", "connection lab"),
        ("connection.remove", "connection boats"),
    ]
    rows = await catalogue.facts.read(lambda tx: tx.audit.all())
    assert "hush" not in repr(rows) + repr(await catalogue.connections())


async def test_what_vanished_stays_while_a_store_uses_it_and_opens_nothing(catalogue: Catalogue) -> None:
    await catalogue.apply(LAB)
    await use(catalogue, "lab")
    gone = await catalogue.apply()
    assert (gone.kept, gone.removed) == (("lab",), ())
    left = (await catalogue.connections())["lab"]
    assert vanished(left)
    assert left.credentials == LAB.credentials
    (warning,) = await catalogue.warnings()
    assert "lab is not declared in remote_links.yml any more, but used by on-lab" in warning
    assert not await catalogue.apply()
    back = await catalogue.apply(LAB)
    assert back.changed == ("lab",)
    assert await catalogue.warnings() == []


async def test_a_changed_connection_names_the_stores_that_must_be_opened_anew(catalogue: Catalogue) -> None:
    await catalogue.apply(LAB)
    await use(catalogue, "lab")
    forgotten: list[int] = []
    declaring = replace(catalogue.declaring, forget=forgotten.append)
    changed = replace(LAB, credentials=Keys("AKIA", "other"))
    done = await declaring.apply(BOSS, [changed], sources=("remote_links.yml: ",), standing=Standing())
    assert tuple(forgotten) == done.stores
    assert len(forgotten) == 1


async def test_an_entry_that_means_another_provider_leaves_the_stores_of_the_first_one_alone(
    catalogue: Catalogue,
) -> None:
    await catalogue.apply(LAB)
    await use(catalogue, "lab")
    azure = replace(LAB, provider=Provider.AZURE, credentials=AccountKey("boats", "aHVzaA=="))
    done = await catalogue.apply(azure)
    assert (done.added, done.kept) == (("lab",), ("lab",))
    store = (await catalogue.facts.read(lambda tx: tx.stores.all()))[0]
    assert store.connection.provider is Provider.S3
    assert not await catalogue.apply(azure)


async def test_sources_that_were_not_read_stay_as_they_are(catalogue: Catalogue) -> None:
    remote = replace(LAB, name="remote-storage", origin="settings: REMOTE_STORAGE_*")
    await catalogue.apply(LAB, remote)
    standing = Standing("remote_links.yml", problem="It is broken.")
    await catalogue.declaring.apply(BOSS, [], sources=("settings: ",), standing=standing)
    assert list(await catalogue.connections()) == ["lab"]
    assert await catalogue.warnings() == ["It is broken."]
    assert (await catalogue.facts.read(standing_of)).looked_ms > 0


async def test_a_declared_connection_is_changed_where_it_is_declared_only(catalogue: Catalogue) -> None:
    await catalogue.apply(LAB)
    there = (await catalogue.connections())["lab"]
    with pytest.raises(Conflict, match=r"declared in remote_links\.yml"):
        await catalogue.connecting.change(BOSS, there.id, replace(there, region="x"))
    with pytest.raises(Conflict, match=r"declared in remote_links\.yml"):
        await catalogue.connecting.remove(BOSS, there.id)
