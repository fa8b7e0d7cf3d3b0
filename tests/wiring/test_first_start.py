"""The first start, ended at the worst moments: the next one recovers, and makes no second key."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from moorage.keyring import KeyRing, RingSealer, check_canary, new_canary
from moorage.model.errors import SealBroken
from moorage.wiring import open_offline
from servers import postgres, warm
from servers.moorage import Moorage, clean_environment
from wiring.installation import make

KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from moorage.keyring import keyfile
from moorage.settings import Settings
from moorage.wiring import keys, opening

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

match sys.argv[2]:
    case "while the key is written":
        keyfile.os.link = die
    case "before the catalogue is made":
        opening.upgrade = die
    case "while the catalogue is made":
        from moorage.database import schema
        upgrade = schema.command.upgrade
        def half(config, step):
            upgrade(config, step)
            die()
        schema.command.upgrade = half
    case "before the key is proved":
        keys.new_canary = die
data = Path(sys.argv[1])
async def start():
    async with opening.open_offline(Settings.load({"data": data}, {}, data.parent)):
        pass
asyncio.run(start())
"""


def killed(data: Path, moment: str) -> None:
    ran = warm.run(["-c", KILLED, str(data), moment], clean_environment(), timeout=60)
    assert ran.returncode == -signal.SIGKILL, ran.stderr


@pytest.mark.parametrize(
    "moment", ["before the catalogue is made", "while the catalogue is made", "before the key is proved"]
)
async def test_killed_after_the_key_was_made_the_next_start_uses_that_key(tmp_path: Path, moment: str) -> None:
    data = tmp_path / "data"
    killed(data, moment)
    key = (data / "secret.key").read_text()
    installation = await make(data)
    assert installation.directory.key_file.read_text() == key


def test_killed_while_the_key_was_written_the_next_server_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    killed(data, "while the key is written")
    assert not (data / "secret.key").exists()
    with Moorage(data):
        assert len(KeyRing.parse((data / "secret.key").read_text(), source="the test").keys) == 1


async def test_the_first_proof_of_a_key_stands_though_another_process_starts_at_the_same_time(
    tmp_path: Path, postgres_cluster: postgres.Cluster
) -> None:
    with postgres_cluster.database() as url:
        installation = await make(tmp_path / "data", database_url=url)
        late = RingSealer(KeyRing.new())
        async with open_offline(installation.settings) as offline:
            in_force = await offline.facts.write(lambda tx: tx.instance.keep("canary", new_canary(late)))
        check_canary(RingSealer(installation.ring()), in_force)
        with pytest.raises(SealBroken):
            check_canary(late, in_force)
