"""The steps of from-supervisely.md up to links, followed on an installation that was taken over."""

from __future__ import annotations

import asyncio
import base64
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from docs.guides import Row, works
from docs.operating import Operator
from moorage.client import Client
from moorage.model.keys import Bucket
from moorage.model.probe import ProbeReport
from moorage.model.store import Connection, Store
from moorage.registering.probe import probe
from moorage.settings import Settings
from moorage.settings.storages import primary_bucket, primary_storage
from moorage.wiring.adapters import Openings
from servers import azurite, ceph, fakegcs
from stores.azure_container import asked, container_sas
from stores.google_bucket import asked as asked_google
from stores.google_tokens import key_file, token_server
from stores.s3_bucket import admin
from web.armed import Beside

PAGE = "from-supervisely"
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


def shown(operator: Operator, **variables: str) -> dict[str, list[str]]:
    """What ``config show`` prints: value and origin by name."""
    ran = operator.run("moorage config show", variables)
    assert ran.code == 0, ran.err
    lines = (line.split("\t") for line in ran.out.splitlines())
    return {name: [value, origin] for name, value, origin, *_ in lines}


def upload(client: Client, name: str) -> str:
    """Put something in, and read it back; the key that it has."""
    project = client.add_project(name)
    client.upload(b"ahoy", project.root, name="ahoy.txt")
    (item,) = client.items(name)
    assert (item.store, client.read(item.id)) == ("primary", b"ahoy")
    return str(item.key)


@works(PAGE, "`supervisely where`")
def _where(operator: Operator, row: Row) -> None:
    (ran,) = operator.do(row)
    assert f"data directory\t{operator.data}\n" in ran.out
    assert f"settings file\t{operator.data / 'moorage.toml'}\n" in ran.out


@works(PAGE, "`.env` with `DATA_PATH`")
def _data_path(operator: Operator, _: Row) -> None:
    other = str(operator.folder / "another")
    for name in ("DATA_PATH", "MOORAGE_DATA"):
        variables = {"MOORAGE_DATA": "", "DATA_PATH": "", name: other}
        assert shown(operator, **variables)["data"] == [other, f"environment ({name})"]
    theirs = Path(operator.facts["theirs"])
    assert [one.name for one in theirs.iterdir()] == ["storage"], "nothing was written there"


@works(PAGE, "`storage/<prefix>-public`")
def _public(operator: Operator, _: Row) -> None:
    bucket = f"{operator.facts['prefix']}-public"
    assert shown(operator)["storage_prefix"][0] == operator.facts["prefix"]
    assert shown(operator, MOORAGE_STORAGE_PREFIX="reef")["connection primary"][0].count("buckets: reef-public;") == 1
    s3 = admin(ceph())
    with operator.client() as client:
        key = upload(client, "Uploads")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"ahoy"
    s3.close()


@works(PAGE, "`STORAGE_PROVIDER=minio`")
def _provider(operator: Operator, _: Row) -> None:
    assert shown(operator)["storage_provider"] == ["s3", f"{operator.data / 'moorage.toml'} (storage_provider)"]
    for word, meant in {"http": "disk", "disk": "disk", "s3": "s3"}.items():
        found = shown(operator, STORAGE_PROVIDER=word)
        assert found["storage_provider"] == [meant, "environment (STORAGE_PROVIDER)"]
        assert ("connection primary" in found) is (meant == "s3")


@works(PAGE, "`STORAGE_ACCESS_KEY`, `STORAGE_SECRET_KEY`")
def _keys(operator: Operator, _: Row) -> None:
    kept = operator.data / "secrets" / "storage_secret_key"
    assert kept.read_text().strip() == ceph().secret_key
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert ceph().secret_key not in (operator.data / "moorage.toml").read_text()
    assert ceph().secret_key not in operator.run("moorage config show").out
    found = shown(operator, STORAGE_SECRET_KEY_FILE=str(kept))
    assert found["storage_secret_key"] == ["(hidden)", "environment (STORAGE_SECRET_KEY_FILE)"]
    assert found["connection primary"][0].endswith("credentials: keys")


