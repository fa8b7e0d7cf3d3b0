"""`moorage find`: items by name, kind and size, as places, as signed URLs, or as tasks for an annotation tool."""

from __future__ import annotations

import json as json_
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Final

import typer

from moorage.cli.browsing import Kind, Place, Size, kind_of, size_of
from moorage.cli.finding import below, split
from moorage.cli.options import Expires, Json, Url
from moorage.cli.presigning import seconds_of
from moorage.cli.printing import put, put_json, put_rows, say, text
from moorage.cli.session import connected
from moorage.model.errors import Invalid
from moorage.model.keys import ESCAPED, escape, needs_escape

if TYPE_CHECKING:
    from moorage.client import SignedUrl

LABEL_STUDIO: Final = "label-studio"
_PLAIN: Final = re.compile(r"[^*?\[]*")


def find(
    place: Place,
    *,
    name: Annotated[str | None, typer.Option(help="A glob on the item's name, such as '*.jpg'.")] = None,
    kind: Kind = None,
    min_size: Size = None,
    max_size: Size = None,
    urls: Annotated[bool, typer.Option("--urls", help="With a URL for each that needs no token.")] = False,
    expires: Expires = None,
    format_: Annotated[
        str | None, typer.Option("--format", help="label-studio: tasks with URLs, for its import.", metavar="FORMAT")
    ] = None,
    json: Json = False,
    url: Url = None,
) -> None:
    """Find items at and below a place, as paths or as URLs.

    With --urls, each line has a path and a URL that needs no token until it
    expires; --format label-studio prints one list of tasks.
    """
    if format_ not in (None, LABEL_STUDIO):
        raise Invalid(f"{format_} is no format.", f"Write {LABEL_STUDIO}, or leave it out.", field="format")
    signed = urls or format_ is not None
    if expires is not None and not signed:
        raise Invalid("Only URLs expire.", "Add --urls, or leave --expires out.", field="expires")
    wanted, lives_s = kind_of(kind), seconds_of(expires)
    least, most = size_of(min_size, "min_size"), size_of(max_size, "max_size")
    with connected(url) as client:
        if signed:
            project, path = split(place)
            found = client.sign_urls(
                project,
                path=path,
                kind=wanted,
                prefix=_beginning(name),
                min_size=least,
                max_size=most,
                expires_in=lives_s,
            )
            _put_urls(
                (one for one in found if name is None or fnmatchcase(one.name, name)), project, format_, json=json
            )
            return
        matching = (
            (path, item)
            for path, item in below(client, place)
            if wanted in (None, item.kind)
            and (name is None or fnmatchcase(item.name, name))
            and item.size >= (least or 0)
            and (most is None or item.size <= most)
        )
        if json:
            for _, item in matching:
                put_json(item)
        else:
            put_rows(matching, [("place", lambda row: row[0])], as_json=False)


def _beginning(glob: str | None) -> str:
    """What every name that the glob matches begins with: the server looks at no others."""
    match = _PLAIN.match(glob or "")
    return match.group() if match else ""


def _put_urls(found: Iterator[SignedUrl], project: str, format_: str | None, *, json: bool) -> None:
    if format_ == LABEL_STUDIO:
        _put_tasks(found)
        return
    for one in found:
        if json:
            put_json(one)
        else:
            put(f"{text(f'{project}/{one.path}')}\t{one.url}")


def _put_tasks(found: Iterator[SignedUrl]) -> None:
    """One JSON array, written as it comes; it stays open, and so is refused, where the stream breaks off.

    Source: https://labelstud.io/guide/tasks, Basic Label Studio JSON format.
    """
    counts = {"image": 0, "video": 0, "file": 0}
    before = "["
    for one in found:
        counts[one.kind] += 1
        if one.kind == "file":
            continue
        put(f"{before}\n{json_.dumps(_task(one), ensure_ascii=False)}", end="")
        before = ","
    put("[]" if before == "[" else "\n]")
    tasks = counts["image"] + counts["video"]
    kinds = f"{counts['image']:,} images, {counts['video']:,} videos"
    say(f"{tasks:,} tasks: {kinds}. {counts['file']:,} other files left out.")
    if counts["image"] and counts["video"]:
        say("A Label Studio project shows images as $image, or videos as $video: add --kind image or --kind video.")


def _task(one: SignedUrl) -> dict[str, dict[str, str]]:
    odd = needs_escape(one.path)
    data = {one.kind: one.url, "item": one.item, "path": escape(one.path) if odd else one.path}
    return {"data": data | ({"key_encoding": ESCAPED} if odd else {})}
