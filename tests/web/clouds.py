"""A container on Azurite and a bucket on fake-gcs-server with a few objects, for tests of the HTTP faces."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from servers import Server
from stores.azure_container import asked, container_sas
from stores.google_bucket import asked as asked_google
from stores.google_bucket import stored

KEYS = ("2021/a.txt", "2021/b c.txt", "2022/a.txt")


@contextmanager
def container(server: Server, *, public: str = "") -> Iterator[str]:
    """The name of a new container that holds ``KEYS``."""
    name = f"clouds-{secrets.token_hex(6)}"
    headers = {"x-ms-blob-public-access": public} if public else {}
    asked(server, "PUT", name, {"restype": "container"}, headers)
    try:
        token = container_sas(server, name)
        for key in KEYS:
            url = f"{server.endpoint}/{name}/{key.replace(' ', '%20')}?{token}"
            request = urllib.request.Request(url, key.encode(), {"x-ms-blob-type": "BlockBlob"}, method="PUT")
            urllib.request.urlopen(request, timeout=20).close()
        yield name
    finally:
        asked(server, "DELETE", name, {"restype": "container"})


@contextmanager
def google_bucket(server: Server) -> Iterator[str]:
    """The name of a new bucket that holds ``KEYS``."""
    name = f"clouds-{secrets.token_hex(6)}"
    buckets = f"{server.endpoint}/storage/v1/b"
    assert asked_google("POST", f"{buckets}?project=t", json.dumps({"name": name}).encode())[0] == 200
    for key in KEYS:
        stored(server, name, key, key.encode())
    yield name  # it lies in the memory of the server, and its name is its own
