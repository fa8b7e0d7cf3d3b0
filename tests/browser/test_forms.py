"""Forms: what they send, and how they show a refusal."""

from __future__ import annotations

import pytest

from browser import installation
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-forms")


def test_a_disk_is_sent_without_the_fields_of_a_bucket(open_page: Opener, harness: Harness) -> None:
    page = open_page("/stores/new", wait="m-choose form")
    page.fill("#name", "local-datasets")
    page.fill("#root", "/mnt/data/datasets")
    harness.answers["/api/v1/stores"] = (201, {"name": "local-datasets"})
    page.click("text=Check and add")
    page.wait_for_url("**/stores/local-datasets")
    body = {
        "provider": "disk",
        "name": "local-datasets",
        "root": "/mnt/data/datasets",
        "follow_symlinks": False,
        "read_only": True,
    }
    assert harness.sent == [("POST", "/api/v1/stores", body)]


def test_a_failed_probe_shows_a_line_per_permission_and_lets_one_register_anyway(
    open_page: Opener, harness: Harness
) -> None:
    page = open_page("/stores/new", wait="m-choose form")
    page.check("input[value=s3]")
    for field, text in (
        ("name", "reef"),
        ("endpoint", "storage.example.org"),
        ("port", "9000"),
        ("bucket", "reef"),
        ("access_key", "AKIA"),
        ("secret_key", "s3cret"),
    ):
        page.fill(f"#{field}", text)
    page.select_option("#path_style", "true")
    harness.answers["/api/v1/stores"] = (
        422,
        {
            "detail": "Reading is not permitted. The store was not added.",
            "advice": "Grant it.",
            "report": installation.REPORT,
        },
    )
    page.click("text=Check and add")
    page.wait_for_selector(".probe tr.refuses")
    assert page.locator(".probe tbody tr").count() == 7
    assert "Add s3:GetObject" in page.inner_text(".probe")
    assert page.inner_text("[data-problem]").startswith("Reading is not permitted.")
    harness.answers["/api/v1/stores"] = (201, {"name": "reef"})
    page.click("text=Register anyway")
    page.wait_for_url("**/stores/reef")
    (_, _, first), (_, _, second) = harness.sent
    assert first == {
        "provider": "s3",
        "name": "reef",
        "endpoint": "storage.example.org",
        "port": 9000,
        "region": "",
        "bucket": "reef",
        "prefix": "",
        "path_style": True,
        "ca": "",
        "credentials": {"kind": "keys", "access_key": "AKIA", "secret_key": "s3cret"},
        "read_only": True,
    }
    assert second == first | {"force": True}


def test_an_anonymous_bucket_is_sent_without_keys_or_port(open_page: Opener, harness: Harness) -> None:
    page = open_page("/stores/new", wait="m-choose form")
    page.check("input[value=s3]")
    page.check("input[value=anonymous]")
    page.fill("#name", "open")
    page.fill("#bucket", "open-data")
    harness.answers["/api/v1/stores"] = (409, {"detail": "A store is named open already.", "field": "name"})
    page.click("text=Check and add")
    page.wait_for_selector("#name[aria-invalid=true]")
    assert page.evaluate("document.activeElement.id") == "name"
    body = harness.sent[0][2]
    assert body["credentials"] == {"kind": "anonymous"}
    assert body["path_style"] is None
    assert "port" not in body


def test_a_mirror_takes_its_prefix_from_the_store_and_its_globs_by_line(open_page: Opener, harness: Harness) -> None:
    page = open_page("/mirrors/new", wait="m-objects button")
    page.click("m-objects >> text=2021/")
    page.wait_for_selector("m-objects .objects-trail >> text=2021/")
    page.fill("#include", "*.jpg\n**/*.png\n")
    harness.answers["/api/v1/mirrors"] = (202, {"id": "12", "job": "41", "folder": "7"})
    page.click("text=Start the mirror")
    page.wait_for_url("**/folders/7")
    body = {
        "store": "reef",
        "prefix": "2021/",
        "project": "1",
        "folder": "",
        "include": ["*.jpg", "**/*.png"],
        "exclude": [],
        "on_vanished": "hide",
    }
    assert harness.sent == [("POST", "/api/v1/mirrors", body)]


def test_a_token_is_shown_once_with_a_button_that_copies_it(open_page: Opener, harness: Harness) -> None:
    page = open_page("/users", wait="main")
    page.click("text=New token")
    page.fill("#token-name", "training")
    harness.answers["/api/v1/tokens"] = (201, {"id": "9", "token": "mrg_once"})
    page.click("text=Make token")
    page.wait_for_selector("dialog output:has-text('mrg_once')")
    assert harness.sent[0][2] == {"name": "training", "role": "viewer", "expires_in": 7_776_000, "project": None}
    page.click("text=Done")
    page.wait_for_function("() => !document.querySelector('output')")


def test_what_removes_something_asks_first(open_page: Opener, harness: Harness) -> None:
    page = open_page("/items/1000", wait="m-action")
    page.click("text=Hide item")
    page.click("dialog >> text=Not now")
    assert harness.sent == []
    page.click("text=Hide item")
    page.click("dialog >> text=Hide item >> nth=-1")
    page.wait_for_url("**/folders/7")
    assert harness.sent == [("DELETE", "/api/v1/items/1000", None)]


def test_a_session_that_ended_leads_to_the_sign_in_page_and_back(open_page: Opener, harness: Harness) -> None:
    page = open_page("/jobs", wait="m-job")
    page.route(
        "**/api/v1/jobs/41/pause",
        lambda route: route.fulfill(status=401, content_type="application/problem+json", body="{}"),
    )
    page.on("console", lambda _: None)
    page.click("#job-41-pause")
    page.wait_for_url("**/sign-in?next=%2Fjobs")
