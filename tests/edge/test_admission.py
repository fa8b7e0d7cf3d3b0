"""What a request says of itself: cookies among those of others, and the address that it comes from."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, cast

import pytest
from starlette.requests import Request

from moorage.edge.admission import Admission, cookie_name, cookie_of
from moorage.edge.journal import redacted, shown_path
from moorage.model.access import Principal, Role, UserId
from moorage.web.cookies import sender


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("moorage_session=abc", "abc"),
        ('a={"x": 1, "y": [2]}; moorage_session=abc', "abc"),
        ("a=b c d; moorage_session=abc; b=\xe9", "abc"),
        ("moorage_session=inner; moorage_session=outer", "inner"),
        ("xmoorage_session=abc", ""),
        ("moorage_session", ""),
        ("", ""),
    ],
)
def test_our_cookie_is_found_among_those_of_any_form(header: str, found: str) -> None:
    assert cookie_of({"cookie": header}, "moorage_session") == found


def test_servers_on_one_host_have_cookies_of_their_own() -> None:
    origins = ("http://127.0.0.1:8080", "http://127.0.0.1:8081", "http://127.0.0.1", "https://127.0.0.1")
    assert [cookie_name(origin).rpartition("_")[2] for origin in origins] == ["8080", "8081", "80", "443"]


@dataclass
class Trusting:
    """Settings that trust some proxies."""

    trusted_proxies: tuple[Any, ...] = (ip_network("10.0.0.0/8"),)

    @property
    def settings(self) -> Trusting:
        """As a face has them."""
        return self


@pytest.mark.parametrize(
    ("peer", "told", "found"),
    [
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
    ],
)
def test_an_address_is_believed_only_where_a_trusted_proxy_wrote_it(peer: str, told: list[str], found: str) -> None:
    headers = [(b"x-forwarded-for", line.encode()) for line in told]
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})
    assert sender(cast("Any", Trusting()), request) == found


@pytest.mark.parametrize(
    "path",
    [
        *("/sign-in/secret", "//sign-in/secret", "/moorage/sign-in/secret/", "/a/sign-in/secret"),
        *("/iiif/3/5~1~ab~secret/info.json", "/moorage/iiif/3/5~1~ab~secret/info.json"),
    ],
)
def test_the_secret_of_a_link_is_never_shown(path: str) -> None:
    assert "secret" not in shown_path(path)


@pytest.mark.parametrize(
    "query",
    ["signature=hush", "a=1&Signature=hush", "%73ignature=hush", "token=hush", "secret=hush", "page=2&seal=hush"],
)
def test_what_admits_is_never_shown(query: str) -> None:
    assert "hush" not in redacted(query)


async def test_what_was_revoked_while_it_was_looked_up_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, goes_on = asyncio.Event(), asyncio.Event()

    async def look(_door: object, _secret: str) -> Principal:
        looked.set()
        await goes_on.wait()
        return Principal(UserId(1), "a@b", Role.ADMIN)

    monkeypatch.setattr("moorage.edge.admission.principal_of_token", look)
    admission = Admission(cast("Any", None), "http://a", machine="m", note=lambda _address: None)
    headers = {"authorization": "Bearer t"}
    asking = asyncio.create_task(admission.principal("GET", headers))
    await looked.wait()
    admission.forget()
    goes_on.set()
    await asking
    assert admission.known(admission.name_of(headers)) is None
    await admission.principal("GET", headers)
    assert admission.known(admission.name_of(headers)) is not None
