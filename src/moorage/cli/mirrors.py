"""`moorage mirror`: show a store's prefix as a folder tree and keep it current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.mooring import add
from moorage.cli.options import Json, OfProject, Url, Wait
from moorage.cli.printing import Told, put_fields, put_json, put_rows, say
from moorage.cli.session import connected
from moorage.cli.watching import conclude, follow

if TYPE_CHECKING:
    from moorage.client import Mirror

app = typer.Typer(help="Show a directory or bucket as a folder, and keep it current.", no_args_is_help=True)
MirrorId = Annotated[str, typer.Argument(metavar="MIRROR", help="The mirror's id.")]
app.command("add")(add)


@app.command("ls")
def ls(*, project: OfProject = None, json: Json = False, url: Url = None) -> None:
    """List mirrors."""
    with connected(url) as client:
        put_rows(
            client.mirrors(project),
            [
                ("mirror", lambda mirror: mirror.id),
                ("state", lambda mirror: mirror.state.value),
                ("store", lambda mirror: mirror.store),
                ("prefix", lambda mirror: mirror.prefix),
                ("shown as", _place),
                ("complete", lambda mirror: mirror.last_complete),
            ],
            as_json=json,
        )


@app.command("status")
def status(mirror: MirrorId, *, json: Json = False, url: Url = None) -> None:
    """Show a mirror, its last job, and what that asks."""
    with connected(url) as client:
        found = client.mirror(mirror)
        job = client.job(found.last_job) if found.last_job and not json else None
    if json:
        put_json(found)
        return
    put_fields(
        [
            ("mirror", found.id),
            ("state", found.state.value),
            ("store", found.store),
            ("prefix", found.prefix),
            ("shown as", _place(found)),
            ("folder", found.folder),
            ("reason", Told(found.reason) if found.reason else None),
            ("include", found.include or None),
            ("exclude", found.exclude or None),
            ("on vanished", found.on_vanished.value),
            ("complete", found.last_complete),
            ("last job", found.last_job),
        ]
    )
    if job is not None:
        conclude(job)


@app.command("reindex")
def reindex(
    mirror: MirrorId,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would change.")] = False,
    wait: Wait = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Compare a mirror with its store and write what changed."""
    with connected(url) as client:
        started = client.reindex_mirror(mirror, dry_run=dry_run)
        if json:
            put_json(started)
        else:
            put_fields([("mirror", started.id), ("job", started.job)])
        if wait:
            raise typer.Exit(follow(client, started.job, as_json=json))


@app.command("pause")
def pause(mirror: MirrorId, *, json: Json = False, url: Url = None) -> None:
    """Let a mirror be as it is until it is resumed."""
    with connected(url) as client:
        found = client.pause_mirror(mirror)
    if json:
        put_json(found)
    else:
        say(f"Mirror {mirror} is paused; its items stay as they are.")


@app.command("resume")
def resume(mirror: MirrorId, *, json: Json = False, url: Url = None) -> None:
    """Keep a paused mirror current again."""
    with connected(url) as client:
        found = client.resume_mirror(mirror)
    if json:
        put_json(found)
    else:
        say(f"Mirror {mirror} is {found.state.value}. To compare it now: moorage mirror reindex {mirror}")


@app.command("rm")
def rm(
    mirror: MirrorId,
    *,
    with_items: Annotated[
        bool, typer.Option("--with-items", help="Its items go too; else they stay as links.")
    ] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Give a mirror up. No object in the store is touched."""
    with connected(url) as client:
        client.remove_mirror(mirror, with_items=with_items)
    if json:
        put_json({"id": mirror, "removed": True, "kept_objects": True})
    else:
        items = "its items are out of the catalogue" if with_items else "its items stay as links"
        say(f"The mirror is gone, {items}; every object in its store is as before.")


def _place(mirror: Mirror) -> str:
    """Where it is shown, as `moorage ls` takes it."""
    return f"{mirror.project_name}/{mirror.path}/"
