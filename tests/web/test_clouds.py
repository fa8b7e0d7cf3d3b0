"""Showing a container of Azure and a bucket of Google in one step: mirror, browse, read."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from servers import azurite, fakegcs
from stores.azure_container import container_sas
from stores.google_tokens import key_file, token_server
from web.clouds import container, google_bucket
from web.conftest import Face, items
from web.places import registered, show


def shown(face: Face, address: str, **more: Any) -> dict[str, bytes]:
    """The contents of all items below a place, once it is shown and indexed, by name."""
    made = show(face, address, project=f"clouds {secrets.token_hex(4)}", **more)
    assert made.status == 202, made.body
    job = face.wait(made.json["job"])
    assert job["state"] == "succeeded", job
    found = items(face, made.json["folder"])
    read = {name: face("GET", f"/api/v1/items/{item['id']}/content").body for name, item in found.items()}
    part = face("GET", f"/api/v1/items/{found['a.txt']['id']}/content", Range="bytes=0-3")
    assert (part.status, part.body) == (206, b"2021")
    return read


BOTH = {"a.txt": b"2021/a.txt", "b c.txt": b"2021/b c.txt"}


def test_a_container_is_shown_by_its_address_and_a_sas(face: Face) -> None:
    server = azurite()
    with container(server) as name:
        sas = {"kind": "sas", "token": container_sas(server, name, "rl")}
        address = f"azure://{name}/2021"
        suggested = face("POST", "/api/v1/mirrors/suggest", {"address": address, "endpoint": server.endpoint}).json
        assert (suggested["provider"], suggested["needs_credentials"], suggested["place"]) == (
            "azure",
            True,
            f"azure://{name}/2021/",
        )
        assert shown(face, address, endpoint=server.endpoint, credentials=sas) == BOTH
        again = face("POST", "/api/v1/mirrors/suggest", {"address": address, "endpoint": server.endpoint}).json
        assert (again["store"], again["needs_credentials"]) == (name, False)
        other = face("POST", "/api/v1/mirrors/suggest", {"address": f"https://acc.blob.core.windows.net/{name}/2021"})
        assert other.json["store"] is None, "another account has a container of that name"


async def test_a_bucket_of_google_is_shown_by_its_address_and_a_key_file(face: Face) -> None:
    with google_bucket(fakegcs()) as name:
        async with token_server() as tokens:
            key = {"kind": "service_account", "json": key_file(tokens.uri)}
            endpoint = fakegcs().endpoint
            found = await asyncio.to_thread(shown, face, f"gs://{name}/2021", endpoint=endpoint, credentials=key)
            assert found == BOTH
            again = {"address": f"google://{name}/2022/", "endpoint": endpoint}
            suggested = await asyncio.to_thread(face, "POST", "/api/v1/mirrors/suggest", again)
            assert suggested.json["store"] == name


def test_a_container_without_an_account_makes_nothing(face: Face) -> None:
    before = registered(face)
    got = show(face, "azure://reef/2021")
    assert (got.status, got.json["field"]) == (400, "endpoint")
    assert "ACCOUNT.blob.core.windows.net" in got.json["advice"]
    got = show(face, "https://account.blob.core.windows.net/reef?sv=2022-11-02&sig=hush")
    assert (got.status, got.json["field"], "hush" in got.body.decode()) == (400, "address", False)
    assert registered(face) == before
