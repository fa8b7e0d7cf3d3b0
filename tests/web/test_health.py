"""What doctor and monitors are told."""

from __future__ import annotations

import re

from servers.moorage import ask
from web.conftest import Face, Moored


def mirrors(face: Face) -> int:
    lines = {line["name"]: line["sentence"] for line in face("GET", "/api/v1/health").json["lines"]}
    found = re.search(r"(\d+) mirrors", lines["catalogue"])
    assert found is not None
    return int(found[1])


def test_a_mirror_that_was_removed_and_kept_its_items_is_counted_no_more(face: Face, moored: Moored) -> None:
    before = mirrors(face)
    assert face("DELETE", f"/api/v1/mirrors/{moored.mirror}").status == 204
    assert mirrors(face) == before - 1


def test_a_store_that_holds_kept_items_says_how_to_let_go_of_them(face: Face, moored: Moored) -> None:
    face("DELETE", f"/api/v1/mirrors/{moored.mirror}")
    refused = face("DELETE", f"/api/v1/stores/{moored.store}")
    assert refused.status == 409
    assert "--with-items" in refused.json["advice"]
    assert face("DELETE", f"/api/v1/mirrors/{moored.mirror}?with_items=1").status == 204
    assert face("DELETE", f"/api/v1/stores/{moored.store}").status == 204


def test_monitors_need_no_token_and_learn_no_name(face: Face, moored: Moored) -> None:
    sas = {"kind": "sas", "account": "acc", "token": "sv=2022-11-02&sp=rl&sr=c&se=2099-01-01&sig=aHVzaA=="}
    body = {"name": f"{moored.store}-2", "provider": "azure", "bucket": "reef", "endpoint": "http://127.0.0.1:9/acc"}
    ends = face("POST", "/api/v1/stores", {**body, "credentials": sas, "force": True}).json["id"]
    for path in ("/healthz", "/readyz", "/metrics"):
        got = ask("GET", face.server.address + path)
        assert got.status == 200
        assert moored.store.encode() not in got.body
    assert f'moorage_store_credentials_days_left{{store="{ends}"}} 2' in got.body.decode()
