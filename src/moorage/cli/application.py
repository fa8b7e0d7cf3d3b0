"""All commands under one name, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from moorage import __version__
from moorage.cli import browsing, jobs, keys, mirrors, people, projects, serving, stores
from moorage.cli.exits import complain
from moorage.model.errors import MoorageError

app = typer.Typer(
    name="moorage",
    help="Moors media in buckets and folders in one catalogue and serves it from there.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    serving.serve,
    serving.worker,
    serving.doctor,
    serving.where,
    browsing.ls,
    browsing.cat,
    browsing.stat,
    browsing.find,
    browsing.rm,
):
    app.command(command.__name__)(command)
for name, group in (
    ("store", stores.app),
    ("mirror", mirrors.app),
    ("project", projects.app),
    ("job", jobs.app),
    ("user", people.users),
    ("token", people.tokens),
    ("config", serving.config),
    ("secrets", keys.app),
):
    app.add_typer(group, name=name)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the flag
    if wanted:
        print(f"moorage {__version__}")  # noqa: T201 - the command line's own voice
        raise typer.Exit


@app.callback()
def _start(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Moors media in buckets and folders in one catalogue and serves it from there."""


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    try:
        app(arguments, prog_name="moorage")
    except MoorageError as error:
        sys.exit(complain(error))
