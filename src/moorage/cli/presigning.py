"""`moorage presign`: a URL that reads one item without a token, until it expires."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from moorage.cli.browsing import Place
from moorage.cli.finding import found
from moorage.cli.options import Expires, Json, Url
from moorage.cli.printing import put, put_json, say, text
from moorage.cli.session import connected
from moorage.model.errors import Invalid
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client.shapes import SignedManifest, SignedUrl, Variant

LIFE: Final = "7d"


def presign(
    place: Place,
    *,
    expires: Expires = None,
    variant: Annotated[str, typer.Option(help="content, preview, poster or iiif.")] = "content",
    width: Annotated[int | None, typer.Option(help="Of a preview or poster: its longer side in pixels.")] = None,
    page: Annotated[int | None, typer.Option(help="Of a preview: which page, from 1.")] = None,
    window: Annotated[
        str | None, typer.Option(metavar="LOW,HIGH", help="Of a preview: stored values shown black and white.")
    ] = None,
    download: Annotated[bool, typer.Option("--download", help="Browsers save it rather than show it.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Print a URL of an item that needs no token until it expires; with --variant iiif also of a folder's manifest."""
    from moorage.client import Item

    lives_s, shown, values = seconds_of(expires), variant_of(variant), window_of(window)
    if shown not in ("preview", "poster") and (width, page, values) != (None, None, None):
        raise Invalid(
            "Only previews have a width, page or window.", "Add --variant preview, or leave them out.", field="variant"
        )
    with connected(url) as client:
        item = found(client, place)
        if not isinstance(item, Item) and shown == "iiif":
            _tell(client.sign_manifest(item.id, expires_in=lives_s), "see all images in it", as_json=json)
            return
        if not isinstance(item, Item):
            raise Invalid(
                f"{escape(place)} is a folder, and URLs are of items.",
                f"For all that is in it: moorage find {escape(place)} --urls",
                field="place",
            )
        made = client.sign_url(
            item.id,
            variant=shown,
            expires_in=lives_s,
            disposition="attachment" if download else None,
            width=width,
            page=page,
            window=values,
        )
    _tell(made, "read the item", as_json=json)


def _tell(made: SignedUrl | SignedManifest, can: str, *, as_json: bool) -> None:
    if as_json:
        put_json(made)
        return
    put(made.url)
    say(f"Whoever has this URL can {can} until {text(made.expires)}.")


def seconds_of(word: str | None) -> int:
    """Seconds of a time such as 7d. Raises: Invalid."""
    from moorage.settings.units import duration

    try:
        life = duration(word or LIFE)
    except ValueError as exc:
        raise Invalid(f"{word} is no time.", f"To fix it, {exc}.", field="expires") from exc
    assert isinstance(life, timedelta)
    seconds = int(life.total_seconds())
    if seconds < 1:
        raise Invalid(f"{word} is over at once.", "Write a time such as 30m, 12h or 7d.", field="expires")
    return seconds


def variant_of(word: str) -> Variant:
    """The variant that the word names. Raises: Invalid."""
    match word:
        case "content" | "preview" | "poster" | "iiif":
            return word
    raise Invalid(f"{word} is no variant of an item.", "Write content, preview, poster or iiif.", field="variant")


def window_of(word: str | None) -> tuple[float, float] | None:
    """The two values of a window such as 1000,3000. Raises: Invalid."""
    if word is None:
        return None
    try:
        low, high = map(float, word.split(","))
    except ValueError as exc:
        raise Invalid(
            f"{word} is no window.", "Write two values, the lower one first: 1000,3000.", field="window"
        ) from exc
    return low, high
