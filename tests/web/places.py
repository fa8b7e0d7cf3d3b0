"""Requests that show a place, a bucket of one's own, and what an answer that refuses must hold."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from servers import Server, ceph
from servers.moorage import Answer
from stores.s3_bucket import admin
from web.conftest import Face

SECRET = "a secret that no answer shows"
KEYS = {"credentials": {"kind": "keys", "access_key": "access", "secret_key": "secret"}}


class Bucket:
    """A bucket on Ceph with a few objects, and its address."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.name = f"show-{secrets.token_hex(6)}"
        self.address = f"{server.endpoint}/{self.name}"
        self.client = admin(server)
        self.client.create_bucket(Bucket=self.name)

    def put(self, *keys: str) -> None:
        for key in keys:
            self.client.put_object(Bucket=self.name, Key=key, Body=b"x")

    def keys(self, **others: str) -> dict[str, Any]:
        """Its credentials as a request brings them, or others."""
        own = {"access_key": self.server.access_key, "secret_key": self.server.secret_key}
        return {"credentials": {"kind": "keys", **own, **others}}

    def deny(self, action: str, resource: str = "") -> None:
        """Take a permission from everybody."""
        statement = {"Effect": "Deny", "Principal": "*", "Action": action}
        statement["Resource"] = f"arn:aws:s3:::{self.name}{resource}"
        self.client.put_bucket_policy(
            Bucket=self.name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )

    def remove(self) -> None:
        self.client.delete_bucket_policy(Bucket=self.name)
        for one in self.client.list_objects_v2(Bucket=self.name).get("Contents", []):
            self.client.delete_object(Bucket=self.name, Key=one["Key"])
        self.client.delete_bucket(Bucket=self.name)
        self.client.close()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    one = Bucket(ceph())
    one.put("2021/a.jpg", "2021/b.jpg", "2022/a.jpg")
    yield one
    one.remove()


def show(face: Face, address: str, **more: Any) -> Answer:
    return face("POST", "/api/v1/mirrors", {"address": address, **more})


def registered(face: Face) -> list[Any]:
    """Names of stores and projects, and ids of mirrors."""
    lists = [face("GET", f"/api/v1/{kind}").json[kind] for kind in ("stores", "projects", "mirrors")]
    return [[one.get("name", one["id"]) for one in rows] for rows in lists]


def refused(face: Face, got: Answer, before: list[Any], status: int, *texts: str) -> None:
    """The answer has that status, message and advice hold the texts, and nothing was made."""
    told = f"{got.json['detail']} -> {got.json['advice']}"
    assert got.status == status, told
    for text in texts:
        assert text in told, told
    assert got.json["detail"].endswith(("Nothing was made.", "Nothing was changed.")), told
    assert got.json["advice"], told
    assert registered(face) == before, told
    assert SECRET not in got.body.decode()
    assert SECRET not in face.server.log()
