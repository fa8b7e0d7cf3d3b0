"""Signing in with a browser's cookies, and what people may do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.moorage import PASSWORD, Answer, Moorage, ask

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Moorage]:
    with Moorage(tmp_path / "data") as server:
        yield server


def cookie_of(answer: Answer) -> str:
    return answer.headers["set-cookie"].split(";")[0]


def enter(server: Moorage) -> str:
    """The cookie of the admin, who came by the link and chose a password."""
    here = server.address
    link = f"{here}/sign-in/{server.link}"
    opened = ask("POST", link, b"", Origin=here)
    assert (opened.status, opened.headers["location"]) == (303, "/password")
    body = f"password={PASSWORD}&again={PASSWORD}".replace(" ", "+").encode()
    chosen = ask("POST", f"{here}/password", body, Origin=here, Cookie=cookie_of(opened), Content_Type=FORM)
    assert (chosen.status, chosen.headers["location"]) == (303, "/")
    return cookie_of(chosen)


def test_looking_at_the_link_does_not_use_it_up_but_its_button_does(fresh: Moorage) -> None:
    link = f"{fresh.address}/sign-in/{fresh.link}"
    for _ in range(3):
        assert ask("GET", link).status == 200
    assert ask("POST", link, b"", Origin=fresh.address).status == 303
    assert ask("GET", link).status == 410
    assert ask("POST", link, b"", Origin=fresh.address).status == 410


def test_the_link_never_reaches_the_log(fresh: Moorage) -> None:
    enter(fresh)
    time.sleep(0.2)
    assert fresh.link not in fresh.log()
    assert fresh.link not in (fresh.data / "moorage.log").read_text()


def test_the_cookie_is_kept_from_scripts_and_other_sites(fresh: Moorage) -> None:
    opened = ask("POST", f"{fresh.address}/sign-in/{fresh.link}", b"", Origin=fresh.address)
    words = opened.headers["set-cookie"].lower()
    assert "httponly" in words
    assert "samesite=lax" in words
    assert "secure" not in words  # plain http on this machine


def test_a_change_by_cookie_needs_our_own_origin(fresh: Moorage) -> None:
    cookie = enter(fresh)
    url = f"{fresh.address}/api/v1/projects"
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert ask("POST", url, {"name": "x"}, Cookie=cookie, **headers).status == 403
    assert ask("GET", url, Cookie=cookie).json["projects"] == []
    assert ask("POST", url, {"name": "x"}, Cookie=cookie, Origin=fresh.address).status == 201


def test_doctor_tells_of_an_address_that_browsers_use_and_nobody_set(fresh: Moorage) -> None:
    other = fresh.address.replace("127.0.0.1", "localhost")
    assert ask("POST", f"{other}/sign-in", b"email=a&password=b", Origin=other, Content_Type=FORM).status == 403
    time.sleep(3)  # it is written down every 2 s
    told = fresh.run("doctor", "--json").stdout
    assert other in told
    assert "MOORAGE_PUBLIC_URL" in told


def test_another_sites_form_is_no_address_of_ours(fresh: Moorage) -> None:
    evil = "https://evil.example"
    assert ask("POST", f"{fresh.address}/sign-in", b"email=a&password=b", Origin=evil, Content_Type=FORM).status == 403
    time.sleep(3)
    assert evil not in fresh.run("doctor", "--json").stdout


def test_signing_in_out_and_in_again(fresh: Moorage) -> None:
    cookie = enter(fresh)
    here = fresh.address
    assert ask("GET", f"{here}/api/v1/me", Cookie=cookie).json["everywhere"] == "admin"
    assert ask("POST", f"{here}/sign-out", b"", Cookie=cookie, Origin=here).status == 303
    assert ask("GET", f"{here}/api/v1/me", Cookie=cookie).status == 401
    body = f"email=admin@localhost&password={PASSWORD}&next=/jobs".replace(" ", "+").encode()
    back = ask("POST", f"{here}/sign-in", body, Origin=here, Content_Type=FORM)
    assert (back.status, back.headers["location"]) == (303, "/jobs")
    assert ask("GET", f"{here}/api/v1/me", Cookie=cookie_of(back)).status == 200


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_signing_in_never_leads_to_another_site(fresh: Moorage, wanted: str) -> None:
    enter(fresh)
    body = f"email=admin@localhost&password={PASSWORD}&next={wanted}".replace(" ", "+").encode()
    back = ask("POST", f"{fresh.address}/sign-in", body, Origin=fresh.address, Content_Type=FORM)
    assert back.headers["location"] == "/"


def test_wrong_passwords_are_throttled(fresh: Moorage) -> None:
    enter(fresh)
    here = fresh.address
    statuses = []
    for _ in range(12):
        got = ask("POST", f"{here}/api/v1/sign-in", {"email": "admin@localhost", "password": "wrong"}, Origin=here)
        statuses.append(got.status)
    assert statuses[0] == 401
    assert statuses[-1] == 429


def test_a_revoked_token_ends_within_five_seconds(fresh: Moorage) -> None:
    token = fresh.token()
    url = f"{fresh.address}/api/v1/me"
    assert ask("GET", url, Authorization=f"Bearer {token}").status == 200
    number = re.search(r'"id":\s*"?(\d+)', fresh.run("token", "ls", "--json").stdout)
    assert number is not None
    fresh.run("token", "rm", number[1])
    time.sleep(5.2)
    assert ask("GET", url, Authorization=f"Bearer {token}").status == 401


def test_a_user_sees_only_the_projects_granted(fresh: Moorage) -> None:
    admin = f"Bearer {fresh.token()}"
    here = f"{fresh.address}/api/v1"
    seen = ask("POST", f"{here}/projects", {"name": "seen"}, Authorization=admin).json
    hidden = ask("POST", f"{here}/projects", {"name": "hidden"}, Authorization=admin).json
    made = ask(
        "POST", f"{here}/users", {"email": "eve@example.org", "role": "viewer", "project": "seen"}, Authorization=admin
    )
    assert made.json["link"]["url"].startswith(f"{fresh.address}/sign-in/")
    eve = f"Bearer {fresh.token('eve', 'eve@example.org')}"
    assert [one["name"] for one in ask("GET", f"{here}/projects", Authorization=eve).json["projects"]] == ["seen"]
    assert ask("GET", f"{here}/projects/{hidden['id']}", Authorization=eve).status == 404
    assert ask("GET", f"{here}/folders/{hidden['root']}/children", Authorization=eve).status == 404
    assert ask("DELETE", f"{here}/projects/{seen['id']}", Authorization=eve).status == 403
    assert (
        ask("POST", f"{here}/stores", {"name": "s", "provider": "disk", "root": "/"}, Authorization=eve).status == 403
    )
    assert ask("GET", f"{here}/audit", Authorization=eve).status == 403


def test_every_change_is_in_the_audit(fresh: Moorage) -> None:
    admin = f"Bearer {fresh.token()}"
    here = f"{fresh.address}/api/v1"
    ask("POST", f"{here}/projects", {"name": "x"}, Authorization=admin)
    actions = [row["action"] for row in ask("GET", f"{here}/audit", Authorization=admin).json["audit"]]
    assert actions[0] == "project.add"
    assert "token.add" in actions