@works(PAGE, "`STORAGE_ENDPOINT=s3.amazonaws.com`")
def _endpoint(operator: Operator, _: Row) -> None:
    assert f"s3; {ceph().endpoint}; " in shown(operator)["connection primary"][0]
    aws = shown(operator, STORAGE_ENDPOINT="s3.amazonaws.com", STORAGE_PORT="443")
    assert aws["connection primary"][0].startswith("s3; buckets: ")
    lab = shown(operator, STORAGE_ENDPOINT="minio.lab", STORAGE_PORT="9000")
    assert "; https://minio.lab:9000; " in lab["connection primary"][0]


@works(PAGE, "`sudo supervisely up -d` after")
def _check(operator: Operator, row: Row) -> None:
    (ran,) = operator.do(row)
    assert "write         ok" in ran.err


@works(PAGE, "The permission `s3:ListBucketMultipartUploads`")
def _policy(operator: Operator, row: Row) -> None:
    (ran,) = operator.do(row)
    allowed = [one for one in json.loads(ran.out)["Statement"] if "s3:ListBucketMultipartUploads" in one["Action"]]
    assert [one["Resource"] for one in allowed] == [f"arn:aws:s3:::{operator.facts['prefix']}-public"]


def checked(folder: Path, **variables: str) -> Connection:
    """The check of the store that uploads go to, as a server of these settings makes it at its start."""
    settings = Settings.load({}, {"MOORAGE_DATA": str(folder / "data"), **variables}, folder)
    connection = primary_storage(settings)
    assert connection is not None
    store = Store("primary", connection, bucket=Bucket(primary_bucket(settings)), read_only=False)

    async def check() -> ProbeReport:
        openings = Openings(settings)
        opened = openings.for_checks(store)
        try:
            return (await probe(store, opened, now_ms=0)).report
        finally:
            await opened.aclose()
            await openings.aclose()

    report = asyncio.run(check())
    assert report.passed, report
    return connection


@contextmanager
def azure_container(name: str) -> Iterator[dict[str, str]]:
    """A container for uploads, and the settings of the guide with the account's key."""
    server = azurite()
    asked(server, "PUT", f"{name}-public", {"restype": "container"})
    try:
        yield {
            "MOORAGE_STORAGE_PREFIX": name,
            "STORAGE_PROVIDER": "azure",
            "STORAGE_ENDPOINT": server.endpoint,
            "STORAGE_ACCESS_KEY": server.access_key,
            "STORAGE_SECRET_KEY": server.secret_key,
        }
    finally:
        asked(server, "DELETE", f"{name}-public", {"restype": "container"})


@works(PAGE, "`STORAGE_PROVIDER=azure`")
def _azure(operator: Operator, _: Row) -> None:
    prefix = operator.facts["prefix"]
    with azure_container(prefix) as variables:
        assert checked(operator.folder, **variables).credentials.kind == "account_key"
        token = {"STORAGE_SECRET_KEY": f"?{container_sas(azurite(), f'{prefix}-public')}"}
        assert checked(operator.folder, **variables | token).credentials.kind == "sas"


@contextmanager
def google_files(folder: Path, name: str) -> Iterator[None]:
    """A bucket for uploads, and the guide's files with the key of a service account."""
    body = json.dumps({"name": f"{name}-public"}).encode()
    assert asked_google("POST", f"{fakegcs().endpoint}/storage/v1/b?project=t", body)[0] == 200
    folder.mkdir()
    lines = f"STORAGE_ENDPOINT={fakegcs().endpoint}\nSTORAGE_CREDENTIALS_PATH=/gcs.json\n"
    (folder / ".env").write_text(f"STORAGE_PROVIDER=google\n{lines}")
    mounts = "services:\n  http-storage:\n    volumes:\n      - ./gcs.json:/gcs.json:ro\n"
    (folder / "docker-compose.override.yml").write_text(mounts)
    with Beside() as beside:
        (folder / "gcs.json").write_text(key_file(beside.begin(token_server()).uri))
        yield


@works(PAGE, "`STORAGE_PROVIDER=google`")
def _google(operator: Operator, _: Row) -> None:
    folder, name = operator.folder / "google-env", f"{operator.facts['prefix']}-a"
    with google_files(folder, name):
        path = {"STORAGE_CREDENTIALS_PATH": str(folder / "gcs.json"), "MOORAGE_STORAGE_PREFIX": name}
        assert checked(folder, **path).credentials.kind == "service_account"


