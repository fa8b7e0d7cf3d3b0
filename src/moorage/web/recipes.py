"""Recipes: which preview a request asks for, and what is told of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from moorage.edge.ranges import Representation
from moorage.model.catalogue import Item
from moorage.model.errors import Invalid
from moorage.model.variant import Format, Recipe, Rendered
from moorage.web.api.signing import SIGNATURE, variant_text
from moorage.web.formats import negotiated

ROUTE: Final = re.compile(r"/api/v1/items/(\d{1,16})/(content|preview|poster)")
"""The byte routes of an item."""
CACHE: Final = "private, max-age=60"


class Wanted(NamedTuple):
    """What the query of a byte route asks for; the recipe is None for the content itself.

    ``variant``: what a signature binds of it.
    """

    fields: dict[str, str]
    recipe: Recipe | None
    variant: str


def wanted_of(route: str, fields: dict[str, str], accept: str) -> Wanted:
    """What is asked for. Raises Invalid."""
    recipe = None if route == "content" else recipe_of(fields, accept)
    return Wanted(fields, recipe, variant_text(route, recipe))


def recipe_of(query: Mapping[str, str], accept: str) -> Recipe:
    """The recipe that a query asks for; without a format the one that ``accept`` likes best.

    A signed URL that names no format means WebP: what it stands for is the same for everyone. Raises Invalid for what
    no recipe can be.
    """
    page = number_of(query, "page")
    chosen = negotiated(accept) if negotiates(query) else query.get("format", Format.WEBP)
    return Recipe.asked(
        number_of(query, "width"),
        number_of(query, "height"),
        query.get("fit", "inside"),
        chosen,
        page=1 if page is None else page,
        window=query.get("window", ""),
    )


def negotiates(query: Mapping[str, str]) -> bool:
    """True where the format is for the browser to choose."""
    return query.get("format", "auto") == "auto" and SIGNATURE not in query


def number_of(query: Mapping[str, str], name: str) -> int | None:
    """A number of pixels or of a page; None where it is not named. Raises Invalid for what is no such number."""
    text = query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:  # noqa: PLR2004 - no screen has a million pixels
        raise Invalid(f"{text[:20]!r} is no number for {name}.", "Write a whole number.", field=name)
    return int(text)


def variant(item: Item, recipe: Recipe) -> Representation:
    """What conditions are decided by."""
    return Representation(0, recipe.name(item.version), item.modified_ms)


def variant_headers(
    known: Representation, query: Mapping[str, str], rendered: Rendered | None = None
) -> list[tuple[str, str]]:
    """Headers of a variant, and of a finished one how many pages its source has."""
    headers = [("etag", f'"{known.etag}"'), ("cache-control", CACHE)]
    if negotiates(query):
        headers.append(("vary", "Accept"))
    if rendered is not None and rendered.pages is not None:
        headers.append(("moorage-pages", str(rendered.pages)))
    return headers
