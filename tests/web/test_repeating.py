"""Idempotency keys."""

from __future__ import annotations

import uuid

from servers.moorage import ask
from web.conftest import Face


def test_a_post_that_is_sent_again_is_done_once_and_answered_the_same(face: Face) -> None:
    key, name = uuid.uuid4().hex, f"once-{uuid.uuid4().hex}"
    first = face("POST", "/api/v1/projects", {"name": name}, Idempotency_Key=key)
    again = face("POST", "/api/v1/projects", {"name": name}, Idempotency_Key=key)
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert again.headers["idempotent-replay"] == "true"
    names = [one["name"] for one in face("GET", "/api/v1/projects").json["projects"]]
    assert names.count(name) == 1


def test_the_key_with_another_body_is_refused(face: Face) -> None:
    key = uuid.uuid4().hex
    assert face("POST", "/api/v1/projects", {"name": f"a-{key}"}, Idempotency_Key=key).status == 201
    assert face("POST", "/api/v1/projects", {"name": f"b-{key}"}, Idempotency_Key=key).status == 422


def test_a_request_that_failed_may_be_sent_again_with_its_key(face: Face) -> None:
    key = uuid.uuid4().hex
    assert face("POST", "/api/v1/projects", {"name": " bad "}, Idempotency_Key=key).status == 400
    assert face("POST", "/api/v1/projects", {"name": " bad "}, Idempotency_Key=key).status == 400


def test_an_answer_that_holds_a_secret_is_not_kept(face: Face) -> None:
    key = uuid.uuid4().hex
    made = face("POST", "/api/v1/tokens", {"name": "once"}, Idempotency_Key=key)
    assert made.status == 201
    token = made.json["token"]
    assert face("POST", "/api/v1/tokens", {"name": "once"}, Idempotency_Key=key).status == 409
    raw = b"".join(path.read_bytes() for path in face.server.data.glob("catalogue.db*"))
    assert token.encode() not in raw


def test_keys_of_two_users_do_not_meet(face: Face) -> None:
    key = uuid.uuid4().hex
    face("POST", "/api/v1/users", {"email": f"{key}@example.org", "role": "manager"})
    other = face.server.token("other", f"{key}@example.org")
    assert face("POST", "/api/v1/projects", {"name": f"a-{key}"}, Idempotency_Key=key).status == 201
    mine = ask(
        "POST",
        face.server.address + "/api/v1/projects",
        {"name": f"b-{key}"},
        Idempotency_Key=key,
        Authorization=f"Bearer {other}",
    )
    assert mine.status == 201