@works(PAGE, "The override file mounts the key file")
def _google_key(operator: Operator, row: Row) -> None:
    folder, name = operator.folder / "google-mounted", f"{operator.facts['prefix']}-b"
    with google_files(folder, name):
        operator.do(row, variables={"MOORAGE_DATA": str(folder / "data")}, folder=folder)
        (folder / ".env").unlink()
        assert checked(folder, MOORAGE_STORAGE_PREFIX=name).credentials.kind == "service_account"


@works(PAGE, "`CACHE_PREVIEWS_SIZE: 1g`")
def _previews(operator: Operator, _: Row) -> None:
    file = operator.data / "moorage.toml"
    found = shown(operator)
    assert found["cache_previews_size"] == ["2g", f"{file} (cache_previews_size)"]
    assert found["cache_previews_expires"] == ["13h", f"{file} (cache_previews_expires)"]
    bare = shown(operator, MOORAGE_DATA=str(operator.folder / "bare"))
    assert (bare["cache_previews_size"][0], bare["cache_previews_expires"][0]) == ("1g", "12h")
    with operator.client() as client:
        project = client.add_project("Previews")
        client.upload(PIXEL, project.root, name="pixel.png")
        (item,) = client.items("Previews")
    answer = operator.face("GET", f"/api/v1/items/{item.id}/preview?width=8&height=8")
    assert answer.status == 200, answer.body
    assert [one for one in (operator.data / "cache" / "previews").rglob("*") if one.is_file()]


@works(PAGE, "`CACHE_STORAGE_SIZE: 10g`")
def _originals(operator: Operator, _: Row) -> None:
    for variables in ({}, {"MOORAGE_DATA": str(operator.folder / "bare")}):
        found = shown(operator, **variables)
        assert (found["cache_storage_size"][0], found["cache_storage_expires"][0]) == ("10g", "7d")


@works(PAGE, "`CACHE_IMAGE_CONVERTER_SIZE: 10g`")
def _conversions(operator: Operator, _: Row) -> None:
    found = shown(operator, CACHE_IMAGE_CONVERTER_SIZE="2g", CACHE_IMAGE_CONVERTER_EXPIRES="3d")
    assert (found["cache_image_converter_size"][0], found["cache_image_converter_expires"][0]) == ("2g", "3d")
    bare = shown(operator, MOORAGE_DATA=str(operator.folder / "bare"))
    assert (bare["cache_image_converter_size"][0], bare["cache_image_converter_expires"][0]) == ("10g", "7d")


@works(PAGE, "A preview is made from the storage cache")
def _from_the_cache(operator: Operator, _: Row) -> None:
    with operator.client() as client:
        project = client.add_project("Read before")
        for name in ("read.png", "unread.png"):
            client.upload(PIXEL, project.root, name=name)
        unread, read = sorted(client.items("Read before"), key=lambda item: item.name != "unread.png")
        assert client.read(read.id) == PIXEL
    s3, bucket = admin(ceph()), f"{operator.facts['prefix']}-public"
    for item in (read, unread):
        s3.delete_object(Bucket=bucket, Key=str(item.key))
    s3.close()
    made = [operator.face("GET", f"/api/v1/items/{item.id}/preview?width=8&height=8").status for item in (read, unread)]
    assert made == [200, 404]


@works(PAGE, "They stand in the override file")
def _proxy(operator: Operator, row: Row) -> None:
    folder = operator.folder / "proxy"
    folder.mkdir()
    (folder / "docker-compose.override.yml").write_text(
        "services:\n  proxy:\n    environment:\n      CACHE_PREVIEWS_SIZE: 3g\n      CACHE_STORAGE_SIZE: 10g\n"
    )
    operator.do(row, variables={"MOORAGE_DATA": str(folder / "data")}, folder=folder)
    found = shown(operator, MOORAGE_DATA=str(folder / "data"))
    assert (found["cache_previews_size"][0], found["cache_storage_size"][0]) == ("3g", "10g")
