"""Links over REST: a list becomes items, their bytes are read where they lie, and no object is ever deleted."""

from __future__ import annotations

import csv
import io
import secrets
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from media import data
from moorage.web.api import shapes
from servers import azurite, fakegcs
from servers.moorage import ask
from stores.azure_container import container_sas
from web.clouds import container, google_bucket
from web.conftest import Face
from web.linked import Linked, add_bucket, add_disk
from web.places import Bucket, bucket

__all__ = ["bucket"]


@pytest.fixture
def linked(face: Face) -> Linked:
    return Linked.made(face)


def test_links_of_every_provider_are_read_where_they_lie(
    face: Face, linked: Linked, bucket: Bucket, tmp_path: Path
) -> None:
    add_bucket(face, bucket)
    disk = add_disk(face, tmp_path / "media")
    (tmp_path / "media" / "d \udcff.txt").write_bytes(b"on disk")
    azure, google = azurite(), fakegcs()
    with container(azure) as blobs, google_bucket(google) as media:
        sas = {"kind": "sas", "token": container_sas(azure, blobs, "rl")}
        wish = {"name": blobs, "provider": "azure", "bucket": blobs, "endpoint": azure.endpoint, "credentials": sas}
        assert face("POST", "/api/v1/stores", wish).status == 201
        wish = {"name": media, "provider": "google", "bucket": media, "endpoint": google.endpoint}
        assert face("POST", "/api/v1/stores", wish).status == 201
        text = f"s3://{bucket.name}/2021/a.jpg\nfs://{disk}/d \udcff.txt\nazure://{blobs}/2021/b c.txt\ngs://{media}/2021/a.txt\n"
        of = linked.done(linked.send(text.encode("utf-8", "surrogateescape")))
        assert (of["state"], of["counts"]) == ("succeeded", {"linked": 4})
        found = {name: linked.read(item).body for name, item in linked.items().items()}
        assert found == {"a.jpg": b"x", "d \\xff.txt": b"on disk", "b c.txt": b"2021/b c.txt", "a.txt": b"2021/a.txt"}
        assert all(item["size"] and item["modified"] and item["linked"] for item in linked.items().values())
    server = bucket.server
    offered = f"{server.endpoint}/{bucket.name}/2021/b.jpg\ns3://{server.endpoint.removeprefix('http://')}/{bucket.name}/2022/a.jpg\n"
    of = linked.done(linked.send(offered, "dry_run=1"))
    assert [(line["verdict"], line["address"]) for line in linked.lines(of)] == [
        ("offered", f"s3://{bucket.name}/2021/b.jpg"), ("resolvable", f"s3://{bucket.name}/2022/a.jpg"),
    ]  # fmt: skip


def test_an_unseen_link_is_read_in_ranges_previewed_and_signed_at_first_sight(
    face: Face, linked: Linked, tmp_path: Path
) -> None:
    disk = add_disk(face, tmp_path / "media")
    picture = data("rocket.jpg")
    for name in ("head", "range", "preview", "signed", "stale"):
        (tmp_path / "media" / f"{name}.jpg").write_bytes(picture)
    linked.done(
        linked.send("".join(f"fs://{disk}/{name}.jpg\n" for name in ("head", "range", "preview", "signed", "stale")))
    )
    found = linked.items()
    assert {(item["size"], item["etag"], item["modified"]) for item in found.values()} == {(0, "", None)}
    address = f"/api/v1/items/{found['head.jpg']['id']}/content"
    assert face("HEAD", address).headers["content-length"] == str(len(picture))
    part = linked.read(found["range.jpg"], Range="bytes=2-9")
    assert (part.status, part.body) == (206, picture[2:10])
    stale = linked.read(found["stale.jpg"], If_None_Match='"0-0"')
    assert (stale.status, stale.body) == (200, picture)
    preview = face("GET", f"/api/v1/items/{found['preview.jpg']['id']}/preview?width=64")
    assert (preview.status, preview.headers["content-type"]) == (200, "image/webp")
    assert linked.items()["preview.jpg"]["width"]
    signed = face("POST", f"/api/v1/items/{found['signed.jpg']['id']}/url", {}).json["url"]
    assert ask("GET", signed).body == picture


