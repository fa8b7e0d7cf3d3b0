"""A served installation loses its key: reset, start, fill in, and the store answers again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from servers import ceph
from servers.moorage import Answer, Moorage, ask
from stores.s3_bucket import admin, bucket_of


def call(server: Moorage, token: str, method: str, path: str, body: object = None) -> Answer:
    return ask(method, f"{server.address}/api/v1{path}", body, Authorization=f"Bearer {token}")


@pytest.mark.xdist_group("ceph")
async def test_after_a_reset_a_store_says_what_it_lacks_and_new_credentials_mend_it(tmp_path: Path) -> None:
    storage = ceph()
    keys = {"kind": "keys", "access_key": storage.access_key, "secret_key": storage.secret_key}
    async with bucket_of(storage) as bucket:
        client = admin(storage)
        client.put_object(Bucket=bucket, Key="hello.txt", Body=b"hello")
        client.close()
        store = {"provider": "s3", "endpoint": storage.endpoint, "region": storage.region, "bucket": bucket}
        with Moorage(tmp_path / "data") as server:
            token = server.token()
            for name in ("reef", "shelf"):
                made = call(server, token, "POST", "/stores", store | {"name": name, "credentials": keys})
                assert made.status == 201, made.body
            refused = server.run("secrets", "reset", "--yes", check=False)
            assert (refused.returncode, refused.stdout) == (8, "")
        (server.data / "secret.key").unlink()
        reset = server.run("secrets", "reset", "--yes", "--json")
        assert json.loads(reset.stdout)["stores"] == ["reef", "shelf"]
        assert storage.secret_key not in reset.stdout + reset.stderr
        with server:
            assert call(server, token, "GET", "/stores/reef").json["credentials"] == {"kind": "forgotten"}
            for method, path in (("GET", "/stores/reef/objects"), ("POST", "/stores/reef/check")):
                denied = call(server, token, method, path)
                assert (denied.status, denied.json["type"]) == (403, "/problems/store-denied")
                assert "forgotten by secrets reset" in denied.json["detail"]
            assert "store reef\tfailed\tIts credentials were forgotten" in server.run("doctor", check=False).stdout
            mended = call(server, token, "PATCH", "/stores/reef", {"credentials": keys})
            assert mended.status == 200
            assert mended.json["credentials"] == {"kind": "keys", "access_key": storage.access_key}
            listed = call(server, token, "GET", "/stores/reef/objects").json["objects"]
            assert [one["key"] for one in listed] == ["hello.txt"]
            changed = server.run(
                *("store", "change", "shelf", "--access-key", storage.access_key, "--secret-stdin"),
                input_=f"{storage.secret_key}\n",
                MOORAGE_TOKEN=token,
            )
            assert "credentials\tkeys" in changed.stdout
            assert call(server, token, "POST", "/stores/shelf/check").json["passed"]
