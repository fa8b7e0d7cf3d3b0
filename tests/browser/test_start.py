"""The form that shows a place: what it sends, what it suggests, and how it tells of a fault."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import Page

from browser import installation
from browser.axe import barriers
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-start")

FORM: Final = "m-suggest:defined form"
BUTTON: Final = "form.show button.main"
MIRRORS, SUGGEST = "/api/v1/mirrors", "/api/v1/mirrors/suggest"
FIELDS: Final = "form.show :is(input, select, textarea):not([type=hidden])"
STARTED: Final = {"id": "12", "job": "41", "folder": "7", "note": ""}


def suggestion(**changed: Any) -> tuple[int, dict[str, Any]]:
    """An answer of the server about an address."""
    found = {
        "provider": "s3",
        "place": "s3://reef/",
        "store": None,
        "store_name": "reef",
        "project": "reef",
        "needs_credentials": True,
        "mirror": None,
        "folder": None,
    }
    return 200, found | changed


def shown_fields(page: Page) -> int:
    """Fields that a person sees; the two tabs are one choice."""
    visible = page.locator(FIELDS).evaluate_all("all => all.filter(one => one.checkVisibility()).map(one => one.name)")
    return len(set(visible))


def asked_to_show(harness: Harness) -> list[Any]:
    return [body for _, path, body in harness.sent if path == MIRRORS]


def test_a_folder_takes_a_path_a_name_and_one_button(open_page: Opener, harness: Harness) -> None:
    page = open_page("/?none=1", wait=FORM)
    assert page.evaluate("document.activeElement.id") == "address"
    assert shown_fields(page) == 3
    harness.answers[SUGGEST] = suggestion(provider="disk", project="photos", needs_credentials=False)
    harness.answers[MIRRORS] = (202, STARTED)
    page.keyboard.type("/data/photos")
    page.wait_for_function("() => document.querySelector('#project').value === 'photos'")
    page.keyboard.press("Enter")
    page.wait_for_url("**/folders/7")
    assert asked_to_show(harness) == [{"address": "/data/photos", "project": "photos"}]


def test_a_bucket_takes_two_keys_more_and_a_public_one_none(open_page: Opener, harness: Harness) -> None:
    page = open_page("/show", wait=FORM)
    page.check("input[value=bucket]")
    assert shown_fields(page) == 5
    page.fill("#address", "s3://reef/2021")
    page.fill("#project", "Mine")
    harness.answers[MIRRORS] = (409, {"detail": "No.", "advice": "Later."})
    page.click(BUTTON)
    page.wait_for_selector("[data-problem]:visible")
    page.fill("#access_key", "AKIA")
    page.click(BUTTON)
    assert page.evaluate("document.querySelector('#secret_key').validity.valueMissing"), "keys come in pairs"
    page.fill("#secret_key", "s3cret")
    harness.answers[MIRRORS] = (202, STARTED)
    page.click(BUTTON)
    page.wait_for_url("**/folders/7")
    public = {"address": "s3://reef/2021", "project": "Mine"}
    keys = {"kind": "keys", "access_key": "AKIA", "secret_key": "s3cret"}
    assert asked_to_show(harness) == [public, public | {"credentials": keys}]


def test_a_pasted_address_turns_to_its_tab_and_each_tab_keeps_what_was_typed(open_page: Opener) -> None:
    page = open_page("/show", wait=FORM)
    page.fill("#address", "https://minio.example.org:9000/reef")
    assert page.is_checked("input[value=bucket]")
    assert page.input_value("#address") == "https://minio.example.org:9000/reef"
    page.check("input[value=folder]")
    assert page.input_value("#address") == ""
    page.fill("#address", "/data/photos")
    page.check("input[value=bucket]")
    assert page.input_value("#address") == "https://minio.example.org:9000/reef"
    page.fill("#address", "/data/photos")
    assert page.is_checked("input[value=folder]")


def test_a_name_that_was_typed_is_not_replaced_by_a_suggestion(open_page: Opener, harness: Harness) -> None:
    page = open_page("/show", wait=FORM)
    harness.answers[SUGGEST] = suggestion(project="photos")
    page.fill("#address", "/data/photos")
    page.wait_for_function("() => document.querySelector('#project').value === 'photos'")
    page.fill("#project", "Holidays")
    harness.answers[SUGGEST] = suggestion(project="other", folder="7", mirror="12")
    page.fill("#address", "/data/other")
    page.wait_for_selector("[data-news] a")
    assert page.input_value("#project") == "Holidays"


def test_a_project_that_was_chosen_before_stays_chosen(open_page: Opener, harness: Harness) -> None:
    page = open_page("/show?project=2", wait=FORM)
    harness.answers[SUGGEST] = suggestion(project="photos", folder="7", mirror="12")
    page.fill("#address", "/data/photos")
    page.wait_for_selector("[data-news] a")
    assert page.input_value("#project") == "Street scenes"


def test_a_place_that_is_shown_already_is_linked(open_page: Opener, harness: Harness) -> None:
    page = open_page("/show", wait=FORM)
    harness.answers[SUGGEST] = suggestion(store="reef", needs_credentials=False, mirror="12", folder="7")
    page.fill("#address", "s3://reef/2021")
    page.click("[data-news] a:has-text('open their folder')")
    page.wait_for_url("**/folders/7")


def test_a_store_that_is_known_is_named_and_hides_the_keys(open_page: Opener, harness: Harness) -> None:
    page = open_page("/show", wait=FORM)
    page.check("input[value=bucket]")
    page.fill("#access_key", "AKIA")
    harness.answers[SUGGEST] = suggestion(store="reef", needs_credentials=False)
    harness.answers[MIRRORS] = (202, STARTED)
    page.fill("#address", "s3://reef/2021")
    page.wait_for_selector("[data-news] a:has-text('reef')")
    assert page.is_hidden("#access_key")
    assert barriers(page) == []
    page.click(BUTTON)
    page.wait_for_url("**/folders/7")
    assert asked_to_show(harness) == [{"address": "s3://reef/2021", "project": "reef"}]


def test_the_keyboard_meets_no_field_of_the_other_tab(open_page: Opener) -> None:
    page = open_page("/show", wait=FORM)
    page.focus("#address")
    met = []
    for _ in range(3):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert met == ["project", "Show them", "Not now"]
    page.focus("input[value=folder]")
    page.keyboard.press("ArrowRight")
    met = []
    for _ in range(4):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert met == ["address", "access_key", "secret_key", "project"]


@pytest.mark.parametrize(
    ("problem", "focused"),
    [
        ({"field": "address"}, "address"),
        ({"field": "root"}, "address"),
        ({"field": "credentials.secret_key"}, "secret_key"),
        ({"field": "project"}, "project"),
        ({"report": installation.REPORT}, "access_key"),
        ({"report": installation.UNREACHED}, "address"),
    ],
)
def test_a_fault_leads_to_its_field_and_loses_nothing(
    open_page: Opener, harness: Harness, problem: dict[str, Any], focused: str
) -> None:
    page = open_page("/show", wait=FORM)
    page.check("input[value=bucket]")
    typed = {"address": "s3://reef", "access_key": "AKIA", "secret_key": "s3cret", "project": "Reef"}
    for field, text in typed.items():
        page.fill(f"#{field}", text)
    told = {"detail": "It cannot be read. Nothing was made.", "advice": "Grant it."}
    harness.answers[MIRRORS] = (422, told | problem)
    page.click(BUTTON)
    page.wait_for_selector("[data-problem]:visible")
    assert page.inner_text("[data-problem]").split("\n") == [told["detail"], told["advice"]]
    assert page.evaluate("document.activeElement.id") == focused
    assert page.get_attribute(f"#{focused}", "aria-invalid") == "true"
    assert page.is_visible(".probe tr.refuses") == (problem.get("report") == installation.REPORT)
    assert {field: page.input_value(f"#{field}") for field in typed} == typed
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_secret_stays_nowhere_in_the_browser(open_page: Opener, harness: Harness) -> None:
    page = open_page("/show", wait=FORM)
    page.check("input[value=bucket]")
    page.fill("#address", "s3://reef")
    page.fill("#access_key", "AKIA")
    page.fill("#secret_key", "s3cret")
    assert page.get_attribute("#secret_key", "autocomplete") == "new-password"
    assert page.get_attribute("#access_key", "autocomplete") == "off"
    harness.answers[MIRRORS] = (202, STARTED)
    page.click(BUTTON)
    page.wait_for_url("**/folders/7")
    page.go_back()
    page.wait_for_selector(FORM)
    page.check("input[value=bucket]")
    assert [page.input_value(f"#{field}") for field in ("address", "access_key", "secret_key")] == ["", "", ""]
    kept = page.evaluate("JSON.stringify([history.state, {...localStorage}, {...sessionStorage}, location.href])")
    assert "s3cret" not in kept
    assert "s3cret" not in "".join(harness.asked)


def test_what_the_server_noted_is_told_in_the_folder(open_page: Opener, harness: Harness) -> None:
    page = open_page("/show", wait=FORM)
    note = "Nothing lies below s3://reef/2021/ yet."
    harness.answers[MIRRORS] = (202, STARTED | {"note": note})
    page.fill("#address", "s3://reef/2021")
    page.click(BUTTON)
    page.wait_for_selector(f".notice:has-text('{note}')")
    assert page.url.endswith("/folders/7")


def test_a_mirror_may_come_into_a_project_that_is_made_for_it(open_page: Opener, harness: Harness) -> None:
    page = open_page("/mirrors/new?none=1", wait="m-choose form")
    page.fill("#project-name", "Dives")
    harness.answers[MIRRORS] = (202, STARTED)
    page.click("text=Start the mirror")
    page.wait_for_url("**/folders/7")
    (body,) = asked_to_show(harness)
    assert (body["project"], body["create_project"]) == ("Dives", True)


def test_keys_of_a_store_are_replaced_after_they_were_tried(open_page: Opener, harness: Harness) -> None:
    page = open_page("/stores/reef", wait="main")
    page.click("text=Replace credentials")
    assert barriers(page) == []
    page.fill("#access_key", "AKIB")
    page.fill("#secret_key", "wrong")
    told = {"detail": "The store reef was not changed.", "advice": "Mend it.", "report": installation.REPORT}
    harness.answers["/api/v1/stores/reef"] = (422, told)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog .probe tr.refuses")
    harness.answers["/api/v1/stores/reef"] = (200, {"name": "reef"})
    page.fill("#secret_key", "right")
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('dialog[open]')")
    keys = {"kind": "keys", "access_key": "AKIB"}
    first, second = ({"credentials": keys | {"secret_key": secret}} for secret in ("wrong", "right"))
    assert harness.sent == [("PATCH", "/api/v1/stores/reef", first), ("PATCH", "/api/v1/stores/reef", second)]
