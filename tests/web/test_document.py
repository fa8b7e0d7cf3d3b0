"""The OpenAPI document, held against the routes and against real answers."""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter

from moorage.web.api import shapes
from web.conftest import Face, Moored, items

VERBS = {"get", "post", "put", "patch", "delete", "head"}


def test_it_is_openapi_3_1_with_every_route_once(face: Face) -> None:
    document = face("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    operations = {(verb, path) for path, one in document["paths"].items() for verb in one if verb in VERBS}
    for verb, path in (
        ("post", "/api/v1/stores"),
        ("get", "/api/v1/stores/{name}/objects"),
        ("get", "/api/v1/folders/{folder}/children"),
        ("get", "/api/v1/items/{item}/content"),
        ("head", "/api/v1/items/{item}/content"),
        ("get", "/api/v1/items/{item}/preview"),
        ("post", "/api/v1/jobs/{job}/confirm"),
        ("post", "/api/v1/mirrors"),
        ("put", "/api/v1/folders/{folder}/items"),
        ("get", "/api/v1/authorized"),
        ("post", "/api/v1/folders/{folder}/taken"),
    ):
        assert (verb, path) in operations
    for path, one in document["paths"].items():
        for verb, operation in one.items():
            assert operation.get("summary"), (verb, path)


def test_every_reference_in_it_resolves(face: Face) -> None:
    got = face("GET", "/openapi.json")
    schemas = got.json["components"]["schemas"]
    for name in re.findall(rb'"#/components/schemas/([^"]+)"', got.body):
        assert name.decode() in schemas


def test_bodies_have_examples(face: Face) -> None:
    schemas = face("GET", "/openapi.json").json["components"]["schemas"]
    assert schemas["StoreBody"]["properties"]["bucket"]["examples"]
    assert schemas["MirrorBody"]["properties"]["include"]["examples"]


def test_real_answers_have_the_shapes_that_it_promises(face: Face, moored: Moored) -> None:
    item = items(face, moored.folder)["hello.txt"]["id"]
    job = face("POST", f"/api/v1/mirrors/{moored.mirror}/reindex").json["job"]
    face.wait(job)
    promised: dict[str, Any] = {
        "/stores": shapes.StoreList,
        f"/stores/{moored.store}": shapes.StoreShape,
        f"/stores/{moored.store}/objects?delimiter=/": shapes.Objects,
        "/projects": shapes.ProjectList,
        f"/projects/{moored.project}": shapes.ProjectShape,
        f"/projects/{moored.project}/items": shapes.ItemList,
        f"/folders/{moored.folder}": shapes.FolderShape,
        f"/folders/{moored.folder}/children": shapes.Children,
        f"/lookup?project={moored.project}&path=": shapes.FoundShape,
        f"/items/{item}": shapes.ItemShape,
        "/mirrors": shapes.MirrorList,
        f"/mirrors/{moored.mirror}": shapes.MirrorShape,
        "/jobs": shapes.JobList,
        f"/jobs/{job}": shapes.JobShape,
        "/users": shapes.UserList,
        "/tokens": shapes.TokenList,
        "/me": shapes.Me,
        "/audit": shapes.AuditList,
        "/health": shapes.Health,
    }
    for path, shape in promised.items():
        got = face("GET", f"/api/v1{path}")
        assert got.status == 200, path
        TypeAdapter(shape).validate_json(got.body, strict=True)
