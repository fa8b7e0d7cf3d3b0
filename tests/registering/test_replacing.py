"""Former credentials are kept until those of now held for a while, whatever is replaced by whom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import pytest

from moorage.model.access import Role
from moorage.model.credentials import Credentials, Forgotten, Keys
from moorage.model.errors import Conflict, Forbidden, NotFound, ProbeFailed
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.registering.connecting import Connecting
from moorage.registering.former import SETTLED_MS
from moorage.registering.register import Registering
from moorage.registering.replacing import Replacing
from prescribing.ceph_users import Person, another_key, person
from registering.catalogue import Catalogue
from servers import ceph
from showing.quay import BOSS
from showing.quay import person as somebody_else
from stores.s3_bucket import bucket_of

START_MS = 1_900_000_000_000
WRONG = Keys("nobody", "wrong")


@pytest.fixture(scope="module")
def keys() -> Iterator[tuple[Person, Keys]]:
    """Somebody on the real Ceph, and a second key of theirs."""
    with person() as one:
        yield one, another_key(one)


@dataclass
class Reef:
    """A store on a bucket of that person, with a clock that is set by hand."""

    catalogue: Catalogue
    first: Keys
    second: Keys
    bucket: str
    now_ms: int = START_MS

    def __post_init__(self) -> None:
        facts, opener = self.catalogue.facts, self.catalogue.registering.open_store
        self.registering = Registering(facts, opener, lambda: self.now_ms)
        self.connecting = Connecting(facts, opener, lambda: self.now_ms)
        self.replacing = Replacing(facts, self.registering)

    def connection(self, credentials: Credentials) -> Connection:
        return Connection(Provider.S3, endpoint=ceph().endpoint, region=ceph().region, credentials=credentials)

    async def store(self, name: str = "reef") -> Store:
        return await self.catalogue.facts.read(lambda tx: tx.stores.named(name))

    async def give(self, credentials: Credentials, *, force: bool = False) -> None:
        store = await self.store()
        changed = replace(store, connection=replace(store.connection, credentials=credentials))
        await self.registering.change(BOSS, "reef", changed, force=force)

    async def former(self) -> Credentials | None:
        kept = await self.replacing.replaced(BOSS, "reef")
        return None if kept is None else kept.connection.credentials

    async def in_use(self) -> Credentials:
        return (await self.store()).connection.credentials


@pytest.fixture
async def reef(catalogue: Catalogue, keys: tuple[Person, Keys]) -> AsyncIterator[Reef]:
    one, second = keys
    server = replace(ceph(), access_key=one.keys.access_key, secret_key=one.keys.secret_key)
    async with bucket_of(server) as bucket:
        made = Reef(catalogue, one.keys, second, bucket)
        await made.registering.add(BOSS, Store("reef", made.connection(one.keys), bucket=Bucket(bucket)))
        yield made


async def test_a_check_that_passes_an_hour_later_forgets_the_former_ones(reef: Reef) -> None:
    await reef.give(reef.second)
    reef.now_ms += SETTLED_MS - 1
    await reef.registering.check(BOSS, "reef")
    assert await reef.former() == reef.first
    reef.now_ms += 1
    await reef.registering.check_quietly(await reef.store())
    assert await reef.former() is None
    with pytest.raises(Conflict, match="nothing to undo"):
        await reef.replacing.undo(BOSS, "reef")


async def test_all_stores_of_the_connection_must_pass_before_they_are_forgotten(reef: Reef) -> None:
    shared = (await reef.store()).connection
    await reef.registering.add(BOSS, Store("other", shared, bucket=Bucket(reef.bucket)))
    await reef.give(reef.second)
    reef.now_ms += SETTLED_MS
    await reef.registering.check(BOSS, "other")
    assert await reef.former() == reef.first
    await reef.registering.check(BOSS, "reef")
    assert await reef.former() is None


async def test_ones_that_never_worked_do_not_take_the_place_of_those_that_did(reef: Reef) -> None:
    await reef.give(WRONG, force=True)
    await reef.give(replace(WRONG, secret_key="wrong too"), force=True)
    assert await reef.former() == reef.first
    reef.now_ms += SETTLED_MS
    await reef.registering.check(BOSS, "reef")
    assert await reef.former() == reef.first, "the check did not pass"
    await reef.replacing.undo(BOSS, "reef")
    assert (await reef.in_use(), await reef.former()) == (reef.first, None)
    actions = [action for action, _ in await reef.catalogue.audit() if action.startswith("credentials.")]
    assert actions == ["credentials.replace", "credentials.replace", "credentials.undo"]


async def test_a_connection_that_is_changed_by_itself_keeps_its_former_ones_too(reef: Reef) -> None:
    own = replace(reef.connection(reef.first), name="lab")
    lab = (await reef.connecting.add(BOSS, own)).connection
    await reef.registering.add(BOSS, Store("shelf", lab, bucket=Bucket(reef.bucket)))
    with pytest.raises(ProbeFailed):
        await reef.connecting.change(BOSS, lab.id, replace(lab, credentials=WRONG))
    assert await reef.replacing.replaced(BOSS, "shelf") is None
    await reef.connecting.change(BOSS, lab.id, replace(lab, credentials=reef.second))
    await reef.replacing.undo(BOSS, "shelf")
    assert (await reef.store("shelf")).connection == lab
    assert ("credentials.undo", "connection lab") in await reef.catalogue.audit()


async def test_what_a_file_declares_is_undone_in_the_file(reef: Reef) -> None:
    lab = replace(reef.connection(reef.first), name="lab", origin="remote_links.yml: lab", open_buckets=())
    await reef.catalogue.apply(lab)
    known = (await reef.catalogue.connections())["lab"]
    await reef.registering.add(BOSS, Store("declared", known, bucket=Bucket(reef.bucket)))
    with pytest.raises(Conflict, match=r"declared in remote_links\.yml: lab"):
        await reef.replacing.undo(BOSS, "declared")


async def test_forgotten_credentials_are_not_kept_and_strangers_undo_nothing(reef: Reef) -> None:
    await reef.give(reef.second)
    await reef.catalogue.facts.write(lambda tx: tx.connections.forget_credentials())
    assert await reef.in_use() == Forgotten()
    await reef.give(reef.first)
    assert await reef.former() is None
    for stranger in (somebody_else(), somebody_else(p7=Role.MANAGER), somebody_else(Role.VIEWER)):
        with pytest.raises((Forbidden, NotFound)):
            await reef.replacing.undo(stranger, "reef")
        with pytest.raises((Forbidden, NotFound)):
            await reef.replacing.forget(stranger, "reef")
