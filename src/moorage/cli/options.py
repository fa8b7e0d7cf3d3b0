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
Endpoint = Annotated[str, typer.Option(help="URL of the server; default: that of AWS, Azure or Google.")]
Port = Annotated[int | None, typer.Option(help="For an endpoint that names none.")]
Region = Annotated[str, typer.Option(help="S3: the region.")]
PathStyle = Annotated[
    bool | None, typer.Option("--path-style/--virtual-style", help="S3: bucket in the path or in the host name.")
]
Ca = Annotated[Path | None, typer.Option(help="PEM file of the authorities to trust.", metavar="FILE")]
Public = Annotated[bool, typer.Option("--anonymous", help="A public bucket, without credentials.")]
AccessKey = Annotated[str | None, typer.Option(help="S3, and HMAC at Google: the access key; its secret is asked for.")]
Account = Annotated[
    str | None, typer.Option(help="Azure: the storage account; its key, a SAS or connection string is asked for.")
]
SecretStdin = Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from stdin.")]
KeysFile = Annotated[
    Path | None,
    typer.Option(
        help="A file with credentials of any kind: JSON, AWS credentials, a service account's key, a SAS.",
        metavar="FILE",
    ),
]
StoreRole = Annotated[
    str | None,
    typer.Option("--role", help="Take this role in place of keys; machine: the one of the server.", metavar="ARN"),
]
ExternalId = Annotated[str | None, typer.Option(help="With --role: the external id that its trust policy asks for.")]
ForProjects = Annotated[
    list[str], typer.Option("--project", help="Only this project may use it, by name or id; repeat it.")
]
ForPeople = Annotated[list[str], typer.Option("--user", help="Only this person may use it, by e-mail; repeat it.")]
LoanRole = Annotated[str | None, typer.Option("--loan-role", help="S3: the role to assume for loans.", metavar="ARN")]
