"""Formats of previews by what a browser says that it shows."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from moorage.model.variant import Format

_BY_TASTE: Final = (Format.AVIF, Format.WEBP, Format.JPEG, Format.PNG)
"""The smallest first; which of two a browser likes better counts before."""
_OTHERWISE: Final = Format.WEBP
"""For who says nothing, anything, or nothing that can be made: every browser since 2020 shows it."""


_READ: Final = 1024
"""Characters of an Accept header that are looked at; browsers send about a hundred."""


def negotiated(accept: str) -> Format:
    """The format for the value of an Accept header. AVIF only where it is named: ``image/*`` is older than it.

    Source: RFC 9110, section 12.5.1.
    """
    return _negotiated(accept[:_READ])


@lru_cache(maxsize=256)
def _negotiated(accept: str) -> Format:
    said = dict(map(_range, accept.lower().split(",")))
    anything = said.get("image/*", said.get("*/*", 0.0))
    likings = {form: said.get(form.media_type, 0.0 if form is Format.AVIF else anything) for form in _BY_TASTE}
    best = max(_BY_TASTE, key=lambda form: likings[form])
    return best if likings[best] > 0 else _OTHERWISE


def _range(text: str) -> tuple[str, float]:
    """A media range and its weight; of a weight that is none, 0."""
    kind, *parameters = (part.strip() for part in text.split(";"))
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return kind, float(weight)
    except ValueError:
        return kind, 0.0
