"""Programs that print keys: started without a shell, ended after their time, checked."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

import servers
from contracts.store_keys import read
from moorage.model.credentials import Process
from moorage.model.errors import StoreDenied, StoreUnreachable
from moorage.model.keys import Key
from moorage.stores.aws import Machine
from moorage.stores.aws.process import program_keys
from stores.aws_facing import by_role
from stores.s3_bucket import kept_bucket
from stores.vault import Vault, vault_of

A = Key("a")


@pytest.fixture(scope="module")
def vault() -> Iterator[Vault]:
    with vault_of(servers.ceph()) as vault:
        yield vault


def printing(text: str) -> dict[str, tuple[str, ...]]:
    return {"token": (sys.executable, "-c", "import sys; sys.stdout.write(sys.argv[1])", text)}


async def test_keys_that_a_program_prints_open_the_bucket(vault: Vault) -> None:
    with kept_bucket(servers.ceph()) as bucket:
        told = {"Version": 1, **vault.mint(900).told(token="SessionToken")}
        machine = Machine(programs=MappingProxyType(printing(json.dumps(told))))
        async with by_role(Process("token"), machine, bucket=bucket) as store:
            await store.put(A, b"of a program")
            assert await read(store, A) == b"of a program"


async def test_a_program_that_is_not_named_in_the_settings_is_not_started() -> None:
    async with by_role(Process("rm -rf /"), Machine()) as store:
        with pytest.raises(StoreDenied, match="MOORAGE_CREDENTIAL_PROCESSES") as caught:
            await store.list_page()
        assert caught.value.code == "NoProgram"


async def test_there_is_no_shell(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with pytest.raises(StoreDenied):
        await program_keys("echo", {"echo": ("/bin/echo", f"$(touch {mark})", f"; touch {mark}")})
    assert not mark.exists()


@pytest.mark.parametrize(
    "said",
    [
        "", "no json", "[]", '{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "s3cret"}',
        '{"Version": 1, "AccessKeyId": "a"}', '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": ["s3cret"]}',
        '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s3cret\\n"}',
        '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s3cret", "Expiration": "soon"}',
        '{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "s3cret"' + " " * 200_000,
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_refused_and_not_repeated(said: str) -> None:
    programs = {
        "token": (sys.executable, "-c", "import sys; sys.stdout.write(sys.stdin.read() or sys.argv[1])", said[:90_000])
    }
    with pytest.raises((StoreDenied, StoreUnreachable)) as caught:
        await program_keys("token", programs)
    assert "s3cret" not in str(caught.value)


async def test_keys_may_have_no_token_and_no_end() -> None:
    got = await program_keys("token", printing('{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b"}'))
    assert (got.keys.access_key, got.keys.session_token, got.ends_s) == ("a", "", float("inf"))


async def test_a_program_that_fails_or_is_not_there_is_told_without_its_words() -> None:
    words = (sys.executable, "-c", "import sys; print('s3cret', file=sys.stderr); sys.exit(3)")
    with pytest.raises(StoreDenied, match="ended with 3") as caught:
        await program_keys("token", {"token": words})
    assert "s3cret" not in str(caught.value)
    with pytest.raises(StoreDenied, match="No such file"):
        await program_keys("token", {"token": ("/no/such/program",)})


async def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    child = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    words = (sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    began = time.monotonic()
    with pytest.raises(StoreUnreachable, match="was ended"):
        await program_keys("token", {"token": words}, limit_s=1.5)
    assert time.monotonic() - began < 20
    async with asyncio.timeout(10):
        while lives(int(mark.read_text())):
            await asyncio.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1]
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_one_who_gives_up_waiting_ends_the_program(tmp_path: Path) -> None:
    words = (
        sys.executable,
        "-c",
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)",
    )
    task = asyncio.create_task(program_keys("token", {"token": words}))
    async with asyncio.timeout(10):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not lives(int((tmp_path / "pid").read_text()))
