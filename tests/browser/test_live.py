"""News of jobs: one stream for all tabs, figures in place, cards drawn anew when more than a figure changes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from browser import sample
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-live")


def wait_line(page: Page, text: str, job: str = "41") -> None:
    page.wait_for_function(
        "([job, text]) => document.querySelector(`[data-job='${job}'] [data-line]`)?.textContent.startsWith(text)",
        arg=[job, text],
    )


def wait_listeners(page: Page, harness: Harness, number: int) -> None:
    for _ in range(60):
        if len(harness.listeners) == number:
            return
        page.wait_for_timeout(50)
    assert len(harness.listeners) == number


def test_two_tabs_share_one_stream_and_the_second_goes_on_when_the_first_closes(
    open_page: Opener, harness: Harness
) -> None:
    first = open_page("/jobs", wait="m-job")
    second = open_page("/jobs", wait="m-job")
    wait_listeners(second, harness, 1)
    harness.tell(sample.job(41, "running", done=13_000))
    wait_line(first, "13,000 of 50,000 objects · 1,250 per second")
    wait_line(second, "13,000 of 50,000")
    assert second.evaluate("document.querySelector('[data-job=\"41\"] progress').value") == 13_000
    first.close()
    second.wait_for_timeout(400)
    wait_listeners(second, harness, 1)
    harness.tell(sample.job(41, "running", done=14_000))
    wait_line(second, "14,000 of 50,000")


def test_the_stream_goes_on_after_moving_to_another_page(open_page: Opener, harness: Harness) -> None:
    page = open_page("/stores", wait="nav")
    page.click("nav a:has-text('Jobs')")
    page.wait_for_selector("m-job")
    page.wait_for_timeout(400)
    wait_listeners(page, harness, 1)
    harness.tell(sample.job(41, "running", done=15_000))
    wait_line(page, "15,000 of 50,000")
    assert page.inner_text("#open-jobs").startswith("1")


def test_a_job_that_asks_gets_its_question_without_a_reload(open_page: Opener, harness: Harness) -> None:
    page = open_page("/jobs/41", wait="m-job")
    wait_listeners(page, harness, 1)
    harness.tell(sample.job(41, "needs_confirmation", question=sample.QUESTION))
    page.wait_for_selector("[data-job='41'] .banner:has-text('12,400 of 50,000 objects are gone')")
    assert page.locator("m-job[data-job='41']").count() == 1
    page.click("text=Show 20 of them")
    page.wait_for_function("() => document.querySelectorAll('.gone-list li').length === 20")
    page.evaluate("document.querySelector('.gone-list').dataset.before = ''")
    harness.tell(sample.job(41, "needs_confirmation", question=sample.QUESTION, no_worker=True))
    page.wait_for_function("() => document.querySelectorAll('.gone-list:not([data-before]) li').length === 20")


def test_a_job_that_ended_before_the_stream_began_is_caught_up_with(open_page: Opener, harness: Harness) -> None:
    page = open_page("/jobs/41", wait="m-job")
    harness.set_job(sample.job(41, "succeeded", done=50_000, outcome={"added": 50_000}))
    page.wait_for_selector("[data-job='41'] .tag.ok:has-text('succeeded')")
    assert "50,000 added" in page.inner_text("[data-job='41']")


def test_the_folder_of_a_job_shows_new_counts_and_rows_when_it_ends(open_page: Opener, harness: Harness) -> None:
    page = open_page("/folders/6", wait="m-grid .tile a[href]")
    wait_listeners(page, harness, 1)
    before = len([path for path in harness.asked if "children" in path])
    harness.tell(sample.job(41, "succeeded", done=50_000))
    page.wait_for_function("() => !document.querySelector('[data-job=\"41\"]')")
    page.wait_for_timeout(200)
    assert len([path for path in harness.asked if "children" in path]) > before
    assert page.locator("#folder-counts").count() == 1


def test_an_answer_names_the_figures_that_were_asked_about(open_page: Opener, harness: Harness) -> None:
    page = open_page("/folders/6", wait=".banner")
    harness.answers["/api/v1/jobs/40/confirm"] = (200, sample.job(40, "running"))
    page.click("text=They are really gone")
    page.click("dialog >> text=They are really gone >> nth=-1")
    page.wait_for_function("() => !document.querySelector('dialog[open]')")
    page.wait_for_timeout(100)
    assert harness.sent == [
        ("POST", "/api/v1/jobs/40/confirm", {"choice": "accept", "figures": {"vanished": 12_400, "live": 50_000}})
    ]


def test_an_action_that_is_refused_says_why(open_page: Opener, harness: Harness) -> None:
    page = open_page("/jobs", wait="m-job")
    harness.answers["/api/v1/jobs/41/pause"] = (
        409,
        {"detail": "The job has just ended.", "advice": "Nothing is left to do."},
    )
    page.click("#job-41-pause")
    page.wait_for_selector(".notice.bad:has-text('The job has just ended. Nothing is left to do.')")
