"""The colours of tokens.css, each text on each ground that it is used on. Source: WCAG 2.2, 1.4.3 and 1.4.11."""

from __future__ import annotations

import re
from typing import Final

import pytest

from browser.screens import PACKAGE

GROUNDS: Final = ("ground", "surface", "sunken")
TEXTS: Final = {
    "ink": (*GROUNDS, "accent-soft", "ok-soft", "warn-soft", "bad-soft"),
    "ink-soft": (*GROUNDS, "accent-soft", "ok-soft", "warn-soft", "bad-soft"),
    "ink-faint": GROUNDS,
    "accent": (*GROUNDS, "accent-soft"),
    "accent-strong": GROUNDS,
    "on-accent": ("accent", "accent-strong"),
    "on-bad": ("bad", "bad-strong"),
    "ok": ("surface", "ok-soft"),
    "warn": ("surface", "warn-soft"),
    "bad": ("surface", "bad-soft"),
}
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
    for part in (PACKAGE / "static" / "tokens.css").read_text("utf-8").split("@media")
)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_is_legible_on_its_grounds(scheme: dict[str, str]) -> None:
    faint = [
        (text, ground)
        for text, grounds in TEXTS.items()
        for ground in grounds
        if contrast(scheme[text], scheme[ground]) < 4.5
    ]
    assert faint == []


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_edges_of_fields_stand_out(scheme: dict[str, str]) -> None:
    assert all(contrast(scheme["edge"], scheme[ground]) >= 3 for ground in GROUNDS)
