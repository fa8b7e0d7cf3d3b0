"""Forms: what they send, and how they show a refusal."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import installation
from browser.axe import barriers
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-forms")
ACCOUNT = "https://acc.blob.core.windows.net"
STRING = "AccountName=acc;AccountKey=a2V5"
KEY_FILE = '{"type": "service_account"}'


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
    page.check("input[name=kind-s3][value=anonymous]")
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


def test_only_the_fields_of_the_chosen_kind_are_sent(open_page: Opener, harness: Harness, tmp_path: Path) -> None:
    """Tabs of kinds are radio buttons: arrow keys move between them; files are read in the browser."""
    page = open_page("/stores/new", width=390, wait="m-choose form")
    page.check("input[value=s3]")
    page.fill("#access_key", "AKIA")
    page.fill("#secret_key", "of another tab")
    page.focus("input[name=kind-s3][value=keys]")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    assert page.is_visible("#trust_anchor_arn")
    assert page.is_hidden("#access_key")
    assert "never the CA's own" in page.inner_text("#certificate-hint")
    (tmp_path / "leaf.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    (tmp_path / "leaf.p12").write_bytes(b"\x30\x82\xff\x00")
    for name, field, text in (
        ("leaf.pem", "chain", "-----BEGIN CERTIFICATE-----\n"),
        ("leaf.p12", "certificate", "MIL/AA=="),
    ):
        page.set_input_files(f"m-file[for={field}] input", str(tmp_path / name))
        page.wait_for_selector(f"text={name} was read.")
        assert page.input_value(f"#{field}") == text
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for field, typed in (("name", "reef"), ("bucket", "reef"), ("trust_anchor_arn", "a"), ("profile_arn", "p")):
        page.fill(f"#{field}", typed)
    page.fill("#anywhere_role_arn", "r")
    fault = {"detail": "This is the CA certificate.", "advice": "Mend it.", "field": "credentials.certificate"}
    harness.answers["/api/v1/stores"] = (422, fault)
    page.click("text=Check and add")
    page.wait_for_selector("#certificate[aria-invalid=true]")
    assert harness.sent[-1][2]["credentials"] == {
        "kind": "roles_anywhere",
        "trust_anchor_arn": "a",
        "profile_arn": "p",
        "role_arn": "r",
        "certificate": "MIL/AA==",
        "chain": "-----BEGIN CERTIFICATE-----\n",
    }
    page.check("input[value=azure]")
    page.fill("#container", "reef")
    page.fill("#sas_token", "?sig=x")
    harness.answers["/api/v1/stores"] = (201, {"name": "reef"})
    page.click("text=Check and add")
    page.wait_for_url("**/stores/reef")
    assert harness.sent[-1][2] == {
        "provider": "azure",
        "name": "reef",
        "endpoint": "",
        "bucket": "reef",
        "prefix": "",
        "ca": "",
        "credentials": {"kind": "sas", "token": "?sig=x"},
        "read_only": True,
    }


@pytest.mark.parametrize(
    ("address", "field", "secret", "credentials"),
    [
        (f"{ACCOUNT}/reef", "azure_secret", "?sp=rl&sig=x", {"kind": "sas", "token": "?sp=rl&sig=x"}),
        ("azure://reef", "azure_secret", STRING, {"kind": "connection_string", "value": STRING}),
        (f"{ACCOUNT}/reef", "azure_secret", "a2V5", {"kind": "account_key", "key": "a2V5"}),
        ("gs://reef/2021", "google_key", KEY_FILE, {"kind": "service_account", "json": KEY_FILE}),
        ("https://storage.googleapis.com/reef", "google_key", "", None),
    ],
)
def test_the_one_form_takes_azure_and_google(
    open_page: Opener, harness: Harness, address: str, field: str, secret: str, credentials: dict[str, str] | None
) -> None:
    page = open_page("/show", wait="m-suggest form")
    page.fill("#address", address)
    page.wait_for_selector(f"#{field}:visible")
    page.fill(f"#{field}", secret)
    harness.answers["/api/v1/mirrors"] = (202, {"id": "12", "job": "41", "folder": "7", "note": ""})
    page.click("text=Show them")
    page.wait_for_url("**/folders/7")
    sent = [body for _, path, body in harness.sent if path == "/api/v1/mirrors"]
    assert (sent[-1]["address"], sent[-1].get("credentials")) == (address, credentials)


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
