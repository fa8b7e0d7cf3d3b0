"""A manager adds stores to the own project, and cannot make the server go where only an admin may send it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from servers import ceph
from servers.moorage import ask
from stores.s3_bucket import admin, kept_bucket
from web.managed import Listener, Yard, listening, yard

KEYS = {"kind": "keys", "access_key": "access", "secret_key": "a secret that no answer shows"}


@pytest.fixture(scope="module")
def inside() -> Iterator[Listener]:
    """What nobody but an admin may make the server talk to."""
    with listening() as found:
        yield found


@pytest.fixture(scope="module")
def sender(inside: Listener) -> Iterator[Listener]:
    """A listed server that sends whoever comes to the one inside."""
    with listening(
        f"HTTP/1.1 307 Go there\r\nLocation: http://{inside.host}/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ) as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, sender: Listener) -> Iterator[Yard]:
    with yard(tmp_path_factory.mktemp("managed"), also=sender.host) as found:
        yield found


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with kept_bucket(ceph()) as name:
        client = admin(ceph())
        client.put_object(Bucket=name, Key="in/a.txt", Body=b"of the reef")
        client.close()
        yield name


@pytest.fixture(scope="module")
def own(place: Yard, bucket: str) -> str:
    """A store that the manager added to the own project."""
    made = place("POST", "/api/v1/stores", place.s3(bucket, name="reef-bucket", scope={"projects": [place.reef]}))
    assert made.status == 201, made.body
    assert (made.json["guarded"], made.json["check"]["passed"]) == (True, True)
    return "reef-bucket"


def refused(place: Yard, body: dict[str, Any], status: int = 403) -> dict[str, Any]:
    """The problem with which the manager's store is refused, when it is checked and when it is added."""
    scope = {"projects": [place.reef]}
    before = place.names(place.face.token)
    tried = place("POST", "/api/v1/stores/check", {"name": "trial", "scope": scope, **body})
    got = place("POST", "/api/v1/stores", {"name": "trial", "scope": scope, **body})
    assert place.names(place.face.token) == before
    assert got.status == status, got.body
    assert tried.status in (200, status)
    assert b"no answer shows" not in got.body + tried.body
    problem = got.json
    assert isinstance(problem, dict)
    return problem


def test_a_manager_adds_a_store_that_the_own_project_alone_sees(place: Yard, own: str) -> None:
    assert own in place.names()
    assert own not in place.names(place.other)
    for method, path in (("GET", ""), ("POST", "/check"), ("GET", "/objects"), ("GET", "/content?key=in/a.txt"),
                         ("DELETE", "")):  # fmt: skip
        got = place(method, f"/api/v1/stores/{own}{path}", who=place.other)
        assert got.status == 404, (method, path, got.body)
    shown = place("POST", "/api/v1/mirrors", {"store": own, "project": "reef"})
    assert shown.status == 202, shown.body
    assert place.face.wait(shown.json["job"])["state"] == "succeeded"
    assert place("POST", "/api/v1/mirrors", {"store": own, "project": "wreck"}, who=place.other).status in (403, 404)


