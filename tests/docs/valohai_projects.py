"""The steps of from-valohai.md about who may use a store, and about files that are there already."""

from __future__ import annotations

from typing import Any

from docs.guides import Row, works
from docs.operating import Operator
from docs.valohai_steps import ADD, PAGE, projects
from servers import ceph


def verdict(operator: Operator, project: str) -> str:
    """What a link into the container of *blobs* would be in a project."""
    (operator.folder / "scoped.txt").write_text(f"azure://{operator.facts['blobs']}/2022/a.txt\n")
    ran = operator.run(f"moorage link import scoped.txt --project {project} --dry-run")
    return "resolvable" if "can be linked" in ran.out else "unknown_store" * ("unknown_store" in ran.out)


@works(PAGE, "A store of one project")
def _one_project(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "*Add Azure Blob Storage Store*")
    projects(operator)
    operator.do(row)
    assert (verdict(operator, "Reef"), verdict(operator, "Wreck")) == ("resolvable", "unknown_store")


@works(PAGE, "The people of a project add its stores")
def _manager(operator: Operator, row: Row) -> None:
    projects(operator)
    bucket = operator.facts["reef"]
    person = {"email": "manager@example.org", "role": "manager", "project": "Reef"}
    assert operator.face("POST", "/api/v1/users", person).status == 201
    token = operator.face.server.token("manager", "manager@example.org")
    names = {"--bucket reef-2021 --region eu-west-1": f"--bucket {bucket} --endpoint {ceph().endpoint}"}
    operator.do(row, names, {"MOORAGE_TOKEN": token})
    with operator.client() as client:
        assert client.store("reef").scope.projects == (client.project("Reef").id,)
    words = f"--bucket {bucket} --endpoint http://127.0.0.1:9 --credentials keys.json --project Reef"
    assert operator.run(f"moorage store add inside {words}", {"MOORAGE_TOKEN": token}).code == 4


@works(PAGE, "A store for the whole organisation")
def _everyone(operator: Operator, row: Row) -> None:
    operator.after(PAGE, "A store of one project")
    operator.do(row)
    assert (verdict(operator, "Reef"), verdict(operator, "Wreck")) == ("resolvable", "resolvable")


def adopt(operator: Operator) -> Any:
    """The answer to an adoption of one object that is there, and one that is not."""
    operator.after(PAGE, ADD)
    projects(operator)
    bucket = operator.facts["lent"].bucket
    urls = [f"s3://{bucket}/in/here.jpg", f"s3://{bucket}/in/absent.jpg"]
    answer = operator.face("POST", "/api/v1/projects/Reef/adopt", {"urls": urls}).json
    assert answer["errors"][urls[1]]["code"] == "adoptable_file_not_found"
    return (answer["created"] | answer["existing"])[urls[0]]


@works(PAGE, "`POST /api/v0/stores/{id}/adopt/`")
def _adopt(operator: Operator, _: Row) -> None:
    with operator.client() as client:
        assert client.read(adopt(operator)) == b"here"


@works(PAGE, "`datum://<id>`")
def _datum(operator: Operator, _: Row) -> None:
    item = adopt(operator)
    assert operator.face("DELETE", f"/api/v1/items/{item}").status in (200, 204)
    assert adopt(operator) == item


@works(PAGE, "`datum://<alias>`")
def _alias(operator: Operator, _: Row) -> None:
    item = adopt(operator)
    with operator.client() as client:
        client.set_alias("Reef", "reference-frame", item)
        assert client.alias("Reef", "reference-frame").item == item
    found = operator.face("GET", "/api/v1/projects/Reef/aliases/reference-frame").json
    assert len(found["history"]) == 1


@works(PAGE, "Inputs of a step")
def _inputs(operator: Operator, row: Row) -> None:
    operator.after(PAGE, ADD)
    projects(operator)
    bucket = operator.facts["lent"].bucket
    (operator.folder / "inputs.txt").write_text(f"s3://{bucket}/in-next/near.jpg\n")
    operator.do(row, {"incoming/": "in/"})
    with operator.client() as client:
        assert "here.jpg" in {item.name for item in client.items("Reef")}
    assert operator.run("moorage cat Reef/in-next/near.jpg").out == "near"
