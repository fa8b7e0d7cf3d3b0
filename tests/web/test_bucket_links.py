"""A link by which somebody without an account connects a bucket: once, to one project, guarded as a manager's store."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from servers import ceph
from servers.moorage import Answer, ask
from stores.s3_bucket import admin, kept_bucket
from web.managed import Listener, Yard, listening, yard

SECRET = "a secret that no answer shows"


@pytest.fixture(scope="module")
def inside() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with yard(tmp_path_factory.mktemp("invited")) as found:
        yield found


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with kept_bucket(ceph()) as name:
        client = admin(ceph())
        for key in ("cruise/a.txt", "cruise/b.txt", "other/c.txt"):
            client.put_object(Bucket=name, Key=key, Body=b"of the reef")
        client.close()
        yield name


def make(place: Yard, who: str = "", **body: Any) -> dict[str, Any]:
    got = place("POST", f"/api/v1/projects/{place.reef}/bucket-links", body, who=who)
    assert got.status == 201, got.body
    made = got.json
    assert isinstance(made, dict)
    return made


def connect(place: Yard, url: str, body: dict[str, Any]) -> Answer:
    """As somebody who has the link and nothing else."""
    whole = {"link": url.rpartition("/")[2], **body}
    return ask("POST", f"{place.face.server.address}/api/v1/bucket-links/connect", whole)


def known(place: Yard) -> list[Any]:
    """Everything that an offer could leave behind."""
    face = place.face
    folders = face("GET", f"/api/v1/projects/{place.reef}/items?limit=1").json
    return [place.names(face.token), [one["id"] for one in face("GET", "/api/v1/mirrors").json["mirrors"]], folders]


def state(place: Yard, link: dict[str, Any]) -> str:
    listed = place("GET", f"/api/v1/projects/{place.reef}/bucket-links").json["links"]
    return str(next(one["state"] for one in listed if one["id"] == link["id"]))


def test_a_bucket_is_connected_once_and_shown_in_the_named_folder(place: Yard, bucket: str) -> None:
    link = make(place, folder="partners/reef", provider="s3", note="The cruise of 2021, please.")
    page = ask("GET", link["url"], Accept="text/html")
    assert page.status == 200
    assert b"The cruise of 2021, please." in page.body
    got = connect(place, link["url"], place.s3(bucket, prefix="cruise/"))
    assert got.status == 201, got.body
    assert got.json["check"]["passed"] is True
    assert place.server.secret_key.encode() not in got.body
    store = place("GET", f"/api/v1/stores/{got.json['store']}").json
    assert (store["guarded"], store["prefix"], store["scope"]["projects"]) == (True, "cruise/", [place.reef])
    assert place.server.secret_key not in str(store)
    assert got.json["store"] not in place.names(place.other)
    mirror = next(one for one in place("GET", "/api/v1/mirrors").json["mirrors"] if one["store"] == store["name"])
    if mirror["job"] is not None:  # the look that it begins with may be over
        assert place.face.wait(mirror["job"])["state"] == "succeeded"
    found = place("GET", f"/api/v1/lookup?project={place.reef}&path=partners/reef")
    assert found.status == 200, found.body
    assert state(place, link) == "used"
    thanks = ask("GET", link["url"], Accept="text/html")
    assert (thanks.status, b"Thank you" in thanks.body) == (200, True)
    before = known(place)
    again = connect(place, link["url"], place.s3(bucket, prefix="other/"))
    assert (again.status, "used already" in again.json["detail"]) == (409, True)
    assert known(place) == before
    audit = place.face("GET", "/api/v1/audit").json["audit"]
    mine = [one for one in audit if one["action"] == "bucket-link.use"]
    assert (mine[0]["email"], mine[0]["detail"]["store"]) == ("reef@example.org", store["name"])


def test_what_fails_keeps_nothing_and_does_not_use_the_link_up(place: Yard, bucket: str, inside: Listener) -> None:
    link, before = make(place), known(place)
    wrong = {"kind": "keys", "access_key": "access", "secret_key": SECRET}
    listener = f"http://{inside.host}"
    for body, status in (
        (place.s3(bucket) | {"credentials": wrong}, 422),
        (place.s3("no-such-bucket"), 422),
        (place.s3(bucket) | {"endpoint": listener}, 422),
        (place.s3(bucket) | {"endpoint": "http://169.254.169.254"}, 422),
        (place.s3(bucket) | {"credentials": {"kind": "role"}}, 403),
        (place.s3(bucket) | {"credentials": {"kind": "process", "name": "x"}}, 403),
        ({"provider": "google", "bucket": "media", "credentials": {"kind": "role"}}, 403),
        ({"provider": "google", "bucket": "media", "credentials": {"kind": "service_account", "path": "/etc/x"}}, 403),
        ({"provider": "disk", "bucket": "x"}, 400),
        ({"provider": "https", "bucket": "x"}, 400),
        (place.s3(bucket, folder="a//b"), 400),
    ):
        got = connect(place, link["url"], body)
        assert got.status == status, got.body
        assert SECRET not in got.body.decode()
        assert known(place) == before
    assert inside.came == 0
    assert state(place, link) == "open"
    assert connect(place, link["url"], place.s3(bucket, folder="tried")).status == 201
    assert SECRET not in place.face.server.log()
    assert link["url"].rpartition("/")[2] not in place.face.server.log()


def test_a_link_for_one_provider_takes_no_other(place: Yard, bucket: str) -> None:
    link = make(place, provider="azure")
    assert connect(place, link["url"], place.s3(bucket)).status == 400
    assert connect(place, link["url"], place.s3(bucket)).json["field"] == "provider"


def test_links_that_do_not_work_any_more_or_never_did_are_refused(place: Yard, bucket: str) -> None:
    offer, before = place.s3(bucket, folder="late"), known(place)
    revoked = make(place)
    path = f"/api/v1/projects/{place.reef}/bucket-links/{revoked['id']}"
    assert place("DELETE", path, who=place.other).status == 404
    assert place("DELETE", path.replace(place.reef, place.wreck), who=place.other).status == 404
    assert place("DELETE", path).status == 204
    for url, status in ((revoked["url"], 409), (revoked["url"][:-1], 404), ("x/guess", 404), ("x/", 404)):
        assert connect(place, url, offer).status == status, url
        assert ask(
            "GET", f"{place.face.server.address}/connect/{url.rpartition('/')[2]}", Accept="text/html"
        ).status in (
            404,
            410,
        )
    assert known(place) == before


def test_after_twenty_tries_a_link_is_worn(place: Yard, bucket: str) -> None:
    link, wrong = make(place), {"provider": "disk", "bucket": "x"}
    assert [connect(place, link["url"], wrong).status for _ in range(20)] == [400] * 20
    got = connect(place, link["url"], place.s3(bucket, folder="worn"))
    assert (got.status, "20 times" in got.json["detail"]) == (409, True)
    assert state(place, link) == "worn"


def test_of_two_at_once_one_is_connected(place: Yard, bucket: str) -> None:
    link, before = make(place), len(place.names())
    offers = [place.s3(bucket, folder=f"at-once-{number}") for number in range(2)]
    with ThreadPoolExecutor(2) as both:
        found = sorted(one.status for one in both.map(lambda body: connect(place, link["url"], body), offers))
    assert found == [201, 409]
    assert len(place.names()) == before + 1


def test_a_link_dies_with_the_rights_of_who_made_it(place: Yard, bucket: str) -> None:
    face = place.face
    person = {"email": "leaving@example.org", "role": "manager", "project": "reef"}
    user = face("POST", "/api/v1/users", person).json["id"]
    link = make(place, who=face.server.token("leaving", "leaving@example.org"))
    assert face("DELETE", "/api/v1/grants", {"user": user, "project": "reef"}).status == 204
    assert connect(place, link["url"], place.s3(bucket, folder="gone")).status == 409


def test_only_managers_of_the_project_make_and_see_links(place: Yard) -> None:
    path = f"/api/v1/projects/{place.reef}/bucket-links"
    assert place("POST", path, {}, who=place.other).status == 404
    assert place("GET", path, who=place.other).status == 404
    assert ask("POST", place.face.server.address + path, {}).status == 401
    assert place("POST", path, {"expires_in": 60}).status == 400
    assert place("POST", path, {"provider": "disk"}).status == 400
    assert place("POST", path, {"folder": "a//b"}).status == 400
    assert "url" not in place("GET", path).json["links"][0]
