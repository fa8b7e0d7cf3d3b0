"""Signed URLs, uploads in parts and forms: loans of stores without a token service, on Ceph, Azurite and a disk."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from moorage.client import Client
from moorage.web.api.shapes.loans import FoundObjects, IssuedLoan, LoanList, LoanShape, RevokedLoan
from servers import azurite
from servers.moorage import Answer, ask
from stores.azure_container import asked, container_of, container_sas
from stores.s3_bucket import admin
from web.conftest import Face
from web.lent import Harbour, harbour, refused, secrets_in

PART = 5 << 20


@pytest.fixture(scope="module")
def place(face: Face) -> Iterator[Harbour]:
    with harbour(face) as found:
        found.store = found.another()
        yield found


def finish(place: Harbour, loan: Any, verb: str, body: Any) -> Answer:
    return place.face("POST", f"/api/v1/loans/{loan['id']}/{verb}", body)


def test_named_keys_are_written_and_read_by_their_urls_alone(place: Harbour) -> None:
    keys = ["in/a b.jpg", "in/ünï #%20.jpg"]
    written = place.lend("write", "in/", keys=keys)
    assert (written["method"], written["revocable"]) == ("presigned", False)
    for one in written["urls"]:
        assert (one["verb"], one["part"]) == ("PUT", None)
        assert ask("PUT", one["url"], one["key"].encode()).status == 200
    for one in place.lend("read", "in/", keys=keys)["urls"]:
        assert ask("GET", one["url"]).body == one["key"].encode()
        assert ask("PUT", one["url"], b"other").status == 403
        assert ask("GET", one["url"].replace("in/", "in-next/")).status == 403
    assert place.ask({"action": "read", "prefix": "in/"}).json["type"] == "/problems/refused"


def test_a_url_ends_with_its_loan(place: Harbour) -> None:
    loan = place.lend("read", "in/", keys=["in/here.jpg"], expires_in=1)
    url = loan["urls"][0]["url"]
    assert ask("GET", url).status == 200
    time.sleep(max(0.0, datetime.fromisoformat(loan["expires"]).timestamp() - time.time()) + 1.2)
    assert ask("GET", url).status == 403


def test_an_object_is_made_of_parts_that_were_sent_to_urls(place: Harbour) -> None:
    loan = place.lend("write", "in/", keys=["in/whole.bin", "in/left.bin"], parts=2, part_size=PART)
    assert (loan["revocable"], loan["part_size"]) == (True, PART)
    assert [one["part"] for one in loan["urls"]] == [1, 2, 1, 2]
    more = finish(place, loan, "parts", {"key": "in/whole.bin", "first": 3, "count": 1}).json["urls"]
    assert [one["part"] for one in more] == [3]
    sent = [*loan["urls"][:2], *more]
    bodies = [b"a" * PART, b"b" * PART, b"c"]
    tags = [ask("PUT", one["url"], body).headers["etag"] for one, body in zip(sent, bodies, strict=True)]
    parts = [{"number": number, "etag": tag} for number, tag in enumerate(tags, 1)]
    wrong = {"objects": [{"key": "in/whole.bin", "parts": [{"number": 1, "etag": "0" * 32}]}]}
    assert finish(place, loan, "complete", wrong).json["type"] == "/problems/invalid"
    whole = {"objects": [{"key": "in/whole.bin", "parts": parts}]}
    made = finish(place, loan, "complete", whole).json["objects"]
    assert [(one["key"], one["size"]) for one in made] == [("in/whole.bin", 2 * PART + 1)]
    assert finish(place, loan, "complete", whole).status == 404, "it is made, and no upload of it is open any more"
    assert ask("PUT", sent[0]["url"], b"x").status == 404

    s3 = admin(place.server)
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket=place.bucket)["Uploads"]] == ["in/left.bin"]
    revoked = place.face("DELETE", f"/api/v1/loans/{loan['id']}").json
    assert (revoked["ended"], revoked["policy"]) == (True, "")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=place.bucket)
    assert ask("PUT", loan["urls"][2]["url"], b"x").status == 404
    assert refused(s3.head_object, Bucket=place.bucket, Key="in/left.bin") == "404"


def test_a_thousand_urls_come_at_once_and_no_more(place: Harbour) -> None:
    loan = place.lend("write", "in/", keys=["in/huge.bin"], parts=10_000)
    assert len(loan["urls"]) == 1000
    last = finish(place, loan, "parts", {"key": "in/huge.bin", "first": 9_500}).json["urls"]
    assert (last[0]["part"], last[-1]["part"]) == (9_500, 10_000)
    assert finish(place, loan, "parts", {"key": "in/huge.bin", "first": 10_001}).status == 400
    assert finish(place, loan, "parts", {"key": "in/other.bin", "first": 1}).status == 404
    place.face("DELETE", f"/api/v1/loans/{loan['id']}")
    many = {"action": "write", "prefix": "in/", "keys": ["in/a", "in/b"], "parts": 501}
    assert place.ask(many).json["field"] == "parts"


def test_a_form_takes_files_below_its_prefix_only(place: Harbour) -> None:
    loan = place.lend("write", "in/")
    form = loan["form"]
    assert post(form, "new.jpg", b"by form").status == 204
    s3 = admin(place.server)
    assert s3.get_object(Bucket=place.bucket, Key="in/new.jpg")["Body"].read() == b"by form"
    for key in ("in-next/${filename}", "out.jpg", "in"):
        assert post(form | {"fields": form["fields"] | {"key": key}}, "x.jpg", b"x").status == 403, key
    one = place.lend("write", "in/one.jpg", method="presigned")
    assert ask("PUT", one["urls"][0]["url"], b"one").status == 200
    assert place.ask({"action": "write", "prefix": "in$/"}).json["type"] == "/problems/refused"


def post(form: Any, name: str, data: bytes) -> Answer:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in form["fields"].items()]
    head = "".join(parts) + f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + b"\r\n--b--\r\n"
    return ask("POST", form["url"], body, Content_Type="multipart/form-data; boundary=b")


def test_a_public_bucket_lends_nothing(place: Harbour) -> None:
    public = place.another(bucket=place.other, credentials={"kind": "anonymous"}, force=True)
    got = place.ask({"action": "read", "prefix": "in/", "keys": ["in/here.jpg"]}, public)
    assert (got.status, got.json["type"]) == (403, "/problems/refused")
    assert "nothing to lend" in got.json["detail"]


async def test_azure_lends_signatures_of_single_blobs(face: Face) -> None:
    server = azurite()
    async with container_of(server) as name:
        key = {"kind": "account_key", "account": server.access_key, "key": server.secret_key}
        store = registered(face, provider="azure", endpoint=server.endpoint, bucket=name, credentials=key)
        path = f"/api/v1/stores/{store}/loans"
        keys = ["in/a b.jpg", "in/ünï.jpg"]
        written = face("POST", path, {"action": "write", "prefix": "in/", "keys": keys}).json
        assert (written["method"], written["sas"]) == ("sas", None)
        for one in written["urls"]:
            assert "sr=b" in one["url"]
            assert "sp=cw" in one["url"]
            blob = {"x_ms_blob_type": "BlockBlob"}
            assert ask("PUT", one["url"], b"bytes", **blob).status == 201
            assert ask("GET", one["url"]).status == 403
            assert ask("DELETE", one["url"]).status == 403
            other = one["url"].replace("/in/", "/out/")
            assert ask("PUT", other, b"bytes", **blob).status == 403
        read = face("POST", path, {"action": "read", "prefix": "in/a b.jpg"}).json
        assert read["sas"]["url"] == read["urls"][0]["url"]
        assert ask("GET", read["sas"]["url"]).body == b"bytes"
        assert ask("PUT", read["sas"]["url"], b"x", **blob).status == 403
        short = face("POST", path, {"action": "read", "prefix": "in/a b.jpg", "expires_in": 1}).json
        await asyncio.sleep(2.2)
        assert ask("GET", short["sas"]["url"]).status == 403
        folder = face("POST", path, {"action": "read", "prefix": "in/"})
        assert (folder.status, folder.json["type"]) == (403, "/problems/refused")
        assert "hierarchical namespace" in folder.json["detail"]
        token = {"kind": "sas", "token": container_sas(server, name)}
        by_sas = registered(face, provider="azure", endpoint=server.endpoint, bucket=name, credentials=token)
        got = face("POST", f"/api/v1/stores/{by_sas}/loans", {"action": "read", "prefix": "in/a b.jpg"})
        assert (got.status, got.json["type"]) == (403, "/problems/refused")
        assert "pass all of it on" in got.json["detail"]
        revoked = face("DELETE", f"/api/v1/loans/{read['id']}").json
        assert revoked["ended"] is False
        assert "replace the credentials" in revoked["note"]
        assert asked(server, "HEAD", f"{name}/in/a%20b.jpg", {}) == b""
        unseen(face, [*secrets_in(written), *secrets_in(read), *secrets_in(short)])


def test_a_disk_lends_addresses_of_this_server_to_read(face: Face, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a b#ü.txt").write_bytes(b"0123456789")
    (tmp_path / "out.txt").write_bytes(b"out")
    store = registered(face, provider="disk", root=str(tmp_path))
    path = f"/api/v1/stores/{store}/loans"
    loan = face("POST", path, {"action": "read", "prefix": "in/", "keys": ["in/a b#ü.txt"]}).json
    url = loan["urls"][0]["url"]
    assert ask("GET", url).body == b"0123456789"
    assert ask("GET", url, Range="bytes=2-3").body == b"23"
    for other in (url.replace("in%2Fa+b%23%C3%BC.txt", "out.txt"), url + "0", url.replace("expires=1", "expires=2")):
        assert other != url
        assert ask("GET", other).status == 401, other
    assert ask("PUT", url, b"x").status == 405
    for body in ({"action": "read", "prefix": "in/"}, {"action": "write", "prefix": "in/"}):
        refusal = face("POST", path, body)
        assert (refusal.status, bool(refusal.json["advice"])) == (403, True)
    short = face("POST", path, {"action": "read", "prefix": "in/a b#ü.txt", "expires_in": 1}).json["urls"][0]["url"]
    time.sleep(1.2)
    assert ask("GET", short).status == 401
    unseen(face, secrets_in(loan))


def test_python_lends_completes_and_finishes_and_what_is_there_becomes_items(place: Harbour) -> None:
    face = place.face
    project = face("POST", "/api/v1/projects", {"name": f"lent {secrets.token_hex(4)}"}).json
    with Client(face.server.address, face.token) as client:
        issued = client.lend(place.store, "write", "in/", keys=["in/py.jpg"], parts=2)
        assert issued.urls[0].url not in repr(issued)
        more = client.loan_parts(issued.id, "in/py.jpg", 2, 1)
        urls = [issued.urls[0].url, more[0].url]
        tags = [ask("PUT", url, data).headers["etag"] for url, data in zip(urls, (b"a" * PART, b"b"), strict=True)]
        (made,) = client.complete_loan(issued.id, {"in/py.jpg": tags})
        sizes = {"in/py.jpg": made.size, "in/absent.jpg": 1}
        there, absent = client.finish_loan(issued.id, sizes, project=project["id"])
        assert (there.found, absent.found, absent.item) == ("there", "absent", None)
        assert there.item, there.detail
        assert client.item(there.item).size == PART + 1
        assert client.revoke_loan(issued.id).ended
        assert issued.id in [one.id for one in client.loans(place.store)]
        assert issued.id not in [one.id for one in client.loans(place.store, open_only=True)]


def test_answers_have_the_shapes_that_the_document_promises(place: Harbour) -> None:
    path = f"/api/v1/stores/{place.store}/loans"
    bodies = (
        {"action": "write", "prefix": "in/"},
        {"action": "write", "prefix": "in/", "keys": ["in/a"], "parts": 1},
        {"action": "read", "prefix": "in/here.jpg"},
    )
    for body in bodies:
        got = place.face("POST", path, body)
        TypeAdapter(IssuedLoan).validate_json(got.body, strict=True)
    loan = got.json["id"]
    finished = finish(place, got.json, "finished", {"objects": [{"key": "in/here.jpg", "size": 4}]})
    TypeAdapter(FoundObjects).validate_json(finished.body, strict=True)
    TypeAdapter(LoanList).validate_json(place.face("GET", path).body, strict=True)
    TypeAdapter(LoanShape).validate_json(place.face("GET", f"/api/v1/loans/{loan}").body, strict=True)
    TypeAdapter(RevokedLoan).validate_json(place.face("DELETE", f"/api/v1/loans/{loan}").body, strict=True)
    paths = place.face("GET", "/openapi.json").json["paths"]
    assert {"/api/v1/stores/{name}/loans", "/api/v1/loans/{id}", "/api/v1/loans/{id}/complete"} <= set(paths)


def test_the_page_of_a_store_lists_what_it_lent_and_is_still_of_use(place: Harbour) -> None:
    loan = place.lend("write", "in/", keys=["in/page.jpg"], parts=1)
    cookie = enter(place.face)
    shown = ask("GET", f"{place.face.server.address}/stores/{place.store}", Cookie=cookie).body.decode()
    assert loan["name"] in shown
    assert "Take back" in shown
    place.face("DELETE", f"/api/v1/loans/{loan['id']}")
    shown = ask("GET", f"{place.face.server.address}/stores/{place.store}", Cookie=cookie).body.decode()
    assert loan["name"] not in shown


def enter(face: Face) -> str:
    """The cookie of the admin, by a one-time link."""
    people = face("GET", "/api/v1/users").json["users"]
    link = face("POST", f"/api/v1/users/{people[0]['id']}/link").json["url"]
    return ask("POST", link, b"", Origin=face.server.address).headers["set-cookie"].split(";")[0]


def registered(face: Face, **facts: Any) -> str:
    name = f"lent-{secrets.token_hex(4)}"
    made = face("POST", "/api/v1/stores", {"name": name, "read_only": facts["provider"] == "disk", **facts})
    assert made.status == 201, made.body
    return name


def unseen(face: Face, lent: list[str]) -> None:
    """No secret of these loans is in the data directory, the log or the audit."""
    assert lent
    data = face.server.data
    texts = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    texts += [face.server.log().encode(), face("GET", "/api/v1/audit?limit=1000").body]
    for secret in lent:
        assert not any(secret.encode() in text for text in texts)
