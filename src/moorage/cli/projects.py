"""`moorage project`: make, change and remove projects."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from moorage.cli.options import Json, Url
from moorage.cli.printing import put_fields, put_json, put_rows, say
from moorage.cli.session import connected
from moorage.model.errors import Invalid

app = typer.Typer(help="Projects.", no_args_is_help=True)
ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="The project, by name or id.")]
DefaultStore = Annotated[str | None, typer.Option(help="The store for what is uploaded, by name.")]


@app.command("ls")
def ls(*, json: Json = False, url: Url = None) -> None:
    """List projects."""
    with connected(url) as client:
        put_rows(
            client.projects(),
            [
                ("project", lambda project: project.id),
                ("name", lambda project: project.name),
                ("items", lambda project: project.counts.subtree_items),
                ("bytes", lambda project: project.counts.subtree_bytes),
            ],
            as_json=json,
        )


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Its name.")],
    *,
    default_store: DefaultStore = None,
    json: Json = False,
    url: Url = None,
) -> None:
    """Make an empty project."""
    with connected(url) as client:
        made = client.add_project(name, default_store=default_store)
    if json:
        put_json(made)
    else:
        put_fields([("project", made.id), ("name", made.name), ("root", made.root)])


@app.command("set")
def change(
    project: ProjectName,
    *,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    default_store: DefaultStore = None,
    json: Json = False,
    url: Url = None,
) -> None:
    """Rename a project, or set its default store (empty: none)."""
    if name is None and default_store is None:
        raise Invalid("Nothing to change was named.", "Give --name or --default-store.", field="name")
    with connected(url) as client:
        made = client.change_project(project, name=name, default_store=default_store)
    if json:
        put_json(made)


@app.command("rm")
def rm(
    project: ProjectName,
    *,
    with_uploads: Annotated[
        bool, typer.Option("--with-uploads", help="Also when it holds uploaded items: these are deleted for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Take a project out of the catalogue. What it only shows stays where it is; uploaded items are its own."""
    with connected(url) as client:
        found = client.project(project)
        if not yes:
            if not sys.stdin.isatty():
                raise Invalid(f"{found.name} was left as it is.", "Repeat with --yes.", field="yes")
            typer.confirm(f"Remove {found.name} with {found.counts.subtree_items:,} items?", abort=True, err=True)
        client.remove_project(project, with_uploads=with_uploads)
    if json:
        put_json({"id": found.id, "removed": True, "kept_objects": not with_uploads})
    elif with_uploads:
        say("The project is gone. What was uploaded into it is being deleted; every other object is as before.")
    else:
        say("The project is gone; every object in its stores is as before.")
