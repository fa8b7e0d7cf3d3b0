"""What a change of a store may touch: what a file declares is changed in that file only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from moorage.model.access import Principal, Role, UserId
from moorage.model.credentials import Keys
from moorage.model.errors import Conflict, Refused
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.web.api.store_bodies import StorePatch

ADMIN = Principal(UserId(1), "a@example.org", Role.ADMIN)
VIEWER = Principal(UserId(2), "v@example.org", Role.VIEWER)
DECLARED = Connection(
    Provider.S3, "https://lab.example", credentials=Keys("AK", "hush"), name="lab", origin="remote_links.yml: lab",
    open_buckets=("reef",),
)  # fmt: skip
STORE = Store("reef", DECLARED, bucket=Bucket("reef"))


@pytest.mark.parametrize(
    "change", [{"endpoint": "x.example"}, {"region": "r"}, {"credentials": {"kind": "anonymous"}}, {"path_style": True}]
)
async def test_how_a_declared_store_is_reached_is_changed_in_its_file(change: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match=r"declared in remote_links.yml: lab. Nothing was changed") as caught:
        await StorePatch.model_validate(change).patched(STORE, ADMIN)
    assert caught.value.advice.startswith("Change it in remote_links.yml")


async def test_all_else_of_a_declared_store_may_be_changed() -> None:
    changed = await StorePatch(read_only=False).patched(STORE, ADMIN)
    assert (changed.read_only, changed.connection) == (False, DECLARED)


async def test_a_change_keeps_what_its_connection_is_called_and_opens() -> None:
    own = replace(STORE, connection=replace(DECLARED, origin=""))
    changed = await StorePatch(region="eu-west-1").patched(own, ADMIN)
    assert changed.connection == replace(own.connection, region="eu-west-1")


async def test_only_an_admin_changes_a_store() -> None:
    with pytest.raises(Refused):
        await StorePatch(read_only=False).patched(STORE, VIEWER)
