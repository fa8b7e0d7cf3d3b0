"""The virtual grid and list, with five million and twenty-four rows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route

from browser import sample
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-grid")

TILE = "m-grid .tile a[href]"
LINE = "m-grid .line-name a[href]"
LAST = f"frame_{sample.ITEMS - 1:07d}"
SHIFTS = """() => {
  window.shifts = 0;
  const add = list => list.getEntries().forEach(one => { if (!one.hadRecentInput) window.shifts += one.value; });
  new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true }); }"""
SHOWN = """() => { if (!document.querySelector('m-grid .scroller')) return [];
  const box = document.querySelector('m-grid .scroller').getBoundingClientRect();
  const head = document.querySelector('m-grid .line-top').getBoundingClientRect().height;
  return [...document.querySelectorAll('m-grid .name')].map(n => [n.textContent, n.getBoundingClientRect()])
    .filter(([text, r]) => text && r.height && r.top >= box.top + head && r.bottom <= box.bottom)
    .sort((a, b) => a[1].top - b[1].top || a[1].left - b[1].left).map(([text]) => text); }"""


def shown(page: Page) -> list[str]:
    names: list[str] = page.evaluate(SHOWN)
    return names


def wait_shown(page: Page, name: str) -> None:
    page.wait_for_function(f"name => ({SHOWN})().some(text => text.startsWith(name))", arg=name)


def scroll_to(page: Page, share: float) -> None:
    page.evaluate(
        """share => { const s = document.querySelector('m-grid .scroller');
        s.scrollTop = share * (s.scrollHeight - s.clientHeight); }""",
        share,
    )


def numbers(names: list[str]) -> list[int]:
    return [int(found[1]) for name in names if (found := re.match(r"frame_(\d+)", name))]


@pytest.mark.parametrize("view", ["grid", "list"])
def test_first_middle_and_last_of_five_million_rows_are_reached(open_page: Opener, harness: Harness, view: str) -> None:
    page = open_page(f"/folders/7?view={view}", wait=TILE if view == "grid" else LINE)
    assert shown(page)[0] == "dive-2000"
    scroll_to(page, 0.5)
    page.wait_for_function("() => /^2,(5|49)/.test(document.querySelector('[data-where]').textContent)")
    page.wait_for_function(f"() => ({SHOWN})().length > 5")
    middle = numbers(shown(page))
    assert abs(middle[0] - sample.ITEMS // 2) < sample.ITEMS // 100
    scroll_to(page, 1)
    wait_shown(page, LAST)
    assert shown(page)[-1].startswith(LAST)
    scroll_to(page, 0)
    wait_shown(page, "dive-2000")
    pages = [path for path in harness.asked if "children" in path]
    assert len(pages) < 12
    assert any("at=" in path for path in pages)


def test_the_list_is_taller_than_a_browser_allows_and_the_wheel_still_moves_line_by_line(open_page: Opener) -> None:
    page = open_page("/folders/7?view=list", wait=LINE)
    assert page.evaluate("document.querySelector('m-grid .space').offsetHeight") == 8_000_000
    scroll_to(page, 0.25)
    page.wait_for_timeout(400)
    page.wait_for_function(f"() => ({SHOWN})().length > 5")
    before = numbers(shown(page))
    page.mouse.move(600, 500)
    for _ in range(4):
        page.mouse.wheel(0, 96)
        page.wait_for_timeout(60)
    page.wait_for_timeout(400)
    after = numbers(shown(page))
    assert 6 <= after[0] - before[0] <= 10
    assert after == list(range(after[0], after[0] + len(after)))


def test_rows_neither_repeat_nor_skip_while_paging_and_after_a_jump(open_page: Opener) -> None:
    page = open_page("/folders/7", wait=TILE)
    seen: list[int] = []
    page.mouse.move(600, 500)
    for _ in range(12):
        seen += numbers(shown(page))
        page.mouse.wheel(0, 250)
        page.wait_for_timeout(80)
    assert max(seen) > 40
    assert sorted(set(seen)) == list(range(max(seen) + 1))
    scroll_to(page, 0.731)
    page.wait_for_timeout(500)
    page.wait_for_function(f"() => ({SHOWN})().length > 5")
    jumped = numbers(shown(page))
    assert jumped == list(range(jumped[0], jumped[0] + len(jumped)))


def test_few_elements_stand_for_five_million_rows(open_page: Opener) -> None:
    page = open_page("/folders/7", wait=TILE)
    for share in (0.1, 0.9, 0.3, 1.0, 0.0):
        scroll_to(page, share)
        page.wait_for_timeout(200)
    assert page.evaluate("document.querySelectorAll('m-grid .tile').length") < 120


def test_keys_walk_through_the_grid_and_enter_opens(open_page: Opener) -> None:
    page = open_page("/folders/7", wait=TILE)
    page.focus("m-grid .scroller")

    def active() -> str:
        name: str = page.evaluate("document.querySelector('m-grid [aria-selected] .name')?.textContent")
        return name

    for key, name in (
        ("ArrowRight", "dive-2001"),
        ("ArrowRight", "dive-2002"),
        ("ArrowDown", "dive-2008"),
        ("ArrowLeft", "dive-2007"),
        ("ArrowUp", "dive-2001"),
    ):
        page.keyboard.press(key)
        assert active() == name, key
    page.keyboard.press("End")
    wait_shown(page, LAST)
    assert active().startswith(LAST)
    page.keyboard.press("PageUp")
    page.wait_for_function("() => /^frame_/.test(document.querySelector('m-grid [aria-selected] .name')?.textContent)")
    assert sample.ITEMS - 60 < numbers([active()])[0] < sample.ITEMS - 6
    page.keyboard.press("Home")
    wait_shown(page, "dive-2000")
    assert active() == "dive-2000"
    described = page.get_attribute("m-grid .scroller", "aria-activedescendant")
    assert page.locator(f"[id='{described}']").get_attribute("role") == "gridcell"
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*")


def test_nothing_on_the_page_moves_while_rows_and_pictures_load(open_page: Opener) -> None:
    page = open_page("/folders/7", wait=TILE)
    page.evaluate(SHIFTS)
    page.wait_for_function("() => document.querySelectorAll('m-grid .pic.loaded').length > 5")
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifts") < 0.01


def test_a_broken_preview_shows_its_reason_and_is_asked_for_twice_at_most(open_page: Opener, harness: Harness) -> None:
    page = open_page("/folders/7", wait=TILE)
    page.wait_for_selector("m-grid .pic.broken .reason:has-text('middle of the picture')")
    for share in (0.5, 0.0, 0.5, 0.0):
        scroll_to(page, share)
        page.wait_for_timeout(200)
    assert len([path for path in harness.asked if path.startswith("/api/v1/items/1007/preview")]) == 2


def test_a_preview_that_a_busy_server_refuses_is_asked_for_again(open_page: Opener, harness: Harness) -> None:
    harness.busy["/api/v1/items/1001/preview"] = 2
    page = open_page("/folders/7", wait=TILE)
    page.wait_for_selector("m-grid a[title='frame_0000001.jpg'] .pic.broken .reason:has-text('busy')")
    page.wait_for_selector("m-grid a[title='frame_0000001.jpg'] .pic.loaded:not(.broken)")
    assert harness.busy == {"/api/v1/items/1001/preview": 0}


def test_a_search_by_prefix_shows_what_begins_so_and_the_address_follows(open_page: Opener) -> None:
    page = open_page("/folders/7", wait=TILE)
    page.fill("#prefix", "frame_00123")
    wait_shown(page, "frame_0012300")
    assert all(name.startswith("frame_00123") for name in shown(page))
    assert page.url.endswith("/folders/7?prefix=frame_00123")
    page.keyboard.press("Tab")
    page.focus("m-grid .scroller")
    page.keyboard.press("End")
    wait_shown(page, "frame_0012399")
    assert "of 100" in (page.text_content("[data-where]") or "")
    page.fill("#prefix", "whale")
    page.wait_for_selector("text=Nothing found")


def test_kind_sort_order_and_view_change_in_place(open_page: Opener, harness: Harness) -> None:
    page = open_page("/folders/7", wait=TILE)
    page.select_option("#kind", "video")
    wait_shown(page, "frame_0000003.mp4")
    assert all(name.endswith(".mp4") for name in shown(page))
    page.select_option("#kind", "")
    page.select_option("#sort", "size")
    page.check("input[name=order]")
    page.check("input[name=view][value=list]")
    page.wait_for_selector(LINE)
    asked: list[Any] = [path for path in harness.asked if "children" in path]
    assert "sort=size" in asked[-1]
    assert "order=desc" in asked[-1]
    assert sorted(page.url.partition("?")[2].split("&")) == ["order=desc", "sort=size", "view=list"]


def test_going_back_from_an_item_returns_to_its_place(open_page: Opener) -> None:
    page = open_page("/folders/7", wait=TILE)
    scroll_to(page, 0.4)
    page.wait_for_function("() => location.hash.startsWith('#at=')")
    page.wait_for_function(f"() => ({SHOWN})().length > 5")
    place = shown(page)
    page.locator(f"m-grid a[title='{place[7]}']").click()
    page.wait_for_selector("main.item h1")
    assert page.text_content("main.item h1") == place[7]
    page.go_back()
    wait_shown(page, place[7])
    assert shown(page)[0] == place[0]


def test_arrow_keys_on_an_item_lead_to_its_neighbours(open_page: Opener) -> None:
    page = open_page("/items/1010#at=34", wait="m-neighbours:not([hidden]) a[href]")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('h1').textContent === 'frame_0000011.jpg'")
    page.wait_for_selector("m-neighbours:not([hidden]) a[href]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('h1').textContent === 'frame_0000010.jpg'")


def test_an_empty_folder_says_what_to_do(open_page: Opener) -> None:
    page = open_page("/folders/8", wait="m-grid .empty")
    assert "This folder is empty" in (page.text_content("m-grid .empty") or "")


def test_a_page_of_rows_that_fails_says_why_and_can_be_tried_again(open_page: Opener) -> None:
    page = open_page("/folders/7", wait=TILE)
    body = '{"detail": "The order by size is being made.", "advice": "Try in a minute."}'

    def refuse(route: Route) -> None:
        route.fulfill(status=409, content_type="application/problem+json", body=body)

    page.route("**/children?*sort=size*", refuse)
    page.select_option("#sort", "size")
    page.wait_for_selector(".grid-message:has-text('The order by size is being made.')")
    page.unroute("**/children?*sort=size*")
    page.click(".grid-message button")
    wait_shown(page, "dive-2000")
