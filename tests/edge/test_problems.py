"""The one table from errors to statuses."""

from __future__ import annotations

import json

from moorage.edge import problems
from moorage.model import errors
from moorage.model.errors import MoorageError


def every_error() -> list[type[MoorageError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MoorageError)]
    return [kind for kind in found if kind is not errors.StoreError]


def test_every_error_has_a_status_and_a_document() -> None:
    for kind in every_error():
        error = kind("It happened.", "Do this.")
        shown = json.loads(problems.body(error))
        assert 400 <= shown["status"] <= 599
        assert shown["detail"] == "It happened."
        assert shown["advice"] == "Do this."
        assert shown["type"] == f"/problems/{problems.slug_of(kind)}"


def test_an_errors_own_fields_are_members_of_its_document() -> None:
    error = errors.StoreDenied("No.", "Ask.", store="reef", bucket="b", key="k", permission="s3:ListBucket")
    shown = problems.document(error)
    assert (shown["store"], shown["bucket"], shown["permission"]) == ("reef", "b", "s3:ListBucket")
    assert shown["status"] == 403


def test_a_key_that_is_no_utf8_does_not_break_the_answer() -> None:
    assert b"?" in problems.body(errors.ObjectNotFound("Gone.", key="\udcff"))


def test_a_wait_is_told_in_a_header() -> None:
    assert ("retry-after", "7") in problems.headers(errors.TooManyTries("Wait.", retry_after_s=7))
