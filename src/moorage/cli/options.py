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

Globs = Annotated[list[str], typer.Option(help="A glob on the key below the prefix; repeat it.")]
Endpoint = Annotated[str, typer.Option(help="S3: such as https://minio.example:9000; default: AWS.")]
Port = Annotated[int | None, typer.Option(help="S3: for an endpoint that names none.")]
Region = Annotated[str, typer.Option(help="S3: the region.")]
PathStyle = Annotated[
    bool | None, typer.Option("--path-style/--virtual-style", help="S3: bucket in the path or in the host name.")
]
Ca = Annotated[Path | None, typer.Option(help="PEM file of the authorities to trust.", metavar="FILE")]
Public = Annotated[bool, typer.Option("--anonymous", help="S3: a public bucket, without keys.")]
AccessKey = Annotated[str | None, typer.Option(help="S3: the access key; its secret is asked for.")]
SecretStdin = Annotated[bool, typer.Option("--secret-stdin", help="Read the secret key from stdin.")]
KeysFile = Annotated[Path | None, typer.Option(help="JSON or AWS credentials file with the keys.", metavar="FILE")]
