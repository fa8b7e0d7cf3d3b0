"""A link into a bucket that is not registered makes its store, where a connection opens it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from moorage.model.access import Role
from moorage.model.credentials import Keys
from moorage.model.errors import AlreadyExists, Forbidden, ProbeFailed, Refused
from moorage.model.store import Connection, Provider, Scope
from moorage.registering.register import NAME
from registering.catalogue import Catalogue
from servers import ceph
from showing.quay import BOSS, disk_store, person
from stores.s3_bucket import admin, bucket_of


@pytest.fixture
async def bucket() -> AsyncIterator[str]:
    async with bucket_of(ceph()) as name:
        client = admin(ceph())
        client.put_object(Bucket=name, Key="a/one.txt", Body=b"one")
        client.close()
        yield name


async def lab(catalogue: Catalogue, *open_buckets: str, scope: Scope = Scope()) -> Connection:  # noqa: B008 - frozen
    server = ceph()
    wished = Connection(
        Provider.S3,
        endpoint=server.endpoint,
        credentials=Keys(server.access_key, server.secret_key),
        name="lab",
        origin="remote_links.yml: lab",
        open_buckets=open_buckets,
        scope=scope,
    )
    await catalogue.apply(wished)
    return (await catalogue.connections())["lab"]


async def test_the_first_link_makes_a_read_only_store_and_a_repeat_finds_it(catalogue: Catalogue, bucket: str) -> None:
    connection = await lab(catalogue, scope=Scope(projects=(4096,)))
    editor = person(p4096=Role.EDITOR)
    stores = await asyncio.gather(*(catalogue.registering.open_bucket(editor, connection, bucket) for _ in range(4)))
    assert len({one.id for one in stores}) == 1
    (store,) = await catalogue.facts.read(lambda tx: tx.stores.all())
    assert (store.name, store.bucket, store.prefix, store.read_only) == (bucket, bucket, "", True)
    assert store.scope == Scope(projects=(4096,))
    assert store.connection.id == connection.id
    report = await catalogue.facts.read(lambda tx: tx.stores.last_check(store.id))
    assert report is not None
    assert report.passed


async def test_a_bucket_that_is_not_listed_is_refused_and_nothing_is_made(catalogue: Catalogue, bucket: str) -> None:
    connection = await lab(catalogue, "other", f"{bucket}-x")
    with pytest.raises(Refused, match="does not open the bucket"):
        await catalogue.registering.open_bucket(BOSS, connection, bucket)
    assert await catalogue.facts.read(lambda tx: tx.stores.all()) == []


async def test_each_listed_folder_becomes_a_store_of_its_own(catalogue: Catalogue, bucket: str) -> None:
    connection = await lab(catalogue, f"{bucket}:a/:b/c/")
    opening = catalogue.registering.open_bucket
    store = await opening(BOSS, connection, bucket, key="b/c/x.jpg")
    assert (store.name, store.prefix) == (f"{bucket}-b-c", "b/c/")
    assert (await opening(BOSS, connection, bucket, key="a/one.txt")).prefix == "a/"
    with pytest.raises(Refused, match="opens only a/, b/c/"):
        await opening(BOSS, connection, bucket, key="c/x.jpg")


async def test_a_bucket_that_is_not_there_is_not_registered(catalogue: Catalogue) -> None:
    connection = await lab(catalogue)
    with pytest.raises(ProbeFailed, match="There is no bucket 'Not_There'"):
        await catalogue.registering.open_bucket(BOSS, connection, "Not_There")
    assert await catalogue.facts.read(lambda tx: tx.stores.all()) == []


async def test_a_name_that_is_taken_gets_that_of_the_connection_before_it(catalogue: Catalogue, bucket: str) -> None:
    await catalogue.facts.write(lambda tx: tx.stores.add(disk_store(bucket, "/")))
    store = await catalogue.registering.open_bucket(BOSS, await lab(catalogue), bucket)
    assert store.name == f"lab-{bucket}"
    assert NAME.fullmatch(store.name)


async def test_who_is_no_editor_of_a_project_in_the_scope_opens_nothing(catalogue: Catalogue, bucket: str) -> None:
    everyone = await lab(catalogue)
    opening = catalogue.registering.open_bucket
    with pytest.raises(Forbidden):
        await opening(person(p4096=Role.VIEWER), everyone, bucket)
    scoped = replace(everyone, scope=Scope(projects=(1,)))
    with pytest.raises(Forbidden):
        await opening(person(p4096=Role.MANAGER), scoped, bucket)
    with pytest.raises(Refused, match="not open to you"):
        await opening(person(Role.MANAGER), replace(everyone, scope=Scope(users=(3,))), bucket)


async def test_a_declared_disk_is_opened_under_its_own_name_or_not_at_all(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    disk = Connection(Provider.DISK, root=str(tmp_path), name="photos", origin="remote_links.yml: p", open_buckets=())
    await catalogue.apply(disk)
    connection = (await catalogue.connections())["photos"]
    store = await catalogue.registering.open_bucket(BOSS, connection, "photos", key="a.txt")
    assert (store.name, store.bucket) == ("photos", "")
    await catalogue.facts.write(lambda tx: tx.stores.remove(store.id))
    await catalogue.facts.write(lambda tx: tx.stores.add(disk_store("photos", "/")))
    with pytest.raises(AlreadyExists, match="another store photos"):
        await catalogue.registering.open_bucket(BOSS, connection, "photos")
