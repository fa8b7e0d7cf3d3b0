"""Declared connections, in a server as a person starts it: Ceph and Azurite in the file, Ceph for uploads."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from moorage.client import Client
from servers import azurite, ceph
from servers.moorage import Moorage, ask
from stores.s3_bucket import admin, kept_bucket

pytestmark = pytest.mark.xdist_group("ceph")
WRONG = "hush-a-wrong-secret"


class Declared:
    """A server with a remote_links.yml, and its admin."""

    def __init__(self, server: Moorage, bucket: str) -> None:
        self.server = server
        self.bucket = bucket
        self.token = server.token()
        self.file = server.data / "remote_links.yml"

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        answer = ask(method, self.server.address + path, body, Authorization=f"Bearer {self.token}")
        return answer.json if answer.body else answer.status

    def names(self) -> dict[str, Any]:
        return {one["name"]: one for one in self("GET", "/api/v1/connections")["connections"]}

    def state(self) -> Any:
        return self("GET", "/api/v1/connections")

    def write(self, *entries: str) -> None:
        self.file.write_text("".join(entries))
        self.file.chmod(0o600)


def lab(secret: str = "", *, buckets: str = "") -> str:
    server = ceph()
    return (
        f"lab:\n  provider: minio\n  endpoint: {server.endpoint}\n  access_key: {server.access_key}\n"
        f"  secret_key: {secret or server.secret_key}\n{buckets}"
    )


def boats() -> str:
    server = azurite()
    return (
        f"boats:\n  provider: azure\n  endpoint: {server.endpoint}\n  access_key: {server.access_key}\n"
        f"  secret_key: {server.secret_key}\n  buckets:\n  - boats:cruise\n"
    )


def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(150):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("It never came to hold.")


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Declared]:
    data = tmp_path_factory.mktemp("declared") / "data"
    data.mkdir()
    prefix = f"moorage-{secrets.token_hex(4)}"
    settings = {
        "MOORAGE_STORAGE_PREFIX": prefix,
        "STORAGE_PROVIDER": "minio",
        "STORAGE_ENDPOINT": ceph().endpoint,
        "STORAGE_ACCESS_KEY": ceph().access_key,
        "STORAGE_SECRET_KEY": ceph().secret_key,
    }
    (data / "remote_links.yml").write_text(lab() + boats())
    (data / "remote_links.yml").chmod(0o600)
    client = admin(ceph())
    client.create_bucket(Bucket=f"{prefix}-public")
    try:
        with kept_bucket(ceph()) as bucket, Moorage(data, settings) as server:
            client.put_object(Bucket=bucket, Key="cruise/hello.txt", Body=b"hello")
            yield Declared(server, bucket)
    finally:
        for one in client.list_objects_v2(Bucket=f"{prefix}-public").get("Contents", []):
            client.delete_object(Bucket=f"{prefix}-public", Key=one["Key"])
        client.delete_bucket(Bucket=f"{prefix}-public")
        client.close()


@pytest.fixture(autouse=True)
def _as_at_the_start(declared: Declared) -> None:
    declared.write(lab(), boats())
    assert declared("POST", "/api/v1/config/reload")["warnings"] == []


def test_what_the_file_declares_is_there_at_the_start_with_its_origin_and_no_secret(declared: Declared) -> None:
    found = declared.names()
    assert found["lab"]["origin"] == "remote_links.yml: lab"
    assert found["lab"]["open_buckets"] == []
    assert found["boats"]["open_buckets"] == ["boats:cruise/"]
    assert found["primary"]["origin"] == "settings: STORAGE_*"
    shown = declared.server.run("config", "show").stdout
    assert re.search(r"^connection lab\ts3; .*credentials: keys\tremote_links\.yml: lab", shown, re.MULTILINE)
    assert re.search(r"^connection primary\ts3; .*\tsettings: STORAGE_\*", shown, re.MULTILINE)
    everything = json.dumps(declared.state()) + shown
    assert ceph().secret_key not in everything
    assert azurite().secret_key not in everything


def test_uploads_without_a_store_of_their_own_go_to_the_primary_storage(declared: Declared) -> None:
    eventually(lambda: declared("GET", "/api/v1/stores/primary")["check"] is not None)
    store = declared("GET", "/api/v1/stores/primary")
    assert (store["provider"], store["read_only"], store["check"]["passed"]) == ("s3", False, True)
    with Client(declared.server.address, declared.token) as client:
        project = client.add_project("Uploads")
        client.upload(b"ahoy", project.root, name="ahoy.txt")
        (item,) = client.items("Uploads")
        assert client.read(item.id) == b"ahoy"
        assert item.store == "primary"
    s3 = admin(ceph())
    assert len(s3.list_objects_v2(Bucket=store["bucket"])["Contents"]) == 1
    s3.close()


def test_a_change_of_the_file_counts_within_seconds_and_reaches_stores_that_are_open(declared: Declared) -> None:
    connection = declared.names()["lab"]["id"]
    made = declared(
        "POST", "/api/v1/stores", {"name": declared.bucket, "connection": connection, "bucket": declared.bucket}
    )
    listing = f"/api/v1/stores/{declared.bucket}/objects"
    try:
        assert made["origin"] == "remote_links.yml: lab"
        assert declared("GET", listing)["objects"]
        declared.write(lab(WRONG), boats())
        eventually(lambda: declared("GET", listing).get("status") == 403)
        declared.write(lab(), boats())
        eventually(lambda: "objects" in declared("GET", listing))
        declared.write(boats())
        eventually(lambda: declared.names()["lab"]["vanished"])
        assert declared("GET", listing)["objects"]
        assert "lab is not declared in remote_links.yml any more" in declared.state()["warnings"][0]
        assert "connections\twarning\tThe connection lab" in declared.server.run("doctor", check=False).stdout
    finally:
        declared("DELETE", f"/api/v1/stores/{declared.bucket}")


def test_a_signal_makes_it_look_at_once(declared: Declared) -> None:
    declared.write(lab())
    assert declared.server.process is not None
    os.kill(declared.server.process.pid, signal.SIGHUP)
    eventually(lambda: "boats" not in declared.names())


def test_the_command_reloads_and_tells_what_it_did(declared: Declared) -> None:
    declared.write(lab())
    run = declared.server.run("config", "reload", "--json", MOORAGE_TOKEN=declared.token)
    told = json.loads(run.stdout)
    assert told.pop("removed") in (["boats"], [])  # the look at the file of every second may come first
    assert told == {"file": str(declared.file), "added": [], "changed": [], "kept": [], "warnings": []}
    assert "boats" not in declared.names()


def test_a_broken_file_keeps_what_was_and_says_so_everywhere(declared: Declared) -> None:
    before = declared.state()["connections"]
    declared.write(lab(), "  secret_key: ?sv=2021&sig=hush\n", boats())
    run = declared.server.run("config", "reload", check=False, MOORAGE_TOKEN=declared.token)
    assert run.returncode == 2
    told = "lines 5 and 6, entry lab, secret_key: secret_key is given twice: account key or SAS token, not both."
    assert told in run.stderr
    state = declared.state()
    assert state["connections"] == before
    assert told in state["problem"]
    assert told in declared.server.run("doctor", check=False).stdout
    show = declared.server.run("config", "show", check=False)
    assert (show.returncode, told in show.stderr) == (2, True)
    here = declared.server.address
    cookie = ask("POST", f"{here}/sign-in/{declared.server.link}", b"", Origin=here).headers["set-cookie"]
    page = ask("GET", f"{here}/stores", Cookie=cookie.partition(";")[0]).body.decode()
    assert "entry lab, secret_key: secret_key is given twice" in page
    eventually(lambda: told in declared.server.log())


def test_a_connection_is_checked_bucket_by_bucket(declared: Declared) -> None:
    connection = declared.names()["lab"]["id"]
    path = f"/api/v1/connections/{connection}/check"
    assert declared("POST", path, {})["field"] == "bucket"
    assert declared("POST", path, {"bucket": declared.bucket})["passed"] is True
    assert declared("POST", path, {"bucket": "not-there"})["passed"] is False


def test_connections_are_made_changed_and_removed_by_an_admin(declared: Declared) -> None:
    server = ceph()
    with Client(declared.server.address, declared.token) as client:
        from moorage.model.credentials import Keys
        from moorage.model.errors import AlreadyExists, Conflict

        keys = Keys(server.access_key, server.secret_key)
        made = client.add_connection("own", "s3", endpoint=server.endpoint, credentials=keys, open_buckets=["a:b"])
        assert (made.origin, made.open_buckets, made.stores) == ("", ("a:b/",), ())
        with pytest.raises(AlreadyExists):
            client.add_connection("own", "s3", endpoint=server.endpoint)
        changed = client.change_connection(made.id, open_buckets=None, region="us-east-1")
        assert (changed.open_buckets, changed.region) == (None, "us-east-1")
        assert client.check_connection(made.id, declared.bucket).passed
        assert made.id in {one.id for one in client.connections()}
        client.remove_connection(made.id)
        with pytest.raises(Conflict):
            client.remove_connection(declared.names()["lab"]["id"])


def test_no_secret_lies_in_the_data_directory_or_the_log(declared: Declared) -> None:
    secret = f"hush-{secrets.token_hex(8)}"
    declared.write(lab(secret), boats())
    assert declared("POST", "/api/v1/config/reload")["changed"] == ["lab"]
    declared.write(lab(), boats())
    declared("POST", "/api/v1/config/reload")
    held = [path for path in declared.server.data.rglob("*") if path.is_file() and path != declared.file]
    for hidden in (secret, ceph().secret_key, azurite().secret_key):
        assert [path for path in held if hidden.encode() in path.read_bytes()] == []
        assert hidden not in declared.server.log()


@pytest.mark.soak
def test_killed_in_the_middle_of_an_apply_it_holds_all_of_it_or_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    entries = "".join(f"entry-{n}: {{provider: minio, access_key: a, secret_key: hush{n}}}\n" for n in range(300))
    for wait_s in (0.03, 0.2):
        with Moorage(data) as server:
            (data / "remote_links.yml").write_text(entries)
            assert server.process is not None
            os.kill(server.process.pid, signal.SIGHUP)
            time.sleep(wait_s)
            server.stop(signal.SIGKILL)
            (data / "remote_links.yml").unlink()
            (data / "held.yml").write_text("held: [\n")
        with Moorage(data, {"MOORAGE_REMOTE_LINKS": str(data / "held.yml")}) as server:
            bearer = f"Bearer {server.token()}"
            found = ask("GET", f"{server.address}/api/v1/connections", Authorization=bearer).json["connections"]
            assert len(found) in {0, 300}


def test_settings_that_contradict_each_other_are_refused_at_the_start(tmp_path: Path) -> None:
    settings = {"STORAGE_PROVIDER": "minio", "STORAGE_ENDPOINT": "http://minio.lab", "STORAGE_PORT": "443"}
    server = Moorage(tmp_path / "data", settings)
    with pytest.raises(AssertionError, match="STORAGE_ENDPOINT and STORAGE_PORT"):
        server.start()
