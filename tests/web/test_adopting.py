"""Objects that are adopted get ids that never mean anything else, and aliases stand for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from moorage.client import Client
from moorage.model.errors import Forbidden, NotFound
from servers.moorage import Answer
from web.conftest import Face, Moored, items


@dataclass
class Quay:
    """A store of a folder on disk and an empty project."""

    face: Face
    root: Path
    store: str
    project: str

    def adopt(self, *urls: str, **more: Any) -> Answer:
        body = {"urls": list(urls)} if urls else {}
        return self.face("POST", f"/api/v1/projects/{self.project}/adopt", body | more)

    def url(self, key: str) -> str:
        return f"fs://{self.store}/{key}"

    def audited(self, action: str) -> int:
        rows = self.face("GET", "/api/v1/audit?limit=1000").json["audit"]
        subject = f"project {self.project}"
        return sum(row["action"] == action and row["subject"] == subject for row in rows)


@pytest.fixture
def quay(face: Face, tmp_path: Path) -> Quay:
    root = tmp_path / "media"
    (root / "dives" / "deep").mkdir(parents=True)
    for name in ("a.jpg", "dives/b.jpg", "dives/deep/b.jpg", "dives/note.txt"):
        (root / name).write_bytes(name.encode())
    name = tmp_path.name.replace("_", "-")[:60]
    assert face("POST", "/api/v1/stores", {"name": name, "provider": "disk", "root": str(root)}).status == 201
    return Quay(face, root, name, face("POST", "/api/v1/projects", {"name": name}).json["id"])


def test_adopting_answers_in_the_contracts_form_and_a_repeat_finds_the_same_ids(quay: Quay) -> None:
    urls = [quay.url("a.jpg"), quay.url("dives/b.jpg")]
    first = quay.adopt(*urls)
    assert first.status == 200
    assert list(first.json) == ["ok", "created", "existing", "errors"]
    assert (first.json["ok"], list(first.json["created"])) == (True, urls)
    again = quay.adopt(*urls, urls[0])
    assert again.json == {"ok": True, "created": {}, "existing": first.json["created"], "errors": {}}
    item = quay.face("GET", f"/api/v1/items/{first.json['created'][urls[1]]}").json
    assert (item["name"], item["kind"], item["linked"], item["size"]) == ("b.jpg", "image", True, 11)
    assert item["address"] == urls[1]
    assert quay.face("GET", f"/api/v1/items/{item['id']}/content").body == b"dives/b.jpg"
    assert quay.audited("item.adopt") == 1


def test_what_cannot_be_adopted_has_a_code_and_the_rest_is_adopted(quay: Quay) -> None:
    absent, unknown, no_address, no_key = quay.url("absent"), "s3://nowhere/key", "rubbish", quay.url("")
    got = quay.adopt(quay.url("a.jpg"), absent, unknown, no_address, no_key, "https://169.254.169.254/x")
    assert got.status == 200
    assert got.json["ok"] is False
    assert list(got.json["created"]) == [quay.url("a.jpg")]
    codes = {url: one["code"] for url, one in got.json["errors"].items()}
    assert codes == {
        absent: "adoptable_file_not_found",
        unknown: "store_not_found",
        no_address: "address_invalid",
        no_key: "address_invalid",
        "https://169.254.169.254/x": "access_denied",
    }
    assert all(one["message"] for one in got.json["errors"].values())


def test_a_single_address_that_is_not_found_is_404_with_the_same_answer(quay: Quay) -> None:
    for url, code in ((quay.url("absent"), "adoptable_file_not_found"), ("s3://nowhere/key", "store_not_found")):
        got = quay.adopt(url)
        assert got.status == 404
        assert got.json["errors"][url]["code"] == code
    assert quay.adopt("https://127.0.0.1/x").status == 403
    assert quay.adopt("rubbish").status == 422
    assert quay.audited("item.adopt") == 0


def test_a_signed_address_is_not_kept(quay: Quay) -> None:
    got = quay.adopt("https://media.example.org/a.jpg?X-Amz-Signature=abc")
    assert got.status == 422
    assert "X-Amz-Signature" in next(iter(got.json["errors"].values()))["message"]


def test_a_prefix_and_a_glob_are_adopted_as_they_are_listed(quay: Quay) -> None:
    got = quay.adopt(store=quay.store, prefix="dives/", glob="**/*.jpg")
    assert list(got.json["created"]) == [quay.url("dives/b.jpg"), quay.url("dives/deep/b.jpg")]
    root = quay.face("GET", f"/api/v1/projects/{quay.project}").json["root"]
    assert set(items(quay.face, root)) == {"b.jpg", "b (2).jpg"}
    everything = quay.adopt(store=quay.store)
    assert (len(everything.json["created"]), len(everything.json["existing"])) == (2, 2)
    assert quay.adopt(*got.json["created"]).json["existing"] == got.json["created"]


def test_a_changed_object_is_a_new_version_of_the_same_item(quay: Quay) -> None:
    url = quay.url("a.jpg")
    id_ = quay.adopt(url).json["created"][url]
    before = quay.face("GET", f"/api/v1/items/{id_}").json
    (quay.root / "a.jpg").write_bytes(b"another")
    assert quay.adopt(url).json["existing"] == {url: id_}
    after = quay.face("GET", f"/api/v1/items/{id_}").json
    assert (after["size"], after["id"]) == (7, before["id"])
    assert after["etag"] != before["etag"]


def test_an_id_never_means_another_object(quay: Quay) -> None:
    url = quay.url("a.jpg")
    id_ = quay.adopt(url).json["created"][url]
    root = quay.face("GET", f"/api/v1/projects/{quay.project}").json["root"]
    assert quay.face("DELETE", f"/api/v1/items/{id_}").status == 200
    assert (quay.root / "a.jpg").exists()
    other = quay.adopt(quay.url("dives/b.jpg")).json["created"]
    assert id_ not in other.values()
    again = quay.adopt(url).json
    assert again["created"] | again["existing"] == {url: id_}
    assert quay.face("GET", f"/api/v1/items/{id_}").json["state"] == "live"
    # An upload over it would give its id to other bytes.
    path = f"/api/v1/folders/{root}/items?name=a.jpg&if_exists="
    assert quay.face("PUT", path + "replace", b"mine").status == 409
    assert quay.face("GET", f"/api/v1/items/{id_}/content").body == b"a.jpg"
    assert quay.face("PUT", path + "both", b"mine").json["id"] != id_


def test_what_a_mirror_shows_keeps_its_id(face: Face, moored: Moored) -> None:
    id_ = items(face, moored.folder)["hello.txt"]["id"]
    url = f"fs://{moored.store}/hello.txt"
    got = face("POST", f"/api/v1/projects/{moored.project}/adopt", {"urls": [url]})
    assert got.json["existing"] == {url: id_}
    into = {"urls": [url], "folder": moored.folder}
    assert face("POST", f"/api/v1/projects/{moored.project}/adopt", into).status == 409


def test_keys_that_are_no_utf8_are_adopted(quay: Quay) -> None:
    Path(os.fsdecode(os.fsencode(quay.root) + b"/odd\xff.jpg")).write_bytes(b"odd")
    url = quay.url("odd\\xff.jpg")
    got = quay.adopt(url, key_encoding="escaped")
    assert list(got.json["created"]) == [url]
    assert got.json["key_encoding"] == "escaped"
    assert quay.adopt(store=quay.store, glob="odd*").json["existing"] == got.json["created"]


@pytest.mark.parametrize(
    "body",
    [{}, {"urls": []}, {"urls": ["a"], "store": "b"}, {"prefix": "a/"}, {"urls": ["fs://a/b"] * 1001}, {"folder": "x"}],
)
def test_a_call_that_says_too_little_or_too_much_adopts_nothing(quay: Quay, body: dict[str, Any]) -> None:
    assert quay.face("POST", f"/api/v1/projects/{quay.project}/adopt", body).status == 400
    elsewhere = quay.face("GET", "/api/v1/projects").json["projects"]
    foreign = next((one["root"] for one in elsewhere if one["id"] != quay.project), None)
    if foreign:
        assert quay.adopt(quay.url("a.jpg"), folder=foreign).status == 404


# Aliases


def test_an_alias_stands_for_an_item_and_keeps_what_it_stood_for(quay: Quay) -> None:
    a, b = quay.adopt(quay.url("a.jpg"), quay.url("dives/b.jpg")).json["created"].values()
    path = f"/api/v1/projects/{quay.project}/aliases"
    for item in (a, b, b):
        got = quay.face("POST", path, {"name": "Référence 1 ✓", "item": item})
        assert got.status == 200
    assert (got.json["name"], got.json["item"], got.json["set_by"]) == ("Référence 1 ✓", b, "admin@localhost")
    assert [one["item"] for one in got.json["history"]] == [b, a]
    assert quay.audited("alias.set") == 2
    one = f"{path}/{quote('Référence 1 ✓')}"
    assert quay.face("GET", one).json == got.json
    decomposed = quote("Re\u0301fe\u0301rence 1 ✓")
    assert quay.face("GET", f"{path}/{decomposed}").json == got.json
    quay.face("POST", path, {"name": "another", "item": a})
    page = quay.face("GET", f"{path}?limit=1").json
    assert [row["name"] for row in page["aliases"]] == ["Référence 1 ✓"]
    assert [row["name"] for row in quay.face("GET", f"{path}?after={quote(page['next'])}").json["aliases"]] == [
        "another"
    ]
    quay.face("DELETE", f"/api/v1/items/{b}")
    assert quay.face("GET", one).json == got.json


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a\x00b", "a\nb", " a", "a ", "123", "a\u202eb", "a\u200bb", "x" * 201, "٣", "\ue000"]
)
def test_a_name_that_nobody_could_tell_apart_is_no_alias(quay: Quay, name: str) -> None:
    item = quay.adopt(quay.url("a.jpg")).json["created"][quay.url("a.jpg")]
    got = quay.face("POST", f"/api/v1/projects/{quay.project}/aliases", {"name": name, "item": item})
    assert (got.status, got.json["field"]) == (400, "name")


def test_an_alias_is_of_its_project(quay: Quay, moored: Moored) -> None:
    foreign = items(quay.face, moored.folder)["hello.txt"]["id"]
    path = f"/api/v1/projects/{quay.project}/aliases"
    for item in (foreign, "4096000000"):
        assert quay.face("POST", path, {"name": "it", "item": item}).status == 404
    assert quay.face("GET", f"{path}/it").status == 404


# Grants and the client


@pytest.fixture
def people(quay: Quay) -> Iterator[dict[str, Client]]:
    """An editor and a viewer of everything, and somebody who sees nothing."""
    with Client(quay.face.server.address, quay.face.token) as admin:
        tokens = {role: admin.add_token(f"{quay.store}-{role}", role=role) for role in ("editor", "viewer")}
    clients = {role: Client(quay.face.server.address, one.token) for role, one in tokens.items()}
    yield clients
    for client in clients.values():
        client.close()


def test_editors_adopt_and_name_and_viewers_read(quay: Quay, people: dict[str, Client]) -> None:
    editor, viewer = people["editor"], people["viewer"]
    url = quay.url("a.jpg")
    with pytest.raises(Forbidden):
        viewer.adopt(quay.project, [url])
    adopted = editor.adopt(quay.project, [url])
    assert adopted.ok
    item = adopted.created[url]
    with pytest.raises(Forbidden):
        viewer.set_alias(quay.project, "it", item)
    assert editor.set_alias(quay.project, "it", item).history[0].item == item
    assert viewer.alias(quay.project, "it").item == item
    assert [one.name for one in viewer.aliases(quay.project)] == ["it"]
    with pytest.raises(NotFound):
        viewer.alias(quay.project, "none")
    missing = editor.adopt(quay.project, [quay.url("absent")])
    assert (missing.ok, missing.errors[quay.url("absent")].code) == (False, "adoptable_file_not_found")
    listed = editor.adopt(quay.project, store=quay.store, prefix="dives/")
    assert len(listed.created) == 3
    with pytest.raises(NotFound):
        editor.adopt("no such project", [url])
