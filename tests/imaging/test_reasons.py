"""What the first bytes say, and what people are told."""

from __future__ import annotations

import pytest

import media
from moorage.imaging import heif, reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.process import undecodable
from moorage.model.variant import Task


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("quarters.heic", "heic"),
        ("quarters.avif", "image"),
        ("film.mkv", "video"),
        ("film.webm", "video"),
        ("film.avi", "video"),
        ("faststart.mp4", "video"),
        ("animated.webp", "image"),
        ("drawing.svg", "svg"),
        ("rocket.jpg", "image"),
        ("text.jpg", "image"),
    ],
)
def test_the_first_bytes_say_what_it_is(name: str, kind: str) -> None:
    assert reasons.sniff(media.data(name)[:64]) == kind


def test_heic_without_its_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heif, "pi_heif", None)
    content = media.data("quarters.heic")
    with pytest.raises(reasons.Unreadable, match=r"pip install 'moorage\[heif\]'"):
        heif.image(Blocks(len(content), lambda start, length: content[start : start + length]), Limits())


@pytest.mark.parametrize(
    ("detail", "reason"),
    [
        ("VipsJpeg: premature end of JPEG image", reasons.CUT_OFF),
        ("vipspng: libpng read error", reasons.CUT_OFF),
        ("out of memory --- size == 412MB", reasons.TOO_MUCH_MEMORY),
        ("tiff2vips: samples out of range", reasons.RARE),
        ("something new", reasons.DAMAGED),
    ],
)
def test_what_libvips_says_becomes_a_sentence(detail: str, reason: str) -> None:
    assert reasons.of_vips(detail) == reason


def test_the_sentence_of_a_huge_image_counts_its_pixels() -> None:
    assert reasons.too_many_pixels(40_000, 30_000, 1_000_000_000) == (
        "The image has 40,000 x 30,000 pixels, 1,200 million; of this kind, up to 1,000 million are shown."
    )


def test_budgets_follow_the_size() -> None:
    limits = Limits()
    assert limits.budget(Task.POSTER, 1_000) == 8 << 20
    assert limits.budget(Task.POSTER, 1_000_000_000) == 20_000_000
    assert limits.budget(Task.PREVIEW, 100) > 100


@pytest.mark.parametrize("task", Task)
def test_what_was_not_made_is_called_what_it_is(task: Task) -> None:
    told = undecodable(task, reasons.damaged(task))
    assert told.message.endswith(told.reason)
    assert told.message != told.reason
    assert ("The video" in told.message, "image" not in told.message) == (task.of_video, task.of_video)
