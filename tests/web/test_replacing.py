"""Credentials are replaced, undone and forgotten by REST on the real Ceph, while people read."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from pydantic import TypeAdapter

from moorage.model.credentials import Keys
from moorage.web.api import shapes
from prescribing.ceph_users import Person, another_key, person, take_key
from servers import ceph
from servers.moorage import Answer
from web.conftest import Face, items

BODY = b"0123456789" * 1000


@dataclass
class Reef:
    """A store on a bucket that somebody with two keys may read; the first one is in use."""

    face: Face
    person: Person
    second: Keys
    name: str
    item: str = ""

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        return self.face(method, f"/api/v1/stores/{self.name}{path}", body)

    def replace(self, keys: Keys, **more: Any) -> Answer:
        return self("PATCH", "", {"credentials": given(keys), **more})

    def in_use(self) -> str:
        key: str = self("GET", "").json["credentials"]["access_key"]
        return key

    def former(self) -> Any:
        got = self("GET", "/credentials")
        TypeAdapter(shapes.StoreCredentials).validate_json(got.body, strict=True)
        return got.json["former"]

    def read(self) -> Answer:
        return self.face("GET", f"/api/v1/items/{self.item}/content")

    def page(self) -> str:
        return self.face("GET", f"/stores/{self.name}").body.decode()

    def audited(self) -> list[tuple[str, str]]:
        rows = self.face("GET", "/api/v1/audit?limit=10").json["audit"]
        return [(row["action"], row["email"]) for row in rows if row["action"].startswith("credentials.")]


@dataclass
class Readers:
    """Threads that read one item over and over; ``with`` ends them."""

    reef: Reef
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=self._read) for _ in range(4)]
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for one in self.threads:
            one.join()

    def _read(self) -> None:
        while not self.stopped.is_set():
            got = self.reef.read()
            self.answers.append((got.status, got.body))

    def more(self) -> None:
        """Wait for 20 answers more."""
        wanted = len(self.answers) + 20
        until(lambda: len(self.answers) >= wanted)


def given(keys: Keys) -> dict[str, str]:
    return {"kind": "keys", "access_key": keys.access_key, "secret_key": keys.secret_key}


def until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("It does not come true.")


@pytest.fixture(scope="module")
def somebody() -> Iterator[Person]:
    with person() as made:
        yield made


@pytest.fixture
def reef(face: Face, somebody: Person) -> Iterator[Reef]:
    name = f"r-{secrets.token_hex(5)}"
    own = somebody.client()
    own.create_bucket(Bucket=name)
    own.put_object(Bucket=name, Key="one.bin", Body=BODY)
    second = another_key(somebody)
    body = {"name": name, "provider": "s3", "endpoint": ceph().endpoint, "region": ceph().region, "bucket": name}
    assert face("POST", "/api/v1/stores", {**body, "credentials": given(somebody.keys)}).status == 201
    yield Reef(face, somebody, second, name)
    take_key(somebody, second)
    own.delete_object(Bucket=name, Key="one.bin")
    own.delete_bucket(Bucket=name)


@pytest.fixture
def shown(reef: Reef) -> Reef:
    """The same, mirrored, so that people can read it."""
    started = reef.face("POST", "/api/v1/mirrors", {"store": reef.name, "project": reef.name, "create_project": True})
    assert reef.face.wait(started.json["job"])["state"] == "succeeded"
    reef.item = items(reef.face, started.json["folder"])["one.bin"]["id"]
    return reef


def test_no_read_fails_while_credentials_are_replaced_and_the_old_ones_may_go_at_once(shown: Reef) -> None:
    with Readers(shown) as readers:
        for keys in (shown.second, shown.person.keys, shown.second):
            readers.more()
            assert shown.replace(keys).json["credentials"]["access_key"] == keys.access_key
        readers.more()
        third = another_key(shown.person)
        assert shown.replace(third).status == 200
        take_key(shown.person, shown.second)
        readers.more()
        assert shown.replace(shown.person.keys).status == 200
        take_key(shown.person, third)
        readers.more()
    assert {status for status, _ in readers.answers} == {200}
    assert {body for _, body in readers.answers} == {BODY}


def test_what_does_not_work_is_not_taken_and_what_works_can_be_undone(reef: Reef) -> None:
    first, second = reef.person.keys, reef.second
    wrong = reef.replace(Keys(second.access_key, "wrong"))
    assert (wrong.status, reef.in_use(), reef.former()) == (422, first.access_key, None)
    assert reef("POST", "/credentials/undo").status == 409
    assert reef.replace(second).status == 200
    former = reef.former()
    assert former["credentials"] == {"kind": "keys", "access_key": first.access_key}
    assert (former["by"], former["failing"], former["endings"]) == ("admin@localhost", [], [])
    assert former["replaced"] < former["settles"]
    page = reef.page()
    assert f"<code>{first.access_key}</code>, replaced" in page
    assert "by admin@localhost" in page
    assert first.secret_key not in page + reef("GET", "/credentials").body.decode()
    undone = reef("POST", "/credentials/undo")
    assert (undone.status, undone.json["credentials"]["access_key"]) == (200, first.access_key)
    assert (reef.former(), reef("POST", "/credentials/undo").status) == (None, 409)
    assert reef.audited()[:2] == [("credentials.undo", "admin@localhost"), ("credentials.replace", "admin@localhost")]


def test_former_ones_that_do_not_work_any_more_are_brought_back_by_force_only(reef: Reef) -> None:
    assert reef.replace(reef.second).status == 200
    assert reef.replace(reef.person.keys).status == 200
    take_key(reef.person, reef.second)
    refused = reef("POST", "/credentials/undo")
    assert (refused.status, reef.in_use()) == (422, reef.person.keys.access_key)
    assert refused.json["report"]["passed"] is False
    assert reef("POST", "/credentials/undo", {"force": True}).status == 200
    assert reef.in_use() == reef.second.access_key


def test_former_ones_are_forgotten_when_somebody_says_so(reef: Reef) -> None:
    assert reef.replace(reef.second).status == 200
    assert [reef("DELETE", "/credentials/former").status for _ in range(2)] == [204, 204]
    assert (reef.former(), reef("POST", "/credentials/undo").status) == (None, 409)


def test_new_ones_must_work_for_every_store_of_the_connection(reef: Reef) -> None:
    own, other = reef.person.client(), f"{reef.name}-2"
    own.create_bucket(Bucket=other)
    body = {"name": other, "bucket": other, "connection": reef("GET", "").json["connection"]}
    assert reef.face("POST", "/api/v1/stores", body).status == 201
    with person() as guest:
        resources = [f"arn:aws:s3:::{reef.name}", f"arn:aws:s3:::{reef.name}/*"]
        statement = {"Principal": {"AWS": f"arn:aws:iam:::user/{guest.name}"}, "Action": "s3:*", "Resource": resources}
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
        own.put_bucket_policy(Bucket=reef.name, Policy=json.dumps(policy))
        refused = reef.replace(guest.keys)
        assert (refused.status, reef.in_use(), reef.former()) == (422, reef.person.keys.access_key, None)
        assert f"The store {other} has the same connection" in refused.json["detail"]
        assert reef.replace(guest.keys, force=True).status == 200
        assert reef.former()["failing"] == [other]
    assert reef.replace(reef.second).status == 200
    assert reef.former()["credentials"]["access_key"] == reef.person.keys.access_key, "the last that worked"
    assert reef.face("GET", f"/api/v1/stores/{other}").json["check"]["passed"]
    own.delete_bucket(Bucket=other)


def test_a_reader_who_is_refused_after_the_replacement_makes_the_page_say_so(shown: Reef) -> None:
    assert shown.replace(shown.second).status == 200
    take_key(shown.person, shown.second)
    assert shown.read().status == 403
    until(lambda: bool(shown.former()["failing"]))
    assert shown.former()["failing"] == [shown.name]
    doctor = shown.face("GET", "/api/v1/health").json["lines"]
    assert any("fails since its credentials were replaced" in one["sentence"] for one in doctor)
    assert "this store does not pass the check" in shown.page()
    assert shown("POST", "/credentials/undo").status == 200
    assert shown.read().body == BODY
    assert "Undo" not in shown.page()