def test_a_manager_lends_from_the_own_store_through_the_listed_address(place: Yard, own: str) -> None:
    wish = {"action": "read", "prefix": "in/", "keys": ["in/a.txt"]}
    got = place("POST", f"/api/v1/stores/{own}/loans", wish)
    assert got.status == 201, got.body
    assert ask("GET", got.json["urls"][0]["url"]).body == b"of the reef"
    assert place("POST", f"/api/v1/stores/{own}/loans", wish, who=place.other).status == 404


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:{port}", "https://127.0.0.1:{port}", "http://localhost:{port}", "http://[::1]:{port}",
        "http://[::ffff:127.0.0.1]:{port}", "http://2130706433:{port}", "http://0x7f.1:{port}", "http://0.0.0.0:{port}",
        "http://127.0.0.1.:{port}", "https://[64:ff9b::7f00:1]:{port}", "http://127.0.0.1:{own}",
        "http://169.254.169.254", "https://169.254.169.254", "http://[::ffff:169.254.169.254]", "http://169.254.170.2",
        "http://[fd00:ec2::254]", "https://10.0.0.1", "https://192.168.1.1", "https://100.64.0.1",
        "https://metadata.google.internal.", "http://example.org",
    ],
)  # fmt: skip
def test_no_endpoint_of_a_manager_leads_inside(place: Yard, inside: Listener, endpoint: str) -> None:
    own = place.face.server.address.rpartition(":")[2]
    body = {"provider": "s3", "endpoint": endpoint.format(port=inside.port, own=own), "bucket": "media"}
    refused(place, body | {"credentials": KEYS}, 422)
    assert inside.came == 0


def test_neither_does_that_of_another_provider(place: Yard, inside: Listener) -> None:
    azure = {"kind": "account_key", "account": "reefmedia", "key": "QUJD"}
    hmac = {"kind": "hmac", "access_key": "GOOG1", "secret_key": "a secret that no answer shows"}
    for provider, credentials in (("azure", azure), ("google", hmac)):
        for endpoint in (
            f"http://{inside.host}",
            f"https://{inside.host}",
            "http://169.254.169.254",
            "https://10.0.0.1",
        ):
            body = {"provider": provider, "endpoint": endpoint, "bucket": "media", "credentials": credentials}
            refused(place, body, 422)
    assert inside.came == 0


def test_the_refusal_names_the_setting_and_not_where_a_name_leads(place: Yard, inside: Listener) -> None:
    body = {"provider": "s3", "endpoint": f"https://127.0.0.1:{inside.port}", "bucket": "media", "credentials": KEYS}
    told = json.dumps(refused(place, body, 422))
    assert "MOORAGE_STORE_ENDPOINTS" in told
    plain = {"provider": "s3", "endpoint": "http://example.org", "bucket": "media", "credentials": KEYS}
    assert "plain http" in json.dumps(refused(place, plain, 422))


def account(token_uri: str) -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    told = {"type": "service_account", "client_email": "a@b.example", "private_key": pem, "token_uri": token_uri}
    return {"kind": "service_account", "json": json.dumps(told)}


def test_no_token_is_asked_for_inside(place: Yard, inside: Listener) -> None:
    """The addresses that credentials themselves name: Google's token_uri, Azure's authority and connection string."""
    at = f"https://{inside.host}"
    for provider, credentials, more in (
        ("google", account(f"{at}/token"), {}),
        ("google", account(f"http://{inside.host}/token"), {"endpoint": place.server.endpoint}),
        ("google", account("http://169.254.169.254/token"), {"endpoint": place.server.endpoint}),
        (
            "azure",
            {"kind": "service_principal", "tenant": "t", "client": "c", "secret": "s", "authority": at},
            {"endpoint": "https://reefmedia.blob.core.windows.net"},
        ),
        (
            "azure",
            {"kind": "service_principal", "tenant": "t", "client": "c", "secret": "s", "authority": f"http://{inside.host}"},
            {"endpoint": "https://reefmedia.blob.core.windows.net"},
        ),
        (
            "azure",
            {"kind": "connection_string", "value": f"BlobEndpoint=http://{inside.host}/reefmedia;AccountName=reefmedia;AccountKey=QUJD"},
            {},
        ),
    ):  # fmt: skip
        refused(place, {"provider": provider, "bucket": "media", "credentials": credentials, **more}, 422)
        assert inside.came == 0, credentials


