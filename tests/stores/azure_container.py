"""Containers on Azurite, each test its own, and SAS tokens of every form."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import servers
from moorage.model.credentials import AccountKey, Credentials
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.stores.azure.signing import SharedKey
from servers import Server

VERSION = "2022-11-02"
ALL = "racwdl"


def account_key(server: Server) -> AccountKey:
    return AccountKey(server.access_key, server.secret_key)


def store_at(
    server: Server, container: str, credentials: Credentials | None = None, *, read_only: bool = True
) -> Store:
    """The facts of a store on ``server``."""
    connection = Connection(Provider.AZURE, endpoint=server.endpoint, credentials=credentials or account_key(server))
    return Store("under-test", connection, bucket=Bucket(container), read_only=read_only)


def asked(
    server: Server, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> bytes:
    """What the server answers to a request by the account's key, made without the adapter's transport."""
    url = f"{server.endpoint}/{path}?{urlencode(query)}"
    signer = SharedKey(server.access_key, base64.b64decode(server.secret_key))
    given = {"x-ms-version": VERSION, **(headers or {})}
    request = urllib.request.Request(url, method=method, headers=signer.sign(method, url, given, 0, time.time()))
    if method == "PUT":
        request.add_header("Content-Length", "0")
    with urllib.request.urlopen(request, timeout=30) as answer:
        body: bytes = answer.read()
        return body


@asynccontextmanager
async def container_of(server: Server, *, public: str = "") -> AsyncIterator[str]:
    """The name of a new container, removed with all that is in it."""
    name = f"moorage-{secrets.token_hex(6)}"
    headers = {"x-ms-blob-public-access": public} if public else {}
    await asyncio.to_thread(asked, server, "PUT", name, {"restype": "container"}, headers)
    try:
        yield name
    finally:
        await asyncio.to_thread(asked, server, "DELETE", name, {"restype": "container"})


def container_sas(server: Server, container: str, permissions: str = ALL, *, minutes: float = 60) -> str:
    """A service SAS of the container."""
    se = _time(minutes)
    signed = [
        permissions, "", se, f"/blob/{server.access_key}/{container}", "", "", "", VERSION, "c", "", "",
        "", "", "", "", "",
    ]  # fmt: skip
    return urlencode({"sv": VERSION, "sr": "c", "sp": permissions, "se": se, "sig": _signed(server, signed)})


def account_sas(
    server: Server, permissions: str = ALL, *, services: str = "b", types: str = "co", minutes: float = 60
) -> str:
    """An account SAS, as the portal makes it."""
    se = _time(minutes)
    signed = [server.access_key, permissions, services, types, "", se, "", "https,http", VERSION, "", ""]
    told = {"sv": VERSION, "ss": services, "srt": types, "sp": permissions, "se": se, "spr": "https,http"}
    return urlencode(told | {"sig": _signed(server, signed)})


def _time(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _signed(server: Server, lines: list[str]) -> str:
    key = base64.b64decode(server.secret_key)
    return base64.b64encode(hmac.digest(key, "\n".join(lines).encode(), hashlib.sha256)).decode()


__all__ = ["ALL", "account_key", "account_sas", "asked", "container_of", "container_sas", "servers", "store_at"]
