"""CORS of a store over HTTP, from the command line and on its page, on a real Ceph."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from moorage.web.api import shapes
from servers import ceph
from servers.moorage import ask
from stores.s3_bucket import admin, bucket_of
from web.conftest import Face


class Reef:
    """A bucket on Ceph, registered as a store, with a rule of somebody else's."""

    def __init__(self, face: Face, bucket: str) -> None:
        self.face, self.name = face, bucket
        self.client = admin(ceph())
        self.path = f"/api/v1/stores/{bucket}/cors"
        self.client.put_object(Bucket=bucket, Key="one.jpg", Body=b"0123456789")
        theirs = {"ID": "theirs", "AllowedOrigins": ["https://theirs.example"], "AllowedMethods": ["GET"]}
        self.client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [theirs]})
        server = ceph()
        keys = {"kind": "keys", "access_key": server.access_key, "secret_key": server.secret_key}
        body = {"name": bucket, "provider": "s3", "endpoint": server.endpoint, "bucket": bucket, "credentials": keys}
        made = face("POST", "/api/v1/stores", body)
        assert made.status == 201, made.body

    def ids(self) -> set[str]:
        rules = self.client.get_bucket_cors(Bucket=self.name)["CORSRules"]
        return {rule["ID"] for rule in rules}

    def preflight(self, origin: str, method: str = "GET") -> int:
        url = f"{ceph().endpoint}/{self.name}/one.jpg"
        return ask("OPTIONS", url, None, Origin=origin, Access_Control_Request_Method=method).status


@pytest.fixture
def reef(face: Face) -> Iterator[Reef]:
    with asyncio.Runner() as runner:
        bucket = bucket_of(ceph())
        name = runner.run(bucket.__aenter__())
        try:
            yield Reef(face, name)
            assert face("DELETE", f"/api/v1/stores/{name}").status == 204
        finally:
            runner.run(bucket.__aexit__(None, None, None))


def checked(body: Any) -> Any:
    TypeAdapter(shapes.CorsShape).validate_python(body)
    return body


def test_the_difference_is_shown_first_and_then_applied(face: Face, reef: Reef) -> None:
    found = checked(face("GET", reef.path).json)
    origin = found["origin"]
    assert (found["enough"], found["changes"], found["applied"]) == (False, True, False)
    assert [rule["id"] for rule in found["rules"]] == ["theirs"]
    dry = checked(face("PUT", f"{reef.path}?dry_run=1", {}).json)
    assert {rule["id"] for rule in dry["after"]} == {"moorage", "theirs"}
    assert reef.ids() == {"theirs"}
    assert reef.preflight(origin) == 403
    applied = checked(face("PUT", reef.path, {}).json)
    assert (applied["enough"], applied["applied"]) == (True, True)
    assert reef.ids() == {"moorage", "theirs"}
    assert reef.preflight(origin) == reef.preflight("https://theirs.example") == 200
    assert reef.preflight(origin, "PUT") == reef.preflight("https://other.example") == 403
    assert checked(face("POST", reef.path, {}).json)["applied"] is False
    rows = [row for row in face("GET", "/api/v1/audit").json["audit"] if row["action"] == "store.cors"]
    assert len([row for row in rows if reef.name in str(row)]) == 1


def test_a_try_gets_a_signed_url_which_a_disk_has_not(face: Face, reef: Reef, tmp_path: Any) -> None:
    trial = face("POST", f"{reef.path}/trial").json
    TypeAdapter(shapes.TrialShape).validate_python(trial)
    assert ask("GET", trial["url"], None, Range="bytes=0-0").body == b"0"
    assert "content-range" in trial["sent"]
    disk = f"{reef.name}-disk"
    assert face("POST", "/api/v1/stores", {"name": disk, "provider": "disk", "root": str(tmp_path)}).status == 201
    for method, path in (("GET", "cors"), ("POST", "cors"), ("POST", "cors/trial")):
        assert face(method, f"/api/v1/stores/{disk}/{path}").status == 400
    assert face("DELETE", f"/api/v1/stores/{disk}").status == 204


def test_who_does_not_manage_the_store_is_refused(face: Face, reef: Reef) -> None:
    made = face("POST", "/api/v1/users", {"email": f"{reef.name}@example.org", "role": "viewer"})
    assert made.status == 201, made.body
    token = face.server.token("viewer", f"{reef.name}@example.org")
    for method, path in (("GET", reef.path), ("PUT", reef.path), ("POST", f"{reef.path}/trial")):
        answer = ask(
            method, face.server.address + path, {} if method == "PUT" else None, Authorization=f"Bearer {token}"
        )
        assert answer.status == 403, (method, answer.body)
    assert reef.ids() == {"theirs"}


def test_the_command_shows_the_difference_and_asks(face: Face, reef: Reef) -> None:
    run = face.server.run
    looked = run("store", "cors", reef.name, "--check", MOORAGE_TOKEN=face.token, check=False)
    assert looked.returncode == 4
    assert "refused" in looked.stderr
    assert "+ moorage: GET, HEAD from" in looked.stderr
    assert "  theirs: GET from https://theirs.example" in looked.stderr
    unasked = run("store", "cors", reef.name, "--apply", MOORAGE_TOKEN=face.token, check=False, input_="")
    assert unasked.returncode == 2
    assert reef.ids() == {"theirs"}
    applied = run("store", "cors", reef.name, "--apply", "--yes", "--json", MOORAGE_TOKEN=face.token)
    assert '"applied": true' in applied.stdout
    assert reef.ids() == {"moorage", "theirs"}


def test_a_check_folds_what_nothing_hangs_on(face: Face, reef: Reef) -> None:
    told = face.server.run("store", "check", reef.name, MOORAGE_TOKEN=face.token).stderr
    assert "Not needed    ok: region," in told
    assert "It has no CORS rules" not in told
    whole = face.server.run("store", "check", reef.name, "--all", MOORAGE_TOKEN=face.token).stderr
    assert "The bucket has 1 CORS rule." in whole
