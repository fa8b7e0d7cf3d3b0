"""`moorage video`: what a video tells of itself, when its frames are shown, and making it playable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.browsing import Place
from moorage.cli.finding import found
from moorage.cli.options import Json, Url, Wait
from moorage.cli.printing import put, put_fields, put_json, say
from moorage.cli.session import connected
from moorage.cli.watching import follow
from moorage.model.errors import Invalid
from moorage.model.keys import escape

if TYPE_CHECKING:
    from moorage.client import Client
    from moorage.client.videos import Conversion, ConversionKind

app = typer.Typer(help="What a video tells of itself, and making it playable.", no_args_is_help=True)


@app.command("show")
def show(place: Place, *, json: Json = False, url: Url = None) -> None:
    """Show container, codecs, frame rate and length of a video, and whether browsers play it."""
    with connected(url) as client:
        told = client.video(_item(client, place))
    if json:
        put_json(told)
        return
    plays = told.plays if isinstance(told.plays, str) else "yes" if told.plays else "no"
    put_fields(
        [
            ("dimensions", f"{told.width} x {told.height}"),
            ("duration", None if told.duration is None else f"{told.duration:g} s"),
            ("container", told.container),
            ("video", f"{told.video_codec} {told.video_profile}".strip()),
            ("sound", told.audio_codec or "none"),
            ("frames a second", told.fps),
            ("frames, about", told.frames),
            ("pixels", told.pixel_format),
            ("plays in browsers", plays),
            ("because", told.why or None),
            ("converted", "yes" if told.converted else "no"),
        ]
    )


@app.command("frames")
def frames(place: Place, *, json: Json = False, url: Url = None) -> None:
    """Count the frames of a video and print when each is shown, as CSV. Of most kinds all of it is read, once."""
    with connected(url) as client:
        item = _item(client, place)
        started = client.convert_video(item, "frames")
        if started.job is not None and (code := follow(client, started.job, as_json=False)):
            raise typer.Exit(code)
        table = client.frame_times(item)
    if json:
        put_json(table)
        return
    put("frame,seconds")
    for number, time in enumerate(table.times):
        put(f"{number},{time:.6f}")
    if not table.counted:
        say("The file does not tell when frames are shown; these times are those of its declared rate.")


@app.command("convert")
def convert(
    place: Place,
    *,
    transcode: Annotated[
        bool, typer.Option("--transcode", help="Encode pictures and sound anew; takes long, and loses a little.")
    ] = False,
    wait: Wait = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Make an mp4 of a video that browsers do not play; without --transcode its pictures stay as they are."""
    from moorage.client.videos import Conversion

    kind: ConversionKind = "transcode" if transcode else "remux"
    with connected(url) as client:
        item = _item(client, place)
        if not transcode and client.video(item).plays is True:
            _told(Conversion(kind, None, None), "Browsers play it as it is. Nothing was made.", json=json)
            return
        started = client.convert_video(item, kind)
        if started.job is None:
            _told(started, f"It is made: {started.url}", json=json)
            return
        if not wait:
            _told(started, f"Job {started.job} makes it. Watch it: moorage job watch {started.job}", json=json)
            return
        code = follow(client, started.job, as_json=json)
    raise typer.Exit(code)


def _told(started: Conversion, sentence: str, *, json: bool) -> None:
    if json:
        put_json(started)
    else:
        say(sentence)


def _item(client: Client, place: str) -> str:
    from moorage.client import Item

    row = found(client, place)
    if not isinstance(row, Item):
        raise Invalid(f"{escape(place)} is a folder.", f"List it: moorage ls {escape(place)}", field="place")
    return row.id
