"""Buckets on fake-gcs-server, each test its own, and another program's view of them."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from moorage.model.credentials import Anonymous, Credentials
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from servers import Server


def asked(method: str, url: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer, as Python's own client has them."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, data=body or None, headers=named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, dict(refused.headers), refused.read()


def stored(server: Server, bucket: str, key: str, data: bytes, **facts: Any) -> dict[str, Any]:
    """Write an object as another program would; ``facts`` are fields of its description."""
    kind = facts.get("contentType", "application/octet-stream")
    head = (
        f"--b\r\nContent-Type: application/json\r\n\r\n{json.dumps({'name': key, **facts})}\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n"
    )
    url = f"{server.endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=multipart"
    body = head.encode() + data + b"\r\n--b--\r\n"
    status, _, answer = asked("POST", url, body, Content_Type="multipart/related; boundary=b")
    assert status == 200, answer
    told: dict[str, Any] = json.loads(answer)
    return told


def described(server: Server, bucket: str, key: str) -> dict[str, Any]:
    """The description of an object."""
    told: dict[str, Any] = json.loads(
        asked("GET", f"{server.endpoint}/storage/v1/b/{bucket}/o/{quote(key, safe='')}")[2]
    )
    return told


def store_at(endpoint: str, bucket: str, credentials: Credentials | None = None, *, read_only: bool = False) -> Store:
    """The facts of a store on the server at ``endpoint``."""
    connection = Connection(Provider.GOOGLE, endpoint=endpoint, credentials=credentials or Anonymous())
    return Store("under-test", connection, bucket=Bucket(bucket), read_only=read_only)


@asynccontextmanager
async def bucket_of(server: Server) -> AsyncIterator[str]:
    """The name of a new bucket, removed with all that is in it."""
    name = f"moorage-{secrets.token_hex(6)}"
    buckets = f"{server.endpoint}/storage/v1/b"
    body = json.dumps({"name": name}).encode()
    assert asked("POST", f"{buckets}?project=test", body, Content_Type="application/json")[0] == 200
    try:
        yield name
    finally:
        await asyncio.to_thread(_remove, f"{buckets}/{name}")


def _remove(bucket: str) -> None:
    while found := json.loads(asked("GET", f"{bucket}/o")[2]).get("items", []):
        for one in found:
            asked("DELETE", f"{bucket}/o/{quote(one['name'], safe='')}")
    asked("DELETE", bucket)
