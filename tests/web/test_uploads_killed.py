"""A server that is killed while files come in: each is there whole or not at all, and nothing lies about for ever."""

from __future__ import annotations

import contextlib
import http.client
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servers import Server, ceph
from servers.moorage import Moorage
from stores.s3_bucket import admin, bucket_of
from web.conftest import Face, items
from web.sending import in_catalogue, raw, stored, unfinished
from web.test_uploads import put, until

MIB = 1 << 20
NAMES = 6


def project_of(face: Face, **more: str) -> str:
    return str(face("POST", "/api/v1/projects", {"name": "P", **more}).json["root"])


def test_killed_in_the_middle_of_a_body_nothing_is_seen_and_nothing_stays(tmp_path: Path) -> None:
    server = Moorage(tmp_path / "data").start()
    face = Face(server, server.token())
    root = project_of(face)
    put(face, root, "before", b"kept")
    with raw(face, f"/api/v1/folders/{root}/items?name=a", 50 * MIB) as connection:
        connection.sendall(bytes(30 * MIB))
        until(lambda: bool(unfinished(server)))
        server.stop(signal.SIGKILL)
    server.port = 0
    server.start()
    assert list(items(face, root)) == ["before"]
    assert in_catalogue(server, "SELECT COUNT(*) FROM loose WHERE NOT claimed") == [(1,)]
    assert put(face, root, "a", b"again").status == 201
    assert unfinished(server) == []  # the first write of a new process tidies up
    server.stop()
    in_catalogue(server, "UPDATE loose SET due_ms = 1")
    with server:
        until(lambda: in_catalogue(server, "SELECT COUNT(*) FROM loose") == [(0,)])
        assert {path.name for path in stored(server)} == {"before", "a"}


def kill_while_sending(face: Face, root: str, size: int, when: Callable[[], bool]) -> dict[str, bytes]:
    """Send some files side by side and kill the server as soon as something holds; what each was."""
    sent = {f"{number}": bytes([65 + number]) * size for number in range(NAMES)}

    def send(name: str) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):  # the server is killed: that is the point
            put(face, root, name, sent[name])

    threads = [threading.Thread(target=send, args=(name,)) for name in sent]
    for thread in threads:
        thread.start()
    while not when() and any(thread.is_alive() for thread in threads):
        pass
    face.server.stop(signal.SIGKILL)
    for thread in threads:
        thread.join()
    return sent


def counted(server: Moorage, table: str) -> int:
    return int(in_catalogue(server, f"SELECT COUNT(*) FROM {table}")[0][0])


def assert_whole(face: Face, folder: str, sent: dict[str, bytes]) -> None:
    """Whatever is seen has all of its bytes."""
    for name, item in items(face, folder).items():
        assert face("GET", f"/api/v1/items/{item['id']}/content").body == sent[name]


@pytest.mark.soak
def test_killed_at_any_moment_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    server = Moorage(tmp_path / "data").start()
    face = Face(server, server.token())
    root = project_of(face)
    put(face, root, "before", b"kept")
    moments: list[Callable[[], bool]] = [
        lambda: bool(unfinished(server)),
        lambda: len(stored(server)) > counted(server, "item"),
        lambda: counted(server, "item") > 3,
    ]
    for when in moments:
        folder = face("POST", "/api/v1/folders", {"parent": root, "name": str(moments.index(when))}).json["id"]
        sent = kill_while_sending(face, folder, 4 * MIB, when)
        in_catalogue(server, "UPDATE loose SET due_ms = 1")
        server.port = 0
        server.start()
        until(lambda: counted(server, "loose") == 0)
        assert_whole(face, folder, sent)
        assert len(stored(server)) == counted(server, "item")
    server.stop()


@pytest.mark.soak
@pytest.mark.xdist_group("ceph")
async def test_killed_while_sending_to_a_bucket_it_is_the_same(tmp_path: Path) -> None:
    storage = ceph()
    async with bucket_of(storage) as bucket:
        server = Moorage(tmp_path / "data").start()
        try:
            _kill_on(server, storage, bucket)
        finally:
            server.stop()


def _kill_on(server: Moorage, storage: Server, bucket: str) -> None:
    face = Face(server, server.token())
    keys = {"kind": "keys", "access_key": storage.access_key, "secret_key": storage.secret_key}
    store: dict[str, Any] = {"name": "reef", "provider": "s3", "endpoint": storage.endpoint, "region": storage.region}
    made = face("POST", "/api/v1/stores", {**store, "bucket": bucket, "credentials": keys, "read_only": False})
    assert made.status == 201, made.body
    root = project_of(face, default_store="reef")
    client = admin(storage)
    for size, least in ((3 * MIB, 1), (20 * MIB, 3)):
        folder = face("POST", "/api/v1/folders", {"parent": root, "name": str(size)}).json["id"]
        sent = kill_while_sending(face, folder, size, lambda least=least: counted(server, "item") >= least)  # type: ignore[misc]
        in_catalogue(server, "UPDATE loose SET due_ms = 1")
        server.port = 0
        server.start()
        until(lambda: counted(server, "loose") == 0)
        assert_whole(face, folder, sent)
    assert len(client.list_objects_v2(Bucket=bucket).get("Contents", [])) == counted(server, "item")
    client.close()
