"""All commands under one name, and the one place where errors become exit codes."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from moorage import __version__
from moorage.cli import (
    browsing,
    bucket_links,
    caches,
    cert,
    config,
    copying,
    cors,
    deploying,
    jobs,
    keys,
    links,
    mirrors,
    people,
    policies,
    presigning,
    projects,
    restoring,
    searching,
    serving,
    stores,
    undoing,
    videos,
)
from moorage.cli.exits import complain
from moorage.model.errors import MoorageError

PICTURE: Final = """Your media stays where it lies; Moorage shows it from there.

\b
  a store                  a mirror or a link       a project
  where the bytes are ---> how they appear     ---> where you see them
  a directory, a bucket    kept current             in folders, as items

\b
  moorage serve                       start the server, where your media is
  moorage mirror add /data/photos     or s3://bucket/prefix
  moorage ls                          see what is there
"""
_FIRST: Final = "From nothing to your pictures"
_KEEP: Final = "Keeping order"
_RUN: Final = "Running it"


class _InOrder(TyperGroup):
    """Commands and groups in the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names; what has no place of its own comes last."""
        known = super().list_commands(ctx)
        return sorted(known, key=lambda name: list(_PANELS).index(name) if name in _PANELS else len(_PANELS))


_PANELS: Final = {
    **dict.fromkeys(("mirror", "link", "ls", "find", "cat", "cp", "presign", "stat", "rm", "restore"), _FIRST),
    **dict.fromkeys(("project", "store", "job", "video", "cache"), _KEEP),
    **dict.fromkeys(("serve", "where", "doctor", "user", "token", "config", "secrets", "cert"), _RUN),
    **dict.fromkeys(("deploy", "worker"), _RUN),
}
app = typer.Typer(
    name="moorage",
    cls=_InOrder,
    help=PICTURE,
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
    browsing.rm,
    copying.cp,
    presigning.presign,
    restoring.restore,
    searching.find,
):
    app.command(command.__name__, rich_help_panel=_PANELS[command.__name__])(command)
stores.app.command("policy")(policies.policy)
stores.app.command("cors")(cors.cors)
stores.app.command("undo")(undoing.undo)
projects.app.command("bucket-link")(bucket_links.bucket_link)
projects.app.command("bucket-links")(bucket_links.bucket_links)
projects.app.command("revoke-link")(bucket_links.revoke_link)
for name, group in (
    ("store", stores.app),
    ("mirror", mirrors.app),
    ("link", links.app),
    ("project", projects.app),
    ("job", jobs.app),
    ("video", videos.app),
    ("cache", caches.app),
    ("user", people.users),
    ("token", people.tokens),
    ("config", config.app),
    ("secrets", keys.app),
    ("cert", cert.app),
    ("deploy", deploying.app),
):
    app.add_typer(group, name=name, rich_help_panel=_PANELS[name])


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
    del version  # its callback did all; a docstring here would take the place of PICTURE


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    try:
        app(arguments, prog_name="moorage")
    except MoorageError as error:
        sys.exit(complain(error))
