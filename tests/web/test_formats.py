"""Which format a browser gets by what it says that it shows."""

from __future__ import annotations

import pytest

from moorage.web.formats import negotiated

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SAFARI_13 = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "webp"),
        ("*/*", "webp"),
        ("image/*", "webp"),
        (CHROME, "avif"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8", "avif"),
        ("image/webp,*/*", "webp"),
        (SAFARI_13, "png"),
        ("image/jpeg", "jpeg"),
        ("IMAGE/JPEG ; q=0.9, image/png;Q=0.1", "jpeg"),
        ("image/avif;q=0.5,image/webp", "webp"),
        ("image/avif;q=0,image/*", "webp"),
        ("image/webp;q=0,*/*", "jpeg"),
        ("image/*;q=0,image/png", "png"),
        ("image/avif;q=oops,image/jpeg;q=0.1", "jpeg"),
        ("text/plain", "webp"),
        ("*/*;q=0", "webp"),
        (",;=,q=1", "webp"),
    ],
)
def test_the_best_liked_of_what_can_be_made_is_sent(accept: str, form: str) -> None:
    assert negotiated(accept) == form
