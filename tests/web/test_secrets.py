"""No secret that is handed in, lent or made stands in a file, a log, an answer, a page or a command's output."""

from __future__ import annotations

import re
import stat
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from moorage.keyring import KeyRing
from moorage.model.credentials import Credentials, Keys
from moorage.settings import Settings
from moorage.wiring import open_offline
from servers.moorage import ask
from web.conftest import Face
from web.handing import (
    World,
    borrow,
    end_world,
    hand_addresses,
    hand_credentials,
    hand_wrong_credentials,
    sign_in,
    world_in,
)
from web.hoard import Hoard, files_in, settled, spellings

OWN_FILES = ("secret.key", "moorage.lock", "remote_links.yml")
"""What they hold is secret, so they are their owner's alone."""
LINK = re.compile(rb'(?:href|action|src|hx-get)="(/[^"#]*)"')
STREAMS = ("/jobs/events", "/jobs/{job}/events")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("secrets")) as world:
        hand_credentials(world)
        hand_wrong_credentials(world)
        hand_addresses(world)
        borrow(world)
        world.cookie = sign_in(world)
        yield world


@pytest.fixture(autouse=True)
def _all_of_them(world: World) -> None:
    end_world(world)


@pytest.fixture
def canary(world: World) -> Hoard:
    """What stands in all of these places, and is no secret: the name of a store. It shows that they were searched."""
    planted = Hoard()
    planted.add("canary", world.canary)
    return planted


def test_none_is_in_the_data_directory(world: World, canary: Hoard) -> None:
    data = world.armed.face.server.data
    settled(data / "catalogue.db")
    held = files_in(data, *OWN_FILES)
    assert world.hoard.found_in(held) == []
    assert canary.found_in({"catalogue": held["catalogue.db"], "log": held["moorage.log"]}) == [
        "canary #0: catalogue",
        "canary #0: log",
    ]
    for name in OWN_FILES:
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600, name


def test_none_is_in_the_log(world: World, canary: Hoard) -> None:
    log = {"stderr": world.armed.face.server.log().encode()}
    assert world.hoard.found_in(log) == []
    assert canary.found_in(log)


def test_none_is_in_an_answer(world: World, canary: Hoard) -> None:
    everything = world.said | dict(got_from(world.armed.face))
    assert world.hoard.found_in(everything) == []
    found = canary.found_in(everything)
    assert {"canary #0: /api/v1/stores", "canary #0: /api/v1/audit"} <= set(found)


def test_none_is_on_a_page(world: World, canary: Hoard) -> None:
    pages = pages_of(world)
    assert len(pages) > 30
    assert world.hoard.found_in(pages) == []
    assert "canary #0: /stores" in canary.found_in(pages)


def test_none_is_printed_by_a_command(world: World) -> None:
    server = world.armed.face.server
    printed = {}
    for words in (["config", "show"], ["doctor"]):
        ran = server.run(*words, check=False)
        printed[words[0]] = f"{ran.stdout}{ran.stderr}".encode()
    assert world.hoard.found_in(printed) == []
    assert b"(hidden)" in printed["config"]
    assert b"data directory" in printed["doctor"]


def test_the_search_finds_a_secret_however_it_is_spelled() -> None:
    import base64
    import json
    from urllib.parse import quote

    hoard, secret = Hoard(), 'a "secret" + more/of it&so=on'
    hoard.add("it", secret)
    for before in ("", "x", "xy", "xyz"):
        whole = f"{before}{secret} after"
        told = (
            whole,
            json.dumps(whole),
            quote(whole),
            quote(whole, safe=""),
            base64.b64encode(whole.encode()).decode(),
        )
        for text in (*told, base64.urlsafe_b64encode(whole.encode()).decode()):
            assert hoard.found_in({"here": text.encode()}) == ["it #0: here"], text
    assert hoard.found_in({"here": secret[1:].encode()}) == []
    assert len(spellings(secret)) > 6