def test_a_redirect_of_a_listed_server_leads_nowhere_else(place: Yard, inside: Listener, sender: Listener) -> None:
    for provider, credentials in (("s3", KEYS), ("azure", {"kind": "account_key", "account": "reef", "key": "QUJD"})):
        refused(
            place,
            {"provider": provider, "endpoint": f"http://{sender.host}", "bucket": "media", "credentials": credentials},
            422,
        )
    assert sender.came > 0
    assert inside.came == 0


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "disk", "root": "{home}"},
        {"provider": "disk", "root": "/"},
        {"provider": "s3", "bucket": "m", "credentials": {"kind": "role"}},
        {"provider": "s3", "bucket": "m",
         "credentials": {"kind": "role", "role_arn": "arn:aws:iam::111122223333:role/x"}},
        {"provider": "s3", "bucket": "m", "credentials": {"kind": "process", "name": "hardware"}},
        {"provider": "google", "bucket": "m", "credentials": {"kind": "role"}},
        {"provider": "google", "bucket": "m", "credentials": {"kind": "service_account", "path": "/etc/passwd"}},
        {"connection": "1"},
        {"provider": "https"},
    ],
)  # fmt: skip
def test_the_servers_disk_and_its_own_identity_are_not_for_managers(
    place: Yard, body: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("of another project")
    if "root" in body:
        body = body | {"root": body["root"].format(home=tmp_path)}
    assert "admin" in json.dumps(refused(place, body))


def test_a_manager_reaches_neither_all_projects_nor_another_one(place: Yard, bucket: str, own: str) -> None:
    for scope, status in (
        ({}, 403),
        ({"projects": [place.wreck]}, 404),
        ({"projects": [place.reef, place.wreck]}, 404),
        ({"projects": [place.reef], "users": ["1"]}, 403),
    ):
        got = place("POST", "/api/v1/stores", place.s3(bucket, name="wide", scope=scope))
        assert got.status == status, got.body
        if scope:
            assert place("PATCH", f"/api/v1/stores/{own}", {"scope": scope}).status == 403
    for name in ("primary", "https"):
        got = place("POST", "/api/v1/stores", place.s3(bucket, name=name, scope={"projects": [place.reef]}))
        assert got.status == 400, got.body
    forced = place.s3("absent-bucket", name="wide", scope={"projects": [place.reef]}, force=True)
    assert place("POST", "/api/v1/stores", forced).status == 403


def test_a_later_change_is_guarded_likewise(place: Yard, own: str, inside: Listener) -> None:
    path = f"/api/v1/stores/{own}"
    for change, status in (
        ({"endpoint": f"http://{inside.host}"}, 422),
        ({"endpoint": f"http://{inside.host}", "force": True}, 403),
        ({"credentials": {"kind": "role"}}, 403),
        ({"credentials": KEYS}, 422),
    ):
        assert place("PATCH", path, change).status == status, change
    # Nor by an admin's hand: what the manager added stays guarded.
    face = place.face
    assert face("PATCH", path, {"credentials": {"kind": "role"}, "force": True}).status == 403
    assert face("PATCH", path, {"endpoint": f"http://{inside.host}"}).status == 422
    assert inside.came == 0
    good = place.s3("")["credentials"]
    assert place("PATCH", path, {"credentials": good}).status == 200
    assert place("POST", f"{path}/check").json["passed"] is True


def test_stores_of_admins_are_not_changed_by_managers(place: Yard, bucket: str, tmp_path: Path) -> None:
    scope = {"projects": [place.reef]}
    body = place.s3(bucket, name="given", scope=scope)
    assert place.face("POST", "/api/v1/stores", body).status == 201
    assert place.face("GET", "/api/v1/stores/given").json["guarded"] is False
    assert "given" in place.names()
    assert place("PATCH", "/api/v1/stores/given", {"credentials": KEYS}).status == 403
    assert place("DELETE", "/api/v1/stores/given").status == 403
    disk = {"name": "shelf", "provider": "disk", "root": str(tmp_path), "scope": {"projects": [place.wreck]}}
    assert place.face("POST", "/api/v1/stores", disk).status == 201
    links = f"/api/v1/projects/{place.reef}/links?dry_run=1"
    got = place("POST", links, b"fs://shelf/secret.txt\n", Content_Type="text/plain")
    assert b"secret.txt" not in got.body or b"refused" in got.body or b"unknown" in got.body, got.body
    assert place("GET", "/api/v1/stores/shelf/content?key=secret.txt").status == 404
    assert place("POST", "/api/v1/mirrors", {"store": "shelf", "project": "reef"}).status in (403, 404)


def test_a_shared_connection_is_changed_by_who_owns_all_its_stores(place: Yard, bucket: str) -> None:
    scope = {"projects": [place.reef]}
    assert place("POST", "/api/v1/stores", place.s3(bucket, name="first", scope=scope)).status == 201
    connection = place.face("GET", "/api/v1/stores/first").json["connection"]
    beside = {"name": "second", "connection": connection, "bucket": bucket, "scope": {"projects": [place.wreck]}}
    assert place.face("POST", "/api/v1/stores", beside).status == 201
    assert place("PATCH", "/api/v1/stores/first", {"credentials": place.s3("")["credentials"]}).status in (403, 404)
    assert place("DELETE", "/api/v1/stores/first").status == 204


def test_a_manager_removes_the_own_store(place: Yard, bucket: str) -> None:
    body = place.s3(bucket, name="passing", scope={"projects": [place.reef]})
    assert place("POST", "/api/v1/stores", body).status == 201
    assert place("DELETE", "/api/v1/stores/passing", who=place.other).status == 404
    assert place("DELETE", "/api/v1/stores/passing").status == 204
    assert "passing" not in place.names(place.face.token)


def test_what_a_store_is_limited_to_holds_for_links_items_and_people(place: Yard, tmp_path: Path) -> None:
    """Seen, linked, mirrored and read where it is open, and nowhere else; admins see it always."""
    (tmp_path / "a.txt").write_bytes(b"of the wreck")
    face, name = place.face, "limited"
    disk = {"name": name, "provider": "disk", "root": str(tmp_path), "project": "wreck"}
    assert face("POST", "/api/v1/stores", disk).json["scope"]["projects"] == [place.wreck]
    started = place("POST", "/api/v1/mirrors", {"store": name, "project": "wreck", "folder": "hull"}, who=place.other)
    assert started.status == 202, started.body
    assert face.wait(started.json["job"])["state"] == "succeeded"
    item = place("GET", f"/api/v1/lookup?project={place.wreck}&path=hull/a.txt", who=place.other).json["item"]["id"]
    content = f"/api/v1/items/{item}/content"
    signed = place("POST", f"/api/v1/items/{item}/url", {}, who=place.other).json["url"]
    assert place("GET", content, who=place.other).body == b"of the wreck"
    assert ask("GET", signed).status == 200
    assert place("GET", content).status == 404
    assert place("GET", f"/api/v1/stores/{name}").status == 404
    assert face("GET", f"/api/v1/stores/{name}").status == 200
    assert face("POST", "/api/v1/mirrors", {"store": name, "project": "reef"}).status == 403
    # Closed to the project: what was mirrored is listed still, and its bytes are not given out.
    patch = f"/api/v1/stores/{name}"
    assert face("PATCH", patch, {"scope": {"projects": [place.reef]}}).status == 200
    assert place("GET", content, who=place.other).status == 403
    assert ask("GET", signed).status == 403
    assert face("GET", content).status == 200
    # Limited to a person.
    user = face("GET", "/api/v1/users").json["users"]
    wrecker = next(one["id"] for one in user if one["email"] == "wreck@example.org")
    assert face("PATCH", patch, {"scope": {"users": [wrecker]}}).status == 200
    assert place("GET", content, who=place.other).status == 200
    assert name in place.names(place.other)
    assert name not in place.names()
    for scope in ({"projects": ["999"]}, {"users": ["999"]}):
        assert face("PATCH", patch, {"scope": scope}).status == 404
