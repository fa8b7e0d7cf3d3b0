"""Links by every word for a provider, through connections that make their stores, and what a look at objects brings."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import media
from servers import azurite, ceph, fakegcs
from servers.moorage import Moorage
from servers.nginx import tls_files
from stores.google_bucket import stored
from stores.s3_bucket import admin, kept_bucket
from web.clouds import container, google_bucket
from web.conftest import Face
from web.linked import Linked, add_disk

pytestmark = pytest.mark.xdist_group("ceph")
PICTURES = ("rocket.jpg", "chelsea.png", "orientation-6.jpg")
SIZES = {"rocket.jpg": (640, 427), "chelsea.png": (451, 300), "orientation-6.jpg": (320, 240)}


@dataclass
class Sea:
    """A server whose remote_links.yml opens all of Ceph and one container of Azurite, and what lies there."""

    face: Face
    ceph: str
    azure: str
    google: str
    web: str
    authority: str

    def project(self) -> Linked:
        return Linked.made(self.face)

    def stores(self) -> dict[str, Any]:
        return {one["name"]: one for one in self.face("GET", "/api/v1/stores").json["stores"]}


def declared(boats: str) -> str:
    lab, harbour = ceph(), azurite()
    return (
        f"lab:\n  provider: minio\n  endpoint: {lab.endpoint}\n  access_key: {lab.access_key}\n"
        f"  secret_key: {lab.secret_key}\n"
        f"boats:\n  provider: azure\n  endpoint: {harbour.endpoint}\n  access_key: {harbour.access_key}\n"
        f"  secret_key: {harbour.secret_key}\n  buckets:\n  - {boats}:2021\n"
    )


@pytest.fixture(scope="module")
def sea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sea]:
    home, root, above = (tmp_path_factory.mktemp(name) for name in ("nginx", "files", "sea"))
    data = above / "data"
    data.mkdir()
    shutil.copy(media.picture("rocket.jpg"), root / "rocket.jpg")
    (root / "page.jpg").write_text("<!doctype html><p>Please sign in.</p>")
    client = admin(ceph())
    settings = {"MOORAGE_LINK_HOSTS_ALLOW": "127.0.0.1"}
    with (
        kept_bucket(ceph()) as bucket,
        container(azurite()) as boats,
        google_bucket(fakegcs()) as gulf,
        tls_files(home, root) as (url, authority),
    ):
        (data / "remote_links.yml").write_text(declared(boats))
        (data / "remote_links.yml").chmod(0o600)
        for name in PICTURES:
            client.put_object(Bucket=bucket, Key=f"2021/{name}", Body=media.data(name))
        stored(fakegcs(), gulf, "rocket.jpg", media.data("rocket.jpg"))
        with Moorage(data, settings) as server:
            face = Face(server, server.token())
            wish = {"name": "gulf", "provider": "google", "bucket": gulf, "endpoint": fakegcs().endpoint}
            assert face("POST", "/api/v1/stores", wish).status == 201
            wish = {"name": "harbour", "provider": "https", "endpoint": url, "ca": authority}
            assert face("POST", "/api/v1/stores", wish).status == 201
            yield Sea(face, bucket, boats, gulf, url, authority)
    client.close()


def test_a_link_makes_the_store_of_its_bucket_where_the_connection_admits_it(sea: Sea) -> None:
    linked = sea.project()
    host = ceph().endpoint.removeprefix("http://")
    text = (
        f"s3://{sea.ceph}/2021/rocket.jpg\ns3://{host}/{sea.ceph}/2021/chelsea.png\n"
        f"azure://{sea.azure}/2021/a.txt\nazure://{sea.azure}/2022/a.txt\ns3://no-such-bucket-anywhere/a.jpg\n"
        f"azure://elsewhere/2021/a.txt\n"
    )
    dry = linked.done(linked.send(text, "dry_run=1"))
    assert [line["verdict"] for line in linked.lines(dry)] == [
        "would_make_store", "would_make_store", "would_make_store", "unknown_store", "would_make_store",
        "unknown_store",
    ]  # fmt: skip
    assert not {sea.ceph, sea.azure} & set(sea.stores())
    of = linked.done(sea.face("POST", f"/api/v1/imports/{dry['id']}/apply"))
    assert of["counts"] == {"linked": 3, "unknown_store": 3}
    reasons = {line["line"]: line["reason"] for line in linked.lines(of)}
    assert "no-such-bucket-anywhere" in reasons[5]
    made = sea.stores()
    assert (made[sea.ceph]["origin"], made[sea.ceph]["read_only"]) == ("remote_links.yml: lab", True)
    assert made[sea.ceph]["check"]["passed"] is True
    assert [one["prefix"] for one in made.values() if one["bucket"] == sea.azure] == ["2021/"]
    assert "no-such-bucket-anywhere" not in made
    assert linked.read(linked.items()["a.txt"]).body == b"2021/a.txt"


def test_every_word_for_a_provider_leads_to_the_object(sea: Sea, tmp_path: Path) -> None:
    linked = sea.project()
    disk = add_disk(sea.face, tmp_path / "media")
    (tmp_path / "media" / "a.txt").write_bytes(b"on disk")
    host = ceph().endpoint.removeprefix("http://")
    addresses = [
        f"s3://{sea.ceph}/2021/rocket.jpg", f"minio://{sea.ceph}/2021/chelsea.png",
        f"s3://{host}/{sea.ceph}/2021/orientation-6.jpg", f"azure://{sea.azure}/2021/a.txt",
        f"google://{sea.google}/2021/a.txt", f"gcs://{sea.google}/2021/b c.txt", f"gs://{sea.google}/2022/a.txt",
        f"fs://{disk}/a.txt", f"{sea.web}/rocket.jpg", f"{azurite().endpoint}/{sea.azure}/2021/b%20c.txt",
        f"{fakegcs().endpoint}/{sea.google}/rocket.jpg",
    ]  # fmt: skip
    table = "address,name\n" + "".join(f"{address},{number}\n" for number, address in enumerate(addresses))
    of = linked.done(linked.send(table, content_type="text/csv"))
    assert of["counts"] == {"linked": len(addresses)}, linked.lines(of)
    found = {name: linked.read(item).body for name, item in linked.items().items()}
    rocket = media.data("rocket.jpg")
    assert found == {
        "0": rocket, "1": media.data("chelsea.png"), "2": media.data("orientation-6.jpg"), "3": b"2021/a.txt",
        "4": b"2021/a.txt", "5": b"2021/b c.txt", "6": b"2022/a.txt", "7": b"on disk", "8": rocket,
        "9": b"2021/b c.txt", "10": rocket,
    }  # fmt: skip
    shown = {name: item["address"] for name, item in linked.items().items()}
    assert shown["1"] == f"s3://{sea.ceph}/2021/chelsea.png"
    assert shown["5"] == f"google://{sea.google}/2021/b c.txt"
    assert shown["9"] == f"azure://{sea.azure}/2021/b c.txt"


def test_a_look_brings_size_version_width_and_height_of_every_provider_s_objects(sea: Sea, tmp_path: Path) -> None:
    linked = sea.project()
    disk = add_disk(sea.face, tmp_path / "media")
    for name in (*PICTURES, "film.mkv"):
        shutil.copy(media.picture(name), tmp_path / "media" / name)
    text = "".join(f"s3://{sea.ceph}/2021/{name}\n" for name in PICTURES)
    text += f"gs://{sea.google}/rocket.jpg\nfs://{disk}/film.mkv\n{sea.web}/rocket.jpg\nfs://{disk}/gone.jpg\n"
    text += "https://169.254.169.254/latest.jpg\nhttps://nowhere.invalid/a.jpg\n"
    of = linked.done(linked.send(text, "probe=1&keep_directories=full"))
    assert of["counts"] == {"linked": 5, "renamed": 1, "missing": 3}, linked.lines(of)
    reasons = {line["line"]: line["reason"] for line in linked.lines(of)}
    assert "There is no host nowhere.invalid" in reasons[9]
    assert "169.254.169.254" in reasons[8]
    listed = sea.face("GET", f"/api/v1/projects/{linked.project}/items?limit=100").json["items"]
    assert len(listed) == 6
    for item in listed:
        name = item["name"].replace(" (2)", "")
        if name == "film.mkv":
            assert (item["width"], item["height"], item["duration"]) == (480, 270, 6.0)
        else:
            assert (item["width"], item["height"]) == SIZES[name], item
        assert (item["size"], bool(item["etag"])) == (len(media.data(name)), True)


def test_a_check_tells_hosts_that_are_gone_from_servers_that_are_silent(sea: Sea) -> None:
    linked = sea.project()
    text = (
        f"{sea.web}/rocket.jpg\n{sea.web}/closed/b.jpg\nhttps://nowhere.invalid/c.jpg\nhttps://127.0.0.1:1/d.jpg\n"
        f"s3://{sea.ceph}/2021/gone.jpg\n"
    )
    linked.done(linked.send(text))
    job = sea.face("POST", f"/api/v1/projects/{linked.project}/links/check").json["job"]
    assert sea.face.wait(job)["message"] == "1 resolve, 3 broken, 1 not looked at."
    broken = sea.face("GET", f"/api/v1/projects/{linked.project}/links/broken").json["items"]
    assert {one["name"] for one in broken} == {"b.jpg", "c.jpg", "gone.jpg"}
    assert all(one["since"] == one["checked"] for one in broken)