async def test_the_key_is_changed_while_the_server_serves(world: World) -> None:
    """Twice, with readers who never wait for it or are refused; what an old key sealed opens afterwards."""
    face, data = world.armed.face, world.armed.face.server.data
    stores = [world.stores[kind] for kind in ("keys", "roles_anywhere", "account_key", "service_account")]
    before = KeyRing.parse((data / "secret.key").read_text(), source="the test")
    ended, refusals, counts = threading.Event(), [], [0] * len(stores)

    def read(place: int) -> None:
        while not ended.is_set():
            got = face("GET", f"/api/v1/stores/{stores[place]}/objects")
            if got.status != 200:
                refusals.append(got.body)
            counts[place] += 1

    readers = [threading.Thread(target=read, args=(place,)) for place in range(len(stores))]
    for one in readers:
        one.start()
    try:
        assert str(data / "secret.key") in face.server.run("secrets", "rotate", "--json").stdout
        wish = {"name": "made-meanwhile", "provider": "s3", "bucket": world.bucket.name, **world.bucket.keys()}
        assert face("POST", "/api/v1/stores", wish | {"endpoint": world.bucket.server.endpoint}).status == 201
        assert face("POST", "/api/v1/secrets/rotate").status == 200
    finally:
        ended.set()
        for one in readers:
            one.join(60)
    assert refusals == []
    assert min(counts) > 3
    after = KeyRing.parse((data / "secret.key").read_text(), source="the test")
    assert (len(after.keys), set(after.keys) & set(before.keys)) == (1, set())
    audited = [row["action"] for row in face("GET", "/api/v1/audit").json["audit"]]
    assert audited.count("secrets.rotate") == 2
    opened = await stored(face)
    assert {*stores, "made-meanwhile"} <= set(opened)
    assert opened["made-meanwhile"] == Keys(world.bucket.server.access_key, world.bucket.server.secret_key)


async def stored(face: Face) -> dict[str, Credentials]:
    """The credentials of every store, opened with the key in force."""
    async with open_offline(Settings.load({"data": face.server.data}, {}, face.server.data)) as offline:
        stores = await offline.facts.read(lambda tx: tx.stores.all())
    return {store.name: store.connection.credentials for store in stores}


def got_from(face: Face) -> Iterator[tuple[str, bytes]]:
    """Every address that can be got, as the OpenAPI document tells them, of everything that there is."""
    document = face("GET", "/openapi.json")
    yield "/openapi.json", document.body
    yield "/metrics", face("GET", "/metrics").body
    paths, asked, answered = [path for path, one in document.json["paths"].items() if "get" in one], 0, 0
    known: dict[str, list[dict[str, Any]]] = {}
    for path in (path for path in paths if "{" not in path and not path.endswith(STREAMS)):
        got = face("GET", path)
        yield path, got.body
        if got.status == 200:
            known |= {name: rows for name, rows in got.json.items() if isinstance(rows, list)}
    project = known["projects"][0]["id"]
    folder = face("GET", f"/api/v1/lookup?project={project}&path=").json["folder"]["id"]
    item = face("GET", f"/api/v1/projects/{project}/items").json["items"][0]["id"]
    loans = [
        row["id"] for one in known["stores"] for row in face("GET", f"/api/v1/stores/{one['name']}/loans").json["loans"]
    ]
    named = {
        "stores/{name}": [one["name"] for one in known["stores"]],
        "connections/{id}": [one["id"] for one in known["connections"]],
        "loans/{id}": loans,
        "imports/{id}": ["1"],
        "jobs/{job}": [one["id"] for one in known["jobs"]],
        "mirrors/{mirror}": [one["id"] for one in known["mirrors"]],
        "projects/{project}": [one["id"] for one in known["projects"]],
        "folders/{folder}": [folder],
        "items/{item}": [item],
    }
    for path in (path for path in paths if "{" in path and not path.endswith(STREAMS)):
        for part, values in named.items():
            for value in values if part in path else ():
                got = face("GET", path.replace(part, f"{part.partition('/')[0]}/{value}"))
                yield path.replace(part, f"{part.partition('/')[0]}/{value}"), got.body
                asked, answered = asked + 1, answered + (got.status == 200)
    assert asked > 60
    assert answered > asked / 2


def pages_of(world: World) -> dict[str, bytes]:
    """Every page that links lead to from the start page."""
    address = world.armed.face.server.address
    found: dict[str, bytes] = {}
    waiting = ["/", "/stores/new", "/mirrors/new"]
    while waiting:
        path = waiting.pop()
        if path in found or path.startswith(("/static/", "/api/", "/sign-")) or len(found) > 100:
            continue
        got = ask("GET", f"{address}{path}", Cookie=world.cookie, Accept="text/html")
        found[path] = got.body
        waiting += [link.decode().replace("&amp;", "&") for link in LINK.findall(got.body)]
    return found
