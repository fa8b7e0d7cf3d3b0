"""`moorage link`: show objects where they lie, by lists of addresses, and find those that are gone."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from moorage.cli.exits import Exit
from moorage.cli.options import Json, Url, Wait
from moorage.cli.printing import Told, put_fields, put_json, put_rows, say
from moorage.cli.session import connected
from moorage.cli.watching import conclude, follow
from moorage.model.links import BAD, Directories, Verdict

if TYPE_CHECKING:
    from moorage.client import Client
    from moorage.client.link_shapes import BrokenLink, ImportLine

app = typer.Typer(help="Show objects where they lie, by their addresses.", no_args_is_help=True)
ImportId = Annotated[str, typer.Argument(metavar="IMPORT", help="The import's id.")]
ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="A project, by name or id.")]
SHOWN: Final = 20
_MEANING: Final = {
    Verdict.RESOLVABLE: "can be linked",
    Verdict.LINKED: "linked",
    Verdict.RENAMED: "linked under another name",
    Verdict.WOULD_MAKE: "can be linked; its store is made then",
    Verdict.OFFERED: "URL into a store; can be linked there",
    Verdict.DUPLICATE: "in the project already, or named twice",
    Verdict.UNKNOWN: "lies in no store that is open to you",
    Verdict.MISSING: "its store has no such object",
    Verdict.REFUSED: "cannot be linked as it is written",
}


@app.command("import")
def import_(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="One address a line, or CSV with a column 'address'; - reads stdin.")
    ],
    *,
    project: Annotated[str, typer.Option("--project", help="A project, by name or id.")],
    folder: Annotated[str, typer.Option(help="Where, below the project's root; made if missing.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Link nothing, tell what would become of each line.")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask the stores for sizes, and leave out what is not there.")
    ] = False,
    keep_directories: Annotated[
        Directories, typer.Option(help="none: all in one folder; full: make the folders of the keys.")
    ] = Directories.NONE,
    wait: Wait = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Link the objects that a list names. Nothing is copied; a line that is wrong does not stop the others.

    A dry run is always waited for; `moorage link apply IMPORT` then links what it found.
    """
    with connected(url) as client:
        started = client.import_links(
            sys.stdin.buffer if file == "-" else Path(file),
            project,
            folder=folder,
            dry_run=dry_run,
            probe=probe,
            keep_directories=keep_directories,
        )
        _started(client, started.id, started.job, wait=wait or dry_run, json=json)


@app.command("apply")
def apply(import_: ImportId, *, wait: Wait = False, json: Json = False, url: Url = None) -> None:
    """Link what a dry run found, without sending its list again."""
    with connected(url) as client:
        started = client.apply_import(import_)
        _started(client, started.id, started.job, wait=wait, json=json)


@app.command("show")
def show(
    import_: ImportId,
    *,
    verdict: Annotated[list[Verdict], typer.Option(help="Only lines of this verdict; repeat it.")] = [],  # noqa: B006 - typer reads it, nobody changes it
    mend: Annotated[
        bool, typer.Option("--mend", help="Write the lines to mend as CSV, to correct and import again.")
    ] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """List what became of an import's lines: of a dry run all, else those of which something is to be told."""
    with connected(url) as client:
        if not mend:
            _put_lines(client.import_lines(import_, verdict), json=json)
            return
        for chunk in client.import_table(import_, verdict or BAD):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


@app.command("check")
def check(project: ProjectName, *, wait: Wait = False, json: Json = False, url: Url = None) -> None:
    """Look whether a project's links still resolve; those that do not are told with the time since when."""
    with connected(url) as client:
        started = client.check_links(project)
        if not wait:
            _told_job(started.job, started, json=json)
            return
        code = follow(client, started.job, as_json=False)
        _put_broken(client.broken_links(project), json=json)
    raise typer.Exit(code)


@app.command("broken")
def broken(project: ProjectName, *, json: Json = False, url: Url = None) -> None:
    """List the links that did not resolve when they were last checked."""
    with connected(url) as client:
        _put_broken(client.broken_links(project), json=json)


def _started(client: Client, id_: str, job: str, *, wait: bool, json: bool) -> None:
    if not wait:
        _told_job(job, {"id": id_, "job": job}, json=json)
        if not json:
            say(f"What becomes of its lines: moorage link show {id_}")
        return
    code = follow(client, job, as_json=False) if not json else _quietly(client, job)
    found = client.link_import(id_)
    if json:
        put_json(found)
        raise typer.Exit(code)
    put_rows(
        [(verdict, found.counts[verdict]) for verdict in Verdict if found.counts.get(verdict)],
        [("lines", lambda row: row[1]), ("verdict", lambda row: row[0].value), ("", lambda row: _MEANING[row[0]])],
        as_json=False,
    )
    bad = sum(found.counts.get(verdict, 0) for verdict in BAD)
    if bad:
        say(f"\nLines to mend{f', the first {SHOWN} of {bad:,}' if bad > SHOWN else ''}:")
        _put_lines(islice(client.import_lines(id_, BAD), SHOWN), json=False)
    if bad:
        say(f"To correct them and import the file again: moorage link show {id_} --mend > mend.csv")
    if found.dry_run and found.state in ("succeeded", "partial") and bad < found.read:
        say(f"To link the lines that can be: moorage link apply {id_} --wait")
    raise typer.Exit(code)


def _quietly(client: Client, job: str) -> Exit:
    return conclude(client.wait_job(job))


def _told_job(job: str, started: object, *, json: bool) -> None:
    if json:
        put_json(started)
    else:
        put_fields([("job", job)])
        say(f"Watch it: moorage job watch {job}")


def _put_lines(rows: Iterable[ImportLine], *, json: bool) -> None:
    put_rows(
        rows,
        [
            ("line", lambda row: row.line),
            ("verdict", lambda row: row.verdict.value),
            ("address", lambda row: row.address),
            ("why", lambda row: Told(row.reason)),
        ],
        as_json=json,
    )


def _put_broken(rows: Iterable[BrokenLink], *, json: bool) -> None:
    put_rows(
        rows,
        [
            ("since", lambda row: row.since),
            ("item", lambda row: row.item),
            ("name", lambda row: row.name),
            ("address", lambda row: row.address),
            ("why", lambda row: Told(row.reason)),
        ],
        as_json=json,
    )
