"""Objects behind web addresses are shown, read and previewed like any other, and only from where we may go."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import media
from servers.moorage import Answer, Moorage
from servers.nginx import tls_files
from web.conftest import Face


@dataclass
class Coast:
    """A server that may read from an nginx on this machine, which serves files."""

    face: Face
    root: Path
    url: str
    authority: str
    project: str

    def adopt(self, *urls: str) -> Answer:
        return self.face("POST", f"/api/v1/projects/{self.project}/adopt", {"urls": list(urls)})

    def register(self, name: str, **more: Any) -> Answer:
        return self.face("POST", "/api/v1/stores", {"name": name, "provider": "https", **more})


@pytest.fixture(scope="module")
def coast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coast]:
    home, root, data = (tmp_path_factory.mktemp(name) for name in ("nginx", "files", "coast"))
    for name in ("chelsea.png", "rocket.jpg"):
        shutil.copy(media.picture(name), root / name)
    settings = {"MOORAGE_LINK_HOSTS_ALLOW": "127.0.0.1", "MOORAGE_LINK_SIZE": "10m"}
    with tls_files(home, root) as (url, authority), Moorage(data / "data", settings) as server:
        face = Face(server, server.token())
        project = face("POST", "/api/v1/projects", {"name": "coast"}).json["id"]
        made = Coast(face, root, url, authority, project)
        assert made.register("harbour", endpoint=f"{url}/", ca=authority).status == 201
        yield made


def test_a_registered_web_server_is_only_read_and_its_check_says_what_it_did(coast: Coast) -> None:
    store = coast.face("GET", "/api/v1/stores/harbour").json
    assert (store["provider"], store["read_only"], store["ca"]) == ("https", True, True)
    findings = {line["permission"]: line["finding"] for line in store["check"]["lines"]}
    assert store["check"]["passed"] is True
    assert findings.pop("reach") == "ok"
    assert set(findings.values()) == {"skipped"}
    listed = coast.face("GET", "/api/v1/stores/harbour/objects")
    assert (listed.status, listed.json["code"]) == (403, "NoListing")


def test_a_picture_behind_an_address_is_an_item_with_bytes_ranges_and_a_preview(coast: Coast) -> None:
    url = f"{coast.url}/chelsea.png"
    got = coast.adopt(url)
    assert got.status == 200, got.body
    id_ = got.json["created"][url]
    item = coast.face("GET", f"/api/v1/items/{id_}").json
    data = (coast.root / "chelsea.png").read_bytes()
    assert (item["name"], item["kind"], item["size"], item["address"]) == ("chelsea.png", "image", len(data), url)
    assert item["store"] == "harbour"
    path = f"/api/v1/items/{id_}/content"
    assert coast.face("GET", path).body == data
    part = coast.face("GET", path, Range="bytes=100-199")
    assert (part.status, part.body) == (206, data[100:200])
    assert coast.face("GET", f"/api/v1/items/{id_}/preview?width=64").headers["content-type"] == "image/webp"
    item = coast.face("GET", f"/api/v1/items/{id_}").json
    assert (item["width"], item["height"]) == (451, 300)


def test_a_changed_picture_is_served_as_it_is_now(coast: Coast) -> None:
    url = f"{coast.url}/changing.jpg"
    (coast.root / "changing.jpg").write_bytes(b"before")
    id_ = coast.adopt(url).json["created"][url]
    assert coast.face("GET", f"/api/v1/items/{id_}/content").body == b"before"
    (coast.root / "changing.jpg").write_bytes(b"and after")
    forget = f"/api/v1/cache/storage?item={id_}"  # else the server asks again after a minute
    assert coast.face("DELETE", forget).status == 200
    assert coast.face("GET", f"/api/v1/items/{id_}/content").body == b"and after"
    assert coast.face("GET", f"/api/v1/items/{id_}").json["size"] == 9
    (coast.root / "changing.jpg").unlink()
    assert coast.face("DELETE", forget).json["entries"] == 1
    assert coast.face("GET", f"/api/v1/items/{id_}/content").status == 404


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://127.0.0.2/x.jpg", "loopback"),
        ("https://10.0.0.1/x.jpg", "private"),
        ("https://169.254.169.254/latest/meta-data/x.jpg", "cloud metadata"),
        ("https://[::ffff:169.254.169.254]/x.jpg", "cloud metadata"),
        ("http://10.0.0.1/x.jpg", "plain http"),
        ("https://2886729729/x.jpg", "private"),
        ("https://127.0.0.1:{own}/healthz", "this server itself"),
        ("http://127.0.0.1:{own}/healthz", "this server itself"),
    ],
)
def test_addresses_inside_are_refused_with_the_setting_that_lets_them_through(
    coast: Coast, address: str, says: str
) -> None:
    url = address.format(own=coast.face.server.address.rpartition(":")[2])
    got = coast.adopt(url)
    assert got.status == 403, got.body
    fault = got.json["errors"][url]
    assert fault["code"] == "access_denied"
    assert says in fault["message"]
    assert "MOORAGE_LINK_HOSTS_ALLOW" in fault["message"] or says == "this server itself"


def test_the_built_in_store_is_made_by_the_first_address_that_needs_it(coast: Coast) -> None:
    coast.adopt("https://127.0.0.2/x.jpg")
    store = coast.face("GET", "/api/v1/stores/https").json
    assert (store["provider"], store["endpoint"], store["bucket"], store["read_only"]) == ("https", "", "", True)
    assert coast.face("POST", "/api/v1/stores/https/check").json["passed"] is True
    # It knows no authority but the system's.
    got = coast.adopt(f"{coast.url}/moved/chelsea.png?size=large")
    assert "certificate" in next(iter(got.json["errors"].values()))["message"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"endpoint": "https://media.example.org/a?b=c"}, "endpoint"),
        ({"endpoint": "https://user:password@media.example.org"}, "endpoint"),
        ({"endpoint": "ftp://media.example.org"}, "endpoint"),
        ({"endpoint": "https://media.example.org", "bucket": "b"}, "bucket"),
        ({"endpoint": "https://media.example.org", "prefix": "p/"}, "prefix"),
        ({"endpoint": "https://media.example.org", "read_only": False}, "read_only"),
        ({"credentials": {"kind": "keys", "access_key": "a", "secret_key": "b"}}, "credentials"),
    ],
)
def test_a_web_server_has_no_bucket_no_credentials_and_is_not_written_to(
    coast: Coast, more: dict[str, Any], field: str
) -> None:
    got = coast.register("unfit", **more)
    assert (got.status, got.json["field"]) == (400, field)


def test_a_web_server_that_must_not_be_reached_is_not_registered(coast: Coast) -> None:
    for endpoint in ("https://169.254.169.254", "https://10.0.0.1/media", coast.face.server.address):
        got = coast.register("inside", endpoint=endpoint)
        assert got.status == 422, got.body
        assert "Moorage does not connect" in got.json["detail"] or "plain http" in got.json["detail"]
    assert coast.face("GET", "/api/v1/stores/inside").status == 404
