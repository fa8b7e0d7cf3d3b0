"""`moorage serve`, `worker`, `doctor`, `where`: the installation itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.exits import Exit
from moorage.cli.offline import on_settings
from moorage.cli.options import Data, Json
from moorage.cli.printing import put_fields, put_json, put_rows
from moorage.cli.session import server_part, settings_of
from moorage.cli.sizing import show_sizing

if TYPE_CHECKING:
    from moorage.wiring import Offline


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="The address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one; default 8080.")] = None,
    data: Data = None,
    data_init: Annotated[
        bool, typer.Option("--data-init", help="Use a data directory that holds files of something else.")
    ] = False,
) -> None:
    """Start the server; it also runs jobs."""
    app = server_part("moorage.app")
    settings = settings_of(host=host, port=port, data=data, data_init=data_init or None)
    raise typer.Exit(app.serve(settings))


def worker(*, data: Data = None) -> None:
    """Run jobs, beside servers that share a PostgreSQL catalogue."""
    app = server_part("moorage.app")
    raise typer.Exit(app.work(settings_of(data=data)))


def doctor(
    *,
    sizing: Annotated[
        int | None,
        typer.Option(metavar="OBJECTS", help="Say what an index of so many objects takes here: disk, memory, time."),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Say what is well and what is not; exit 7 when something failed."""
    wiring = server_part("moorage.wiring")
    settings = settings_of(data=data)
    if sizing is not None:
        show_sizing(settings, sizing, as_json=json)
        return

    async def work(offline: Offline) -> list[tuple[str, str, str]]:
        lines: list[tuple[str, str, str]] = await wiring.health(settings, offline.facts)
        return lines

    lines = on_settings(settings, work)
    put_rows(
        [{"name": name, "state": state, "sentence": sentence} for name, state, sentence in lines],
        [("name", lambda row: row["name"]), ("state", lambda row: row["state"]), ("", lambda row: row["sentence"])],
        as_json=json,
    )
    if any(state == "failed" for _, state, _ in lines):
        raise typer.Exit(Exit.UNVERIFIED)


def where(*, data: Data = None, json: Json = False) -> None:
    """Print where everything lies, and which process holds it."""
    wiring = server_part("moorage.wiring")
    places: dict[str, str] = wiring.places(settings_of(data=data))
    if json:
        put_json(places)
    else:
        put_fields(places.items())
