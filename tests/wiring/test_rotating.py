"""A rotation: everything under a new key, whatever happens in between."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from moorage.database.engine import Database
from moorage.keyring import KeyRing, RingSealer, RingSigner
from moorage.model.access import SYSTEM, Principal, Role, UserId
from moorage.model.credentials import Anonymous
from moorage.model.errors import Conflict, Forbidden, Invalid, NotFound, SealBroken
from moorage.model.secrecy import Claim
from moorage.model.store import Connection, Provider, Store
from moorage.settings import Settings
from moorage.wiring import open_offline, rotate_keys, rotating
from moorage.wiring.directory import Lock
from moorage.wiring.rotating import Rotation
from servers import postgres, warm
from servers.moorage import clean_environment
from wiring.installation import KEYED, Installation, make

ALL = {**KEYED, "disk": Anonymous()}
KEYED_CONNECTION = Connection(Provider.S3, "http://127.0.0.1:9", credentials=KEYED["reef"])
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from moorage.database.connections import Connections
from moorage.keyring import keyfile
from moorage.settings import Settings
from moorage.wiring import rotating

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

seal_again, prove, calls = Connections.seal_again, rotating._prove, []

def one_batch(self, *, after=0):
    calls.append(after)
    return die() if len(calls) > 1 else seal_again(self, after=after, limit=1)

async def second_proof(settings, ring):
    calls.append(ring)
    return die() if len(calls) > 1 else await prove(settings, ring)

match sys.argv[2]:
    case "before the key is added":
        rotating.add_key = die
    case "while the key is written":
        keyfile.os.replace = die
    case "after the key is added":
        rotating._seal_again = die
    case "between two batches":
        Connections.seal_again = one_batch
    case "before the canary":
        rotating.new_canary = die
    case "before the proof":
        rotating._prove = second_proof
    case "before the old key is dropped":
        rotating.drop_old_keys = die
    case "while the old key is dropped":
        drop = rotating.drop_old_keys
        def dying(path):
            keyfile.os.replace = die
            drop(path)
        rotating.drop_old_keys = dying
data = Path(sys.argv[1])
asyncio.run(rotating.rotate_keys(Settings.load({"data": data}, {}, data.parent)))
"""
MOMENTS = re.findall(r'case "(.+)"', KILLED)


async def assert_rotated(installation: Installation, old: KeyRing) -> None:
    assert len(installation.ring().keys) == 1
    assert installation.ring().primary not in old.keys
    assert await installation.credentials() == ALL
    async with open_offline(installation.settings) as offline:
        rows = await offline.facts.read(
            lambda tx: tx.statements.rows("SELECT sealed FROM connection WHERE sealed IS NOT NULL")
        )
    assert len(rows) == len(KEYED)
    for (sealed,) in rows:
        with pytest.raises(SealBroken):
            RingSealer(old).open(bytes(sealed))


