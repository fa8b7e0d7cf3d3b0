"""`moorage store undo`: the credentials before the last replacement, brought back or forgotten."""

from __future__ import annotations

from typing import Annotated

import typer

from moorage.cli.options import Json, Url
from moorage.cli.printing import put_json, say
from moorage.cli.session import connected
from moorage.cli.stores import StoreName, tell


def undo(
    name: StoreName,
    *,
    force: Annotated[bool, typer.Option("--force", help="Bring them back though their check fails.")] = False,
    forget: Annotated[bool, typer.Option("--forget", help="Forget them instead: nothing can be undone then.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Bring back the credentials that a store had before they were replaced; they are checked first.

    They are kept until every store of the connection has passed a check, the daily one or one that you start,
    an hour or more after the replacement.
    """
    with connected(url) as client:
        if forget:
            client.forget_former_credentials(name)
        else:
            store = client.undo_credentials(name, force=force)
    if not forget:
        tell(store, as_json=json)
    elif json:
        put_json({"name": name, "forgotten": True})
    else:
        say("The former credentials are forgotten; those of now stay in use.")
