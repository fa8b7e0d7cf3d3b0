"""Files put into a folder from its page: chosen or dropped, asked about, sent, refused, tried again."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import Dialog, Page

from browser.axe import barriers
from browser.conftest import Opener
from browser.harness import Harness

pytestmark = pytest.mark.xdist_group("browser-upload")

CHOOSER: Final = "m-upload input[type=file]"
PUT: Final = "/api/v1/folders/8/items"
DROP: Final = """([names, kind]) => {
  const transfer = new DataTransfer();
  for (const name of names) transfer.items.add(new File([name], name, { type: 'image/jpeg' }));
  const at = document.querySelector('m-grid');
  const how = { bubbles: true, cancelable: true, dataTransfer: transfer };
  for (const event of kind) at.dispatchEvent(new DragEvent(event, how)); }"""


def files(*names: str, size: int = 1000) -> list[Any]:
    return [{"name": name, "mimeType": "image/jpeg", "buffer": b"x" * size} for name in names]


def opened(open_page: Opener, path: str = "/folders/8", **how: Any) -> Page:
    page = open_page(path, **how)
    page.on("filechooser", lambda _: None)  # from here on the browser hands each chooser to the test
    page.wait_for_selector(CHOOSER, state="attached")
    return page


def wait_title(page: Page, title: str) -> None:
    page.wait_for_function("title => document.querySelector('.tray-title')?.textContent === title", arg=title)


def line(page: Page, name: str) -> str:
    return " ".join(page.locator(f".tray-list li:has([title='{name}'])").inner_text().split())


def test_chosen_files_are_sent_and_shown(open_page: Opener, harness: Harness) -> None:
    page = opened(open_page)
    with page.expect_file_chooser() as choosing:
        page.click("m-upload button")
    choosing.value.set_files(files("a.jpg", "b c+é#.jpg", "empty.txt", size=0))
    wait_title(page, "3 files are in empty")
    assert sorted(query["name"] for _, query, _ in harness.put) == ["a.jpg", "b c+é#.jpg", "empty.txt"]
    assert {query["if_exists"] for _, query, _ in harness.put} == {"refuse"}
    page.wait_for_selector("m-grid a[title='b c+é#.jpg']")
    assert line(page, "a.jpg") == "a.jpg done · 0 B"
    assert barriers(page) == []
    page.click(".tray a:has-text('a.jpg')")
    page.wait_for_selector("main.item h1")
    assert page.inner_text(".tray-title") == "3 files are in empty", "the tray stays when the page goes"
    page.click(".tray button:has-text('Close')")
    assert page.locator(".tray").count() == 0


def test_dropped_files_say_where_they_would_go_and_are_sent(open_page: Opener, harness: Harness) -> None:
    page = opened(open_page)
    page.evaluate(DROP, [["a.jpg"], ["dragenter", "dragover"]])
    page.wait_for_selector(".drop-here:has-text('Drop to put into empty')")
    page.evaluate(DROP, [["a.jpg"], ["drop"]])
    wait_title(page, "1 file is in empty")
    assert page.locator(".drop-here").count() == 0
    assert [(folder, body) for folder, _, body in harness.put] == [("8", b"a.jpg")]


def test_nothing_is_sent_before_the_question_is_answered_and_each_answer_counts(
    open_page: Opener, harness: Harness
) -> None:
    harness.taken[:] = ["a.jpg", "b.jpg", "c.jpg"]
    page = opened(open_page)
    page.set_input_files(CHOOSER, files("a.jpg", "b.jpg", "c.jpg", "new.jpg"))
    for name, answer in (("a.jpg", "Replace"), ("b.jpg", "Skip"), ("c.jpg", "Keep both")):
        page.wait_for_selector(f"dialog h2:has-text('{name} is in empty already')")
        assert barriers(page) == []
        assert harness.put == []
        page.click(f"dialog button:has-text('{answer}')")
    wait_title(page, "3 files are in empty")
    sent = {query["name"]: query["if_exists"] for _, query, _ in harness.put}
    assert sent == {"a.jpg": "replace", "c.jpg": "both", "new.jpg": "refuse"}


def test_one_answer_stands_for_all_and_turning_away_sends_nothing(open_page: Opener, harness: Harness) -> None:
    harness.taken[:] = ["a.jpg", "b.jpg", "c.jpg"]
    page = opened(open_page)
    page.set_input_files(CHOOSER, files("a.jpg", "b.jpg", "new.jpg"))
    page.wait_for_selector("dialog.taken[open]")
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('dialog.taken')")
    assert harness.put == []
    page.set_input_files(CHOOSER, files("a.jpg", "b.jpg", "c.jpg"))
    page.click("dialog button:has-text('Skip')")
    assert page.inner_text("dialog.taken label") == "Do the same for all 2 files whose names are taken"
    page.check("#taken-all")
    page.click("dialog button:has-text('Keep both')")
    wait_title(page, "2 files are in empty")
    assert {query["name"]: query["if_exists"] for _, query, _ in harness.put} == {"b.jpg": "both", "c.jpg": "both"}


def test_three_are_under_way_at_most_and_each_and_all_can_be_cancelled(open_page: Opener, harness: Harness) -> None:
    harness.gate.clear()
    page = opened(open_page)
    page.set_input_files(CHOOSER, files(*(f"{n}.jpg" for n in range(8))))
    page.wait_for_function("() => document.querySelectorAll('.tray-list [data-state=sending]').length === 3")
    assert page.locator(".tray-list [data-state=waiting]").count() == 5
    page.click("[aria-label='Cancel: 0.jpg']")
    page.wait_for_function("() => document.querySelectorAll('.tray-list [data-state=sending]').length === 3")
    assert line(page, "0.jpg") == "0.jpg cancelled"
    page.click(".tray button:has-text('Cancel all')")
    page.click("dialog[open] button:has-text('Stop sending')")
    wait_title(page, "Nothing was sent")
    assert page.locator(".tray-list [data-state=cancelled]").count() == 8
    harness.gate.set()
    assert harness.most_under_way <= 4, "three, and one that was cancelled while its answer was awaited"


@pytest.mark.parametrize(
    ("status", "detail", "advice"),
    [
        (403, "The store reef is read-only.", "Ask an admin to make it writable."),
        (413, "The file is larger than 5 GiB.", "Put it into the store by other means."),
        (503, "There is no space left in the store primary.", "Make room, then try again."),
    ],
)
def test_a_file_that_fails_says_why_and_can_be_tried_again(
    open_page: Opener, harness: Harness, status: int, detail: str, advice: str
) -> None:
    harness.answers[f"{PUT}?a.jpg"] = (status, {"title": "Refused", "detail": detail, "advice": advice})
    page = opened(open_page)
    page.set_input_files(CHOOSER, files("a.jpg", "b.jpg"))
    wait_title(page, "1 file is in empty, 1 file failed")
    assert line(page, "a.jpg") == f"a.jpg Try again failed {detail} {advice}"
    page.wait_for_function("() => document.querySelector('.tray [role=status]').textContent.includes('1 file failed')")
    assert barriers(page) == []
    harness.answers.clear()
    page.click("[aria-label='Try again: a.jpg']")
    wait_title(page, "2 files are in empty")


def test_a_name_taken_meanwhile_offers_the_answers_again(open_page: Opener, harness: Harness) -> None:
    harness.answers[f"{PUT}?a.jpg"] = (409, {"detail": "a.jpg is there already.", "advice": "Replace it."})
    page = opened(open_page)
    page.set_input_files(CHOOSER, files("a.jpg"))
    page.wait_for_selector("[aria-label='Keep both: a.jpg']")
    harness.answers.clear()
    page.click("[aria-label='Replace: a.jpg']")
    wait_title(page, "1 file is in empty")
    assert [query["if_exists"] for _, query, _ in harness.put] == ["replace"]


def test_what_cannot_be_sent_is_refused_at_once(open_page: Opener, harness: Harness) -> None:
    page = opened(open_page)
    page.evaluate(
        """() => { const transfer = new DataTransfer(), big = new File(['x'], 'big.tif');
        Object.defineProperty(big, 'size', { value: 5 * 2 ** 30 + 1 });
        const entry = () => ({ isDirectory: true });
        const folder = { kind: 'file', getAsFile: () => new File([], 'holiday'), webkitGetAsEntry: entry };
        const event = new DragEvent('drop', { bubbles: true, cancelable: true });
        const items = [folder, { kind: 'file', getAsFile: () => big }];
        Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], items } });
        document.querySelector('m-grid').dispatchEvent(event); }"""
    )
    wait_title(page, "2 files failed")
    assert "Larger than 5 GiB" in line(page, "big.tif")
    assert "Folders cannot be dropped yet. Drop the files in it, or send all of it with: moorage cp -r" in line(
        page, "holiday"
    )
    assert page.locator(".tray-list button").count() == 0
    assert harness.put == []


def test_uploads_go_on_while_the_reader_moves_to_other_pages(open_page: Opener, harness: Harness) -> None:
    harness.gate.clear()
    page = opened(open_page)
    page.set_input_files(CHOOSER, files("a.jpg", "b.jpg", "c.jpg", "d.jpg"))
    wait_title(page, "Sending 4 files to empty")
    page.click("nav a:has-text('Stores')")
    page.wait_for_function("() => document.querySelector('h1').textContent === 'Stores'")
    wait_title(page, "Sending 4 files to empty")
    assert barriers(page) == []
    page.go_back()
    page.wait_for_selector(CHOOSER, state="attached")
    harness.gate.set()
    wait_title(page, "4 files are in empty")
    assert len(harness.put) == 4
    page.wait_for_selector("m-grid a[title='d.jpg']")


def test_the_browser_asks_before_the_tab_closes_while_files_are_under_way(open_page: Opener, harness: Harness) -> None:
    harness.gate.clear()
    page = opened(open_page)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.set_input_files(CHOOSER, files("a.jpg"))
    wait_title(page, "Sending 1 file to empty")
    page.click("h1")
    page.evaluate("setTimeout(() => location.reload())")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    harness.gate.set()
    wait_title(page, "1 file is in empty")


def test_a_folder_of_a_read_only_mirror_explains_why_nothing_can_be_put_there(
    open_page: Opener, harness: Harness
) -> None:
    page = open_page("/folders/7", wait="m-grid .tile a[href]")
    page.click("text=Put files here")
    page.wait_for_selector("dialog[open]:has-text('Moorage only reads there')")
    assert "moorage store change reef --writable" in page.inner_text("dialog[open]")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    page.evaluate(DROP, [["a.jpg"], ["dragenter", "dragover"]])
    page.wait_for_selector(".drop-here.shut:has-text('Files cannot be put here')")
    page.evaluate(DROP, [["a.jpg"], ["drop"]])
    page.wait_for_selector("dialog[open]:has-text('Moorage only reads there')")
    assert harness.put == []


def test_an_upload_by_keys_alone(open_page: Opener, harness: Harness) -> None:
    harness.taken[:] = ["a.jpg"]
    harness.answers[f"{PUT}?b.jpg"] = (503, {"detail": "The server is busy.", "advice": "Try again."})
    page = opened(open_page)
    page.focus("m-upload button")
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Enter")
    choosing.value.set_files(files("a.jpg", "b.jpg"))
    page.wait_for_selector("dialog.taken[open]")
    assert page.evaluate("document.activeElement.textContent") == "Keep both"
    page.keyboard.press("Enter")
    wait_title(page, "1 file is in empty, 1 file failed")
    harness.answers.clear()
    page.focus(".tray-head button:has-text('Details')")
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Try again: b.jpg"
    page.keyboard.press("Enter")
    wait_title(page, "2 files are in empty")
    assert page.evaluate("document.activeElement.textContent") == "Close"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Put files here"


def test_the_tray_of_a_phone_is_below_the_grid_and_folded(open_page: Opener, harness: Harness) -> None:
    harness.gate.clear()
    page = opened(open_page, width=390, height=844)
    page.set_input_files(CHOOSER, files(*(f"{n}.jpg" for n in range(6))))
    wait_title(page, "Sending 6 files to empty")
    grid, tray = (page.locator(one).bounding_box() for one in ("m-grid", ".tray"))
    assert grid is not None
    assert tray is not None
    assert grid["y"] + grid["height"] <= tray["y"]
    assert tray["height"] < 90
    page.click(".tray button:has-text('Details')")
    page.wait_for_selector(".tray-list li >> nth=5")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    harness.gate.set()
    wait_title(page, "6 files are in empty")
