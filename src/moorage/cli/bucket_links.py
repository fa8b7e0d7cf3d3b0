"""`moorage project bucket-link`: links by which somebody without an account connects a bucket."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from moorage.cli.options import Json, Url
from moorage.cli.presigning import seconds_of
from moorage.cli.printing import put, put_json, put_rows, say
from moorage.cli.session import connected

ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="The project, by name or id.")]


def bucket_link(
    project: ProjectName,
    *,
    folder: Annotated[str, typer.Option(help="The folder that will show the bucket; else they name it.")] = "",
    provider: Annotated[str | None, typer.Option(help="s3, azure or google; else they choose.")] = None,
    note: Annotated[str | None, typer.Option(help="What to tell them above the form.", metavar="TEXT")] = None,
    expires: Annotated[str, typer.Option(help="How long it works: 5m to 30d.", metavar="TIME")] = "7d",
    json: Json = False,
    url: Url = None,
) -> None:
    """Make a link by which somebody without an account connects one bucket, once. Its address is shown now only."""
    with connected(url) as client:
        lives = timedelta(seconds=seconds_of(expires))
        made = client.add_bucket_link(project, folder=folder, provider=provider, note=note, expires_in=lives)
    if json:
        put_json({"id": made.id, "url": made.url, "folder": made.folder, "expires": made.expires})
    else:
        put(made.url)
        say("Send this address to who has the keys. It works once; the keys are never shown to you.")


def bucket_links(project: ProjectName, *, json: Json = False, url: Url = None) -> None:
    """List the links by which buckets may be connected to a project."""
    with connected(url) as client:
        put_rows(
            client.bucket_links(project),
            [
                ("link", lambda one: one.id),
                ("folder", lambda one: one.folder or "as they choose"),
                ("state", lambda one: one.state.value),
                ("expires", lambda one: one.expires),
                ("store", lambda one: one.store),
                ("made by", lambda one: one.made_by),
            ],
            as_json=json,
        )


def revoke_link(
    project: ProjectName,
    link: Annotated[str, typer.Argument(metavar="LINK", help="Its number in the list.")],
    *,
    json: Json = False,
    url: Url = None,
) -> None:
    """Take such a link back. What was connected by it stays."""
    with connected(url) as client:
        client.revoke_bucket_link(project, link)
    if json:
        put_json({"id": link, "revoked": True})
    else:
        say("The link is taken back.")
