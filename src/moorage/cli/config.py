"""`moorage config`: settings and declared connections, shown, reloaded and imported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from moorage.cli.exits import Exit
from moorage.cli.options import Data, Json, Url
from moorage.cli.printing import Told, put, put_fields, put_json, put_rows, say, text
from moorage.cli.session import connected, settings_of
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.settings import Settings

app = typer.Typer(help="Settings.", no_args_is_help=True)


@app.command("show")
def show(*, data: Data = None, json: Json = False) -> None:
    """Show every setting, its value in force, and where that comes from, then the declared connections.

    Secrets are hidden. Exit 2 where what declares connections is broken.
    """
    from moorage.settings import shown

    settings = settings_of(data=data)
    connections, fault = _connections(settings)
    rows: list[Any] = [*shown(settings), *connections]
    put_rows(
        rows,
        [
            ("setting", lambda line: line.name),
            ("value", lambda line: line.value or "-"),
            ("origin", lambda line: line.origin),
            ("", lambda line: "" if line.used else "not used yet"),
        ],
        as_json=json,
    )
    if fault is not None:
        raise fault


@app.command("reload")
def reload(*, json: Json = False, url: Url = None) -> None:
    """Let the server read remote_links.yml again, now; exit 2 where it is broken, and nothing changed."""
    with connected(url) as client:
        done = client.reload_config()
    if json:
        put_json(done)
    else:
        put_fields(
            [
                ("file", done.file or "none"),
                ("added", done.added),
                ("changed", done.changed),
                ("removed", done.removed),
                ("kept", done.kept),
            ]
        )
    for warning in done.warnings:
        say(f"Note: {text(Told(warning))}")


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help=".env, remote_links.yml, docker-compose.override.yml.")
    ],
    *,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write moorage.toml, secrets and remote_links.yml into the data directory.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Say what each line of another installation's settings becomes here; with --apply, take it over.

    Nothing that stands there already is overwritten: exit 8 where it differs. Exit 6 where a line cannot be taken.
    """
    from moorage.settings import Settings
    from moorage.settings.importing import apply as write
    from moorage.settings.importing import plan_of

    folder = Settings.load({"data": data}, dotenv=not _foreign(files)).data
    plan = plan_of(files)
    put_rows(
        plan.lines,
        [
            ("line", lambda line: f"{line.file}:{line.line}"),
            ("name", lambda line: line.name),
            ("", lambda line: line.verdict.value),
            ("value", lambda line: line.value or "-"),
            ("becomes", lambda line: Told(line.becomes or "-")),
            ("reason", lambda line: Told(line.reason)),
        ],
        as_json=json,
    )
    if not apply:
        say(f"Nothing was written. With --apply it goes to {folder}.")
    elif written := write(plan, folder):
        say(f"Written: {', '.join(map(str, written))}. A server that runs reads settings at its next start.")
    else:
        say(f"All of it stands in {folder} already.")
    if plan.faulty:
        raise typer.Exit(Exit.PARTLY)


@app.command("docs")
def docs(
    page: Annotated[str, typer.Argument(help="settings or cli.")] = "settings",
) -> None:
    """Print a page of the reference, in Markdown."""
    from moorage.settings import reference

    if page == "settings":
        put(reference().removesuffix("\n"))
    elif page == "cli":
        from moorage.cli.reference import reference as commands

        put(commands().removesuffix("\n"))
    else:
        raise Invalid(f"There is no page {page}.", "Write settings or cli.", field="page")


def _foreign(files: list[Path]) -> bool:
    """Whether `.env` here is the other installation's: its DATA_PATH does not say where ours lies."""
    from moorage.settings.sources import PREFIX, variables_in

    here = Path(".env").resolve()
    named = [file.resolve() for file in files]
    ours = any(name.startswith(PREFIX) for name in variables_in(here))
    return here in named or (not ours and here.parent in {file.parent for file in named})


def _connections(settings: Settings) -> tuple[list[Any], Invalid | None]:
    """What is declared, as lines of ``config show``; the first thing that is wrong with it."""
    from moorage.settings.remote_links import read_links
    from moorage.settings.showing import connection_line
    from moorage.settings.storages import links_file, storages

    found, fault = [], None
    try:
        found += storages(settings)
    except Invalid as error:
        fault = error
    path = links_file(settings)
    try:
        found += read_links(path).connections if path is not None else ()
    except Invalid as error:
        fault = fault or error
    return [connection_line(one) for one in found], fault