def test_removing_a_link_removes_its_row_and_never_its_object(face: Face, linked: Linked, bucket: Bucket) -> None:
    store = add_bucket(face, bucket)
    linked.done(linked.send(f"s3://{bucket.name}/2021/a.jpg\ns3://{bucket.name}/2021/b.jpg\n"))
    refused = face("DELETE", f"/api/v1/stores/{store}")
    assert refused.status == 409
    assert "items 2" in refused.json["detail"]
    item = linked.items()["a.jpg"]
    assert face("DELETE", f"/api/v1/items/{item['id']}").json == {"kept_object": True, "state": "removed"}
    assert face("GET", f"/api/v1/items/{item['id']}").status == 404
    assert list(linked.items()) == ["b.jpg"]
    of = linked.done(linked.send(f"s3://{bucket.name}/2021/a.jpg\n"))
    assert of["counts"] == {"linked": 1}
    assert face("DELETE", f"/api/v1/projects/{linked.project}").status == 204
    keys = {one["Key"] for one in bucket.client.list_objects_v2(Bucket=bucket.name)["Contents"]}
    assert keys == {"2021/a.jpg", "2021/b.jpg", "2022/a.jpg"}


def test_probing_and_checking_on_a_real_bucket_tell_what_is_gone_or_denied(
    face: Face, linked: Linked, bucket: Bucket
) -> None:
    add_bucket(face, bucket)
    text = "".join(f"s3://{bucket.name}/{key}\n" for key in ("2021/a.jpg", "2021/b.jpg", "2021/gone.jpg"))
    of = linked.done(linked.send(text, "probe=1"))
    assert of["counts"] == {"linked": 2, "missing": 1}
    assert {item["size"] for item in linked.items().values()} == {1}
    bucket.client.delete_object(Bucket=bucket.name, Key="2021/a.jpg")
    check = face("POST", f"/api/v1/projects/{linked.project}/links/check")
    assert check.status == 202
    assert face.wait(check.json["job"])["message"] == "1 resolve, 1 broken."
    broken = face("GET", f"/api/v1/projects/{linked.project}/links/broken")
    TypeAdapter(shapes.BrokenList).validate_json(broken.body, strict=True)
    (one,) = broken.json["items"]
    assert (one["name"], one["address"]) == ("a.jpg", f"s3://{bucket.name}/2021/a.jpg")
    assert one["since"]
    bucket.put("2021/a.jpg")
    bucket.deny("s3:GetObject", "/2021/b.jpg")
    face.wait(face("POST", f"/api/v1/projects/{linked.project}/links/check").json["job"])
    (one,) = face("GET", f"/api/v1/projects/{linked.project}/links/broken").json["items"]
    assert one["name"] == "b.jpg"
    assert one["reason"].startswith("Access denied")


