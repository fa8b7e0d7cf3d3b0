"""A store behind TLS with an authority of one's own: nginx before Ceph."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from servers import ceph
from servers.nginx import free_port, tls_proxy
from stores.s3_bucket import admin
from web.conftest import Face, items


def test_it_is_trusted_for_this_store_only_when_it_is_named(face: Face, tmp_path: Path) -> None:
    server, name, port = ceph(), f"tls-{secrets.token_hex(6)}", free_port()
    client = admin(server)
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="a.txt", Body=b"over TLS")
    behind = urlsplit(server.endpoint).port
    assert behind is not None
    body = {
        "name": name,
        "provider": "s3",
        "endpoint": f"https://localhost:{port}",
        "bucket": name,
        "credentials": {"kind": "keys", "access_key": server.access_key, "secret_key": server.secret_key},
    }
    try:
        with tls_proxy(tmp_path, port=port, behind=behind, path="", host="$http_host") as authority:
            refused = face("POST", "/api/v1/stores", body)
            assert refused.status == 422
            assert "certificate" in refused.json["detail"]
            assert face("POST", "/api/v1/stores", body | {"ca": authority}).status == 201
            started = face("POST", "/api/v1/mirrors", {"store": name, "project": name, "create_project": True}).json
            assert face.wait(started["job"])["state"] == "succeeded"
            item = items(face, started["folder"])["a.txt"]["id"]
            assert face("GET", f"/api/v1/items/{item}/content").body == b"over TLS"
    finally:
        client.delete_object(Bucket=name, Key="a.txt")
        client.delete_bucket(Bucket=name)
        client.close()
