"""Loans of Google stores, behind the gate: upload sessions, signed addresses, and tokens that are cut down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from yarl import URL

from moorage.model.errors import Invalid, Refused, StoreDenied
from moorage.model.keys import Key
from moorage.model.lending import Action, Area, Ask, Lent, Method
from moorage.stores.lending import GoogleLender
from moorage.stores.lending.boundary import boundary
from stores.google_boundary import boundary_in
from stores.google_facing import Behind, behind_gate

PREFIX = Key("in/")


@pytest.fixture
async def behind() -> AsyncIterator[Behind]:
    async with behind_gate() as found:
        for key in ("in/here.jpg", "in-next/near.jpg", "out.jpg"):
            await found.store.put(Key(key), key.encode())
        yield found


async def lend(behind: Behind, action: Action, prefix: str = PREFIX, *keys: str, **more: Any) -> Lent:
    named = tuple(map(Key, keys))
    ask = Ask(Area(Key(prefix)), action, more.pop("life_s", 3600), keys=named, name="moorage-ada-1", **more)
    return await GoogleLender(behind.registered, behind.store).lend(ask)


async def asked(method: str, url: str, token: str = "", data: bytes = b"", **headers: str) -> tuple[int, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent |= {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(url, encoded=True), data=data or None, headers=sent) as got,
    ):
        return got.status, await got.read()


async def test_a_session_takes_one_object_from_whoever_has_its_address(behind: Behind) -> None:
    lent = await lend(behind, Action.WRITE, PREFIX, "in/new.bin", "in/left.bin")
    assert (lent.method, lent.revocable, [one.verb for one in lent.urls]) == (Method.SESSION, True, ["PUT", "PUT"])
    status, body = await asked("PUT", lent.urls[0].url, data=b"0123456789", Content_Range="bytes 0-9/10")
    assert (status, json.loads(body)["name"]) == (200, "in/new.bin")
    assert (await behind.store.stat(Key("in/new.bin"))).size == 10

    lender = GoogleLender(behind.registered, behind.store)
    for one in (*lent.begun, *lent.begun):
        await lender.cancel(one)
    assert behind.gate.uploads == {}
    status, _ = await asked("PUT", lent.urls[1].url, data=b"x", Content_Range="bytes 0-0/1")
    assert status == 404
    assert (await behind.store.stat(Key("in/new.bin"))).size == 10, "what was made stays"
    with pytest.raises(Refused):
        await lender.complete(lent.begun[0], [])


async def test_addresses_are_signed_to_read_named_objects(behind: Behind) -> None:
    lent = await lend(behind, Action.READ, PREFIX, "in/here.jpg", "in/a b.jpg")
    assert lent.method is Method.PRESIGNED
    assert all("X-Goog-Signature=" in one.url for one in lent.urls)
    assert "/in/a%20b.jpg?" in lent.urls[1].url


async def test_a_token_reads_below_its_prefix_and_nothing_else(behind: Behind) -> None:
    lent = await lend(behind, Action.READ)
    assert (lent.method, lent.revocable) == (Method.TOKEN, False)
    place, token = behind.store.client.place, lent.token
    assert (await asked("GET", place.object("in/here.jpg"), token))[0] == 200
    assert (await asked("GET", place.objects((("prefix", "in/"),)), token))[0] == 200
    for url in (
        place.object("in-next/near.jpg"),
        place.object("out.jpg"),
        place.objects((("prefix", "in"),)),
        place.objects(()),
    ):
        assert (await asked("GET", url, token))[0] == 403, url
    assert (await asked("DELETE", place.object("in/here.jpg"), token))[0] == 403
    begin = place.upload((("uploadType", "resumable"), ("name", "in/x.jpg")))
    assert (await asked("POST", begin, token, b"{}"))[0] == 403
    assert token not in repr(lent)


async def test_a_token_writes_below_its_prefix_and_reads_nothing(behind: Behind) -> None:
    lent = await lend(behind, Action.WRITE)
    place, token = behind.store.client.place, lent.token
    for name, status in (("in/x.jpg", 200), ("in-next/x.jpg", 403), ("x.jpg", 403)):
        begin = place.upload((("uploadType", "resumable"), ("name", name)))
        assert (await asked("POST", begin, token, json.dumps({"name": name}).encode()))[0] == status, name
    assert (await asked("GET", place.object("in/here.jpg"), token))[0] == 403
    assert (await asked("DELETE", place.object("in/here.jpg"), token))[0] == 403


async def test_a_token_of_one_key_is_for_that_key(behind: Behind) -> None:
    await behind.store.put(Key("in/here.jpg.2"), b"near")
    lent = await lend(behind, Action.READ, "in/here.jpg", method=Method.TOKEN)
    place = behind.store.client.place
    assert (await asked("GET", place.object("in/here.jpg"), lent.token))[0] == 200
    assert (await asked("GET", place.object("in/here.jpg.2"), lent.token))[0] == 403
    assert (await asked("GET", place.objects((("prefix", "in/here.jpg"),)), lent.token))[0] == 403


@pytest.mark.parametrize("prefix", ["a'b/", "a\\b/", "a%2Fb/", "a+b/", "') || true || ('/", "*/", "ünï 中/", "${x}/"])
def test_odd_letters_stand_for_themselves_in_a_boundary(prefix: str) -> None:
    text = boundary("reef", Area(Key(prefix)), Action.READ)
    assert "%" not in text, "it is the same however often it is decoded"
    found = boundary_in(text)
    assert (found.name, found.listed) == (f"projects/_/buckets/reef/objects/{prefix}", prefix)


async def test_what_google_does_not_lend_is_refused(behind: Behind) -> None:
    for words, kind in (
        ({"life_s": 3601}, Invalid),
        ({"parts": 2}, Refused),
        ({"method": Method.STS}, Refused),
        ({"method": Method.SESSION}, Refused),
    ):
        with pytest.raises(kind):
            await lend(behind, Action.WRITE, **words)
    with pytest.raises(Refused):
        await lend(behind, Action.READ, PREFIX, "in/here.jpg", method=Method.SESSION)
    behind.tokens.disabled = True
    with pytest.raises(StoreDenied):
        await lend(behind, Action.READ)


async def test_a_shorter_life_than_an_hour_is_not_promised_for_a_token(behind: Behind) -> None:
    lent = await lend(behind, Action.READ, life_s=60)
    assert "rest of the hour" in lent.note
    assert len(behind.tokens.issued) >= 2
