"""The steps of from-supervisely.md about the storages of a team."""

from __future__ import annotations

from docs.guides import Row, works
from docs.installations import TRUCK, listed
from docs.operating import Operator
from docs.supervisely_steps import PAGE
from moorage.client import Client
from moorage.model.credentials import Keys
from servers import ceph

ADD = "*Remote Storages*, *Add*"


def scope(operator: Operator) -> tuple[int, int]:
    """To how many projects and people the store is limited."""
    with operator.client() as client:
        found = client.store("team-cars").scope
    return len(found.projects), len(found.users)


@works(PAGE, ADD)
def _add(operator: Operator, row: Row) -> None:
    assert operator.run("moorage project create Teams").code == 0
    here = f"--bucket {operator.facts['team']} --endpoint {ceph().endpoint}"
    operator.do(row, {"--bucket cars-2021 --region eu-central-1": here})
    assert scope(operator) == (1, 0)


@works(PAGE, "Scope *Team* and scope *Global*")
def _global(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    operator.do(row)
    assert scope(operator) == (0, 0)


@works(PAGE, "*Buckets*, one a line")
def _buckets(operator: Operator, _: Row) -> None:
    bucket, keys = operator.facts["scoped"], Keys(ceph().access_key, ceph().secret_key)
    with operator.client() as client:
        client.add_connection(
            "team", "s3", endpoint=ceph().endpoint, credentials=keys, open_buckets=[f"{bucket}:prefix1/abc:prefix2"]
        )
    assert operator.linked("Scoped", f"s3://{bucket}/prefix1/abc/truck.jpg") == {"truck.jpg": TRUCK}
    (operator.folder / "outside.txt").write_text(f"s3://{bucket}/prefix1/other.jpg\n")
    ran = operator.run("moorage link import outside.txt --project Scoped --dry-run")
    assert (ran.code, "unknown_store" in ran.out) == (6, True), ran.out


@works(PAGE, "*Users*: only some")
def _users(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "Scope *Team* and scope *Global*")
    added = {}
    for name in ("ada", "eve"):
        person = {"email": f"{name}@example.org", "role": "editor", "project": "Teams"}
        assert operator.face("POST", "/api/v1/users", person).status == 201
        added[name] = operator.face.server.token(name, f"{name}@example.org")
    operator.do(row)
    seen = {}
    for name, token in added.items():
        with Client(operator.face.server.address, token) as client:
            seen[name] = "team-cars" in [one.name for one in client.stores()]
    assert seen == {"ada": True, "eve": False}


@works(PAGE, "*Test* with one of the buckets")
def _test(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    (ran,) = operator.do(row)
    assert "list          ok" in ran.err


@works(PAGE, "*Edit*")
def _edit(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    (operator.folder / "wrong.json").write_text('{"access_key": "nobody", "secret_key": "wrong"}')
    wrong = row.commands[0].replace("keys.json", "wrong.json")
    assert operator.run(wrong).code == 4
    assert operator.run("moorage store check team-cars").code == 0
    operator.do(row)


@works(PAGE, "*Remove* leaves what was imported")
def _remove(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Users*: only some")
    operator.after(PAGE, "*Edit*")
    operator.after(PAGE, "*Test* with one of the buckets")
    shows = operator.run("moorage mirror add team-cars --project Teams --folder shown --wait")
    assert shows.code == 0, shows.err
    assert operator.run(row.commands[0]).code == 8
    with operator.client() as client:
        client.remove_project("Teams")
    operator.do(row)
    assert listed(operator.facts["team"]) == ["truck.jpg"]
