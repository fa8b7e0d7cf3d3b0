"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON; lists as one document a line.")]
Data = Annotated[Path | None, typer.Option("--data", help="The data directory.", metavar="DIR")]
Url = Annotated[str | None, typer.Option("--url", help="The server; default MOORAGE_URL, else the local one.")]
Wait = Annotated[bool, typer.Option("--wait", help="Show the job's progress and end with its result.")]
RoleName = Annotated[str | None, typer.Option("--role", help="viewer, editor, manager or admin.")]
OfProject = Annotated[str | None, typer.Option("--project", help="A project, by name or id.")]
Expires = Annotated[str | None, typer.Option(help="How long URLs work: 30m, 12h, 7d; default 7d.", metavar="TIME")]
