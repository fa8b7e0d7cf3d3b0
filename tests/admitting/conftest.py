"""A door to an empty catalogue, with a clock that tests move."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from moorage.admitting import Door, SlowPasswords, add_user
from moorage.database.engine import Database
from moorage.database.schema import upgrade
from moorage.keyring import Argon2Passwords, KeyRing, RingSealer
from moorage.model.access import SYSTEM, Principal, Role, User
from moorage.model.catalogue import ProjectId

PASSWORD = "tide pools at noon"
PLACE = "192.0.2.7"
QUICK = Argon2Passwords(memory_kib=64, rounds=1, lanes=1)


@dataclass
class Time:
    """A clock that stands still until it is moved. It starts ahead of the machine's: nothing is expired yet."""

    ms: int = 4_000_000_000_000

    def __call__(self) -> int:
        return self.ms

    def pass_s(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(scope="session")
def empty_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue without rows, made once and copied for each test."""
    path = tmp_path_factory.mktemp("empty") / "catalogue.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def door(tmp_path: Path, empty_catalogue: Path, time: Time) -> AsyncIterator[Door]:
    path = shutil.copy(empty_catalogue, tmp_path)
    facts = Database.open(f"sqlite:///{path}", sealer=RingSealer(KeyRing.new()))
    passwords = SlowPasswords(QUICK)
    yield Door(facts, passwords, time)
    await passwords.aclose()
    await facts.aclose()


@pytest.fixture
async def admin(door: Door) -> User:
    """ada@example.org, admin on everything, with ``PASSWORD``."""
    return await add_user(door, SYSTEM, "ada@example.org", role=Role.ADMIN, password=PASSWORD)


@pytest.fixture
async def ada(door: Door, admin: User) -> Principal:
    """The admin, signed in by cookie."""
    return await door.facts.read(lambda tx: tx.people.principal(admin.id, session=True))


@pytest.fixture
async def project(door: Door) -> ProjectId:
    return (await door.facts.write(lambda tx: tx.projects.add("reef"))).id


@pytest.fixture
async def mia(door: Door, project: ProjectId) -> Principal:
    """mia@example.org, manager of ``project``, signed in by cookie."""
    user = await add_user(door, SYSTEM, "mia@example.org", role=Role.MANAGER, project=project, password=PASSWORD)
    return await door.facts.read(lambda tx: tx.people.principal(user.id, session=True))


async def actions(door: Door) -> list[str]:
    """The audit, oldest first."""
    rows = await door.facts.read(lambda tx: tx.audit.all())
    return [row.action for row in reversed(rows)]