def test_a_table_of_problems_can_be_mended_and_sent_again(face: Face, linked: Linked, tmp_path: Path) -> None:
    disk = add_disk(face, tmp_path / "media")
    text = f"address,name,diver\nfs://{disk}/a.txt,first.txt,Ada\ns3://nope/b,-b.txt,Grace\n=cmd(),,\n"
    of = linked.done(linked.send(text, "dry_run=1&name=list.csv", "text/csv"))
    assert (of["name"], of["lines"], of["read"]) == ("list.csv", 4, 4)
    got = face("GET", f"/api/v1/imports/{of['id']}/lines?verdict=unknown_store,refused", Accept="text/csv")
    assert got.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(got.body.decode())))
    assert [(row["line"], row["verdict"], row["address"]) for row in rows] == [
        ("3", "unknown_store", "s3://nope/b"), ("4", "refused", "'=cmd()"),
    ]  # fmt: skip
    assert [(row["name"], row["diver"]) for row in rows] == [("'-b.txt", "Grace"), ("", "")]
    mended = got.body.replace(b"s3://nope/b", f"fs://{disk}/b.txt".encode())
    again = linked.done(linked.send(mended, content_type="text/csv"))
    assert again["counts"] == {"linked": 1, "refused": 1}
    applied = linked.done(face("POST", f"/api/v1/imports/{of['id']}/apply"))
    assert applied["counts"] == {"linked": 1, "unknown_store": 1, "refused": 1}
    assert face("GET", f"/api/v1/imports/{of['id']}").json["applied"] == applied["id"]
    items = linked.items()
    assert face("GET", f"/api/v1/items/{items['first.txt']['id']}").json["metadata"] == {"diver": "Ada"}
    assert face("GET", f"/api/v1/items/{items['-b.txt']['id']}").json["metadata"] == {"diver": "Grace"}


def test_lines_come_by_page_and_answers_have_their_shapes(face: Face, linked: Linked, tmp_path: Path) -> None:
    disk = add_disk(face, tmp_path / "media")
    of = linked.done(linked.send("".join(f"fs://{disk}/{n}\n" for n in range(25)), "dry_run=1"))
    seen, after = [], "0"
    while after:
        page = face("GET", f"/api/v1/imports/{of['id']}/lines?limit=10&after={after}")
        TypeAdapter(shapes.ImportLines).validate_json(page.body, strict=True)
        seen += [line["line"] for line in page.json["lines"]]
        after = page.json["next"]
    assert seen == list(range(1, 26))
    got = face("GET", f"/api/v1/imports/{of['id']}")
    TypeAdapter(shapes.ImportShape).validate_json(got.body, strict=True)


@pytest.mark.parametrize(
    ("text", "query", "content_type", "status", "told"),
    [
        ("", "", "text/plain", 400, "The list is empty"),
        ("s3://a/b\n", "", "text/csv", 400, "no column 'address'"),
        ("s3://a/b\n", "folder=../up", "text/plain", 400, "is no folder"),
        ("s3://a/b\n", "folder=99", "text/plain", 404, "There is no folder 99"),
        ("s3://a/b\n", "keep_directories=suffix", "text/plain", 400, "keep_directories"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_with_what_to_do(
    linked: Linked, text: str, query: str, content_type: str, status: int, told: str
) -> None:
    got = linked.send(text, query, content_type)
    assert (got.status, got.json["advice"] != "") == (status, True), got.body
    assert told in got.json["detail"]


def test_others_see_neither_the_import_nor_what_it_says(face: Face, linked: Linked) -> None:
    of = linked.done(linked.send("garbage\n", "dry_run=1"))
    email = f"{secrets.token_hex(4)}@example.org"
    assert face("POST", "/api/v1/users", {"email": email}).status == 201
    token = face.server.token("stranger", email)
    for method, path in (
        ("GET", f"imports/{of['id']}"), ("GET", f"imports/{of['id']}/lines"), ("POST", f"imports/{of['id']}/apply"),
        ("POST", f"projects/{linked.project}/links/check"), ("GET", f"projects/{linked.project}/links/broken"),
        ("POST", f"projects/{linked.project}/links"),
    ):  # fmt: skip
        got = ask(method, f"{face.server.address}/api/v1/{path}", b"", Authorization=f"Bearer {token}")
        assert got.status == 404, (method, path, got.body)


def test_a_list_that_is_too_long_is_refused_and_nothing_of_it_stays(face: Face, linked: Linked) -> None:
    page = face("GET", f"/projects/{linked.project}/links")
    assert page.status in (200, 401, 303)
    kept = set((face.server.data / "imports").glob("*.list"))
    linked.send("", "")
    assert set((face.server.data / "imports").glob("*.list")) == kept
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