async def test_a_rotation_seals_everything_anew_and_drops_the_old_key(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data")
    old = installation.ring()
    claim = Claim(item=7, variant="content", expires_s=2_000_000_000)
    signed = RingSigner(old).sign(claim)
    assert (await rotate_keys(installation.settings)).key_file == installation.directory.key_file
    await assert_rotated(installation, old)
    assert "secrets.rotate" in await installation.audited()
    assert RingSigner(old).verify(claim, *signed, 1_900_000_000)
    assert not RingSigner(installation.ring()).verify(claim, *signed, 1_900_000_000)


def killed(data: Path, moment: str) -> None:
    ran = warm.run(["-c", KILLED, str(data), moment], clean_environment(), timeout=60)
    assert ran.returncode == -signal.SIGKILL, ran.stderr


@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_at_any_moment_nothing_is_lost_and_it_can_be_run_again(tmp_path: Path, moment: str) -> None:
    installation = await make(tmp_path / "data")
    old = installation.ring()
    killed(installation.directory.root, moment)
    assert await installation.credentials() == ALL
    await rotate_keys(installation.settings)
    await assert_rotated(installation, old)


async def test_a_seal_of_an_unknown_key_stops_it_before_a_key_is_dropped(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data")
    before = installation.ring()
    foreign = RingSealer(KeyRing.new()).seal(b"{}")
    async with open_offline(installation.settings) as offline:
        await offline.facts.write(
            lambda tx: tx.statements.change("UPDATE connection SET sealed = ? WHERE sealed IS NOT NULL", (foreign,))
        )
    with pytest.raises(SealBroken, match="coast"):
        await rotate_keys(installation.settings)
    assert installation.ring() == before


async def test_a_key_of_the_settings_is_rotated_by_naming_both(tmp_path: Path) -> None:
    old, new = (KeyRing.new().primary.decode() for _ in range(2))
    installation = await make(tmp_path / "data", secret_key=old)
    with pytest.raises(Invalid, match="holds one key") as caught:
        await rotate_keys(installation.settings)
    assert "a blank and the old one" in caught.value.advice
    assert old not in str(caught.value)
    both = Settings.load({"data": tmp_path / "data", "secret_key": f"{new} {old}"}, {}, tmp_path)
    assert (await rotate_keys(both)).key_file is None
    assert await Installation(both).credentials() == ALL
    alone = Settings.load({"data": tmp_path / "data", "secret_key": new}, {}, tmp_path)
    assert await Installation(alone).credentials() == ALL
    with pytest.raises(SealBroken):
        await installation.credentials()
    assert not installation.directory.key_file.exists()


async def test_it_is_refused_while_a_process_holds_the_directory(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data")
    before = installation.ring()
    with Lock(installation.directory), pytest.raises(Conflict, match="in use by process"):
        await rotate_keys(installation.settings)
    assert installation.ring() == before


async def test_a_server_rotates_its_own_key_alone_and_for_admins_only(tmp_path: Path) -> None:
    installation = await make(tmp_path / "data")
    before, workers = installation.ring(), [2]
    sealer, signer = RingSealer(before), RingSigner(before)
    directory = installation.directory
    rotation = Rotation(installation.settings, directory, (sealer, signer), lambda: workers[0])
    with pytest.raises(Conflict, match="1 other processes"):
        await rotation.rotate(SYSTEM)
    workers[0] = 1
    with pytest.raises(Forbidden):
        await rotation.rotate(Principal(UserId(7), "ada@reef.example", Role.MANAGER))
    assert installation.ring() == before
    with Lock(directory):
        assert (await rotation.rotate(SYSTEM)).key_file == directory.key_file
    await assert_rotated(installation, before)
    after = installation.ring()
    assert RingSealer(after).open(sealer.seal(b"x")) == b"x"
    claim = Claim(item=7, variant="content", expires_s=2_000_000_000)
    assert RingSigner(after).verify(claim, *signer.sign(claim), 1_900_000_000)
    assert not signer.verify(claim, *RingSigner(before).sign(claim), 1_900_000_000)


async def test_what_a_late_writer_sealed_with_the_old_key_is_sealed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a transaction that began before may end after; here it ends right before the proof."""
    installation = await make(tmp_path / "data")
    old, prove, calls = installation.ring(), rotating._prove, []

    async def late(settings: Settings, ring: KeyRing) -> None:
        calls.append(ring)
        if len(calls) == 2:
            facts = Database.open(settings.catalogue_url, sealer=RingSealer(old))
            await facts.write(lambda tx: tx.stores.add(Store("late", KEYED_CONNECTION)))
            await facts.aclose()
        await prove(settings, ring)

    monkeypatch.setattr(rotating, "_prove", late)
    await rotate_keys(installation.settings)
    assert len(calls) == 3
    assert (await installation.credentials())["late"] == KEYED_CONNECTION.credentials


async def test_where_there_is_no_catalogue_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await rotate_keys(Settings.load({"data": tmp_path / "data"}, {}, tmp_path))
    assert not (tmp_path / "data").exists()


async def test_on_postgresql_it_is_the_same(tmp_path: Path, postgres_cluster: postgres.Cluster) -> None:
    with postgres_cluster.database() as url:
        installation = await make(tmp_path / "data", database_url=url)
        old = installation.ring()
        await rotate_keys(installation.settings)
        await assert_rotated(installation, old)
