"""A reset: the way out when the key is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from moorage.durable.beats import Beats
from moorage.keyring import KeyRing, make_key_file
from moorage.model.credentials import Anonymous, Forgotten
from moorage.model.errors import Conflict, SealBroken, StoreDenied
from moorage.settings import Settings
from moorage.wiring import open_offline, reset_secrets, resetting
from moorage.wiring.adapters import Openings
from moorage.wiring.directory import Lock
from servers import postgres
from wiring.installation import KEYED, Installation, make

FORGOTTEN = dict.fromkeys(KEYED, Forgotten()) | {"disk": Anonymous()}


@pytest.mark.parametrize("fate", ["lost", "another", "no key at all"])
async def test_credentials_alone_are_forgotten_and_the_stores_listed(tmp_path: Path, fate: str) -> None:
    installation = await make(tmp_path / "data")
    key = installation.directory.key_file
    lost = key.read_text()
    key.unlink()
    if fate == "another":
        make_key_file(key)
    elif fate == "no key at all":
        key.write_text("a letter to the editor")
        key.chmod(0o600)
    before = key.read_text() if key.exists() else None
    reset = await reset_secrets(installation.settings)
    assert reset.stores == ["coast", "reef", "shelf"]
    assert await installation.credentials() == FORGOTTEN
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text() not in (lost, before)
    assert (reset.kept.read_text() if reset.kept else None) == before
    assert "secrets.reset" in await installation.audited()


async def test_a_store_without_its_credentials_says_so_when_it_is_used(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data")
    installation.directory.key_file.unlink()
    await reset_secrets(installation.settings)
    async with open_offline(installation.settings) as offline:
        reef = await offline.facts.read(lambda tx: tx.stores.named("reef"))
    openings = Openings(installation.settings)
    for opening in (openings.for_readers, openings.for_jobs, openings.for_checks):
        with pytest.raises(StoreDenied, match="forgotten by secrets reset") as caught:
            opening(reef)
        assert "store change reef" in caught.value.advice


async def test_with_the_right_key_at_hand_nothing_is_forgotten(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data")
    before = installation.ring()
    with pytest.raises(Conflict, match="opens every credential"):
        await reset_secrets(installation.settings)
    assert installation.ring() == before
    assert await installation.credentials() == {**KEYED, "disk": Anonymous()}


async def test_it_is_refused_while_a_process_holds_the_directory(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data")
    installation.directory.key_file.unlink()
    with Lock(installation.directory), pytest.raises(Conflict, match="in use by process"):
        await reset_secrets(installation.settings)
    assert not installation.directory.key_file.exists()


async def test_killed_between_key_and_catalogue_it_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = await make(tmp_path / "data")
    installation.directory.key_file.unlink()

    async def die(*_: object) -> list[str]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(resetting, "_forget", die)
        with pytest.raises(KeyboardInterrupt):
            await reset_secrets(installation.settings)
    with pytest.raises(SealBroken, match="not at hand"):
        await installation.credentials()
    assert (await reset_secrets(installation.settings)).stores == ["coast", "reef", "shelf"]
    assert await installation.credentials() == FORGOTTEN


async def test_a_key_of_the_settings_is_taken_and_none_is_made(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data", secret_key=KeyRing.new().primary.decode())
    other = {"data": tmp_path / "data", "secret_key": KeyRing.new().primary.decode()}
    later = Installation(Settings.load(other, {}, tmp_path))
    reset = await reset_secrets(later.settings)
    assert (reset.stores, reset.key_file) == (["coast", "reef", "shelf"], None)
    assert await later.credentials() == FORGOTTEN
    assert not installation.directory.key_file.exists()


async def test_on_postgresql_a_lost_key_is_never_replaced_silently_and_reset_waits_for_the_others(
    tmp_path: Path, postgres_cluster: postgres.Cluster
) -> None:
    with postgres_cluster.database() as url:
        installation = await make(tmp_path / "data", database_url=url)
        key = installation.directory.key_file
        key.unlink()
        with pytest.raises(SealBroken, match="No new key was made"):
            await installation.credentials()
        elsewhere = Installation(Settings.load({"data": tmp_path / "other", "database_url": url}, {}, tmp_path))
        with pytest.raises(SealBroken, match="No new key was made"):
            await elsewhere.credentials()
        assert not key.exists()
        assert not elsewhere.directory.key_file.exists()
        database = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        another = Beats(database, executor="another", version="1", takes_work=True)
        another.begin()
        with pytest.raises(Conflict, match="1 other"):
            await reset_secrets(installation.settings)
        assert not key.exists()
        another.end()
        database.dispose()
        assert (await reset_secrets(installation.settings)).stores == ["coast", "reef", "shelf"]
        assert await installation.credentials() == FORGOTTEN
