"""`moorage store`: check, register, list and forget stores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.exits import Exit
from moorage.cli.options import (
    AccessKey,
    Ca,
    Endpoint,
    Json,
    KeysFile,
    PathStyle,
    Port,
    Public,
    Region,
    SecretStdin,
    Url,
)
from moorage.cli.printing import print_report_lines, put_fields, put_json, put_rows, say
from moorage.cli.secrets import credentials_of
from moorage.cli.session import connected, settings_of
from moorage.model.credentials import Anonymous
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.client import Store

app = typer.Typer(help="Stores: a disk or a bucket, registered under a name.", no_args_is_help=True)
StoreName = Annotated[str, typer.Argument(metavar="NAME", help="The store's name.")]


@app.command("add")
def add(
    name: StoreName,
    *,
    root: Annotated[str | None, typer.Option(help="Disk: the directory, on the server's machine.")] = None,
    follow_symlinks: Annotated[
        bool, typer.Option("--follow-symlinks", help="Disk: follow links that stay inside the root.")
    ] = False,
    bucket: Annotated[str, typer.Option(help="S3: the bucket.")] = "",
    prefix: Annotated[str, typer.Option(help="Only keys that begin with it.")] = "",
    endpoint: Endpoint = "",
    port: Port = None,
    region: Region = "",
    path_style: PathStyle = None,
    ca: Ca = None,
    anonymous: Public = False,
    access_key: AccessKey = None,
    secret_stdin: SecretStdin = False,
    credentials: KeysFile = None,
    writable: Annotated[bool, typer.Option("--writable", help="Moorage may write to it; else never.")] = False,
    serve: Annotated[str, typer.Option(help="How readers get bytes: proxy or redirect.")] = "proxy",
    force: Annotated[bool, typer.Option("--force", help="Register it though its check fails.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Check a store and register it. Give --root for a disk, --bucket for S3."""
    if (root is None) == (not bucket):
        raise Invalid("Give --root for a disk, or --bucket for S3.", "One of them, not both.", field="root")
    keys = (
        Anonymous()
        if root is not None
        else credentials_of(
            settings_of(), anonymous=anonymous, access_key=access_key, secret_stdin=secret_stdin, file=credentials
        )
    )
    with connected(url) as client:
        store = client.add_store(
            name,
            "disk" if root is not None else "s3",
            root=str(Path(root).absolute()) if root is not None else "",
            follow_symlinks=follow_symlinks,
            endpoint=endpoint,
            port=port,
            region=region,
            bucket=bucket,
            prefix=prefix,
            path_style=path_style,
            ca=pem(ca),
            read_only=not writable,
            serve=serve,
            credentials=keys,
            force=force,
        )
    _tell(store, as_json=json)


@app.command("ls")
def ls(*, json: Json = False, url: Url = None) -> None:
    """List stores."""
    with connected(url) as client:
        put_rows(
            client.stores(),
            [
                ("name", lambda store: store.name),
                ("provider", lambda store: store.provider.value),
                ("place", _place),
                ("read only", lambda store: store.read_only),
                ("check", _check),
            ],
            as_json=json,
        )


@app.command("show")
def show(name: StoreName, *, json: Json = False, url: Url = None) -> None:
    """Show a store and its last check."""
    with connected(url) as client:
        store = client.store(name)
    if json:
        put_json(store)
        return
    put_fields(_fields(store))
    if store.check is not None:
        print_report_lines(store.check)


@app.command("check")
def check(name: StoreName, *, json: Json = False, url: Url = None) -> None:
    """Check a registered store again; exit 4 where something that is needed is missing."""
    with connected(url) as client:
        report = client.check_store(name)
    print_report_lines(report)
    if json:
        put_json(report)
    if not report.passed:
        raise typer.Exit(Exit.REFUSED)


@app.command("change")
def change(
    name: StoreName,
    *,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="S3: from now on without keys.")] = False,
    access_key: Annotated[str | None, typer.Option(help="S3: a new access key; its secret is asked for.")] = None,
    secret_stdin: SecretStdin = False,
    credentials: KeysFile = None,
    writable: Annotated[
        bool | None, typer.Option("--writable/--read-only", help="Moorage may write to it, or never.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Change it though its check fails.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Give a store other credentials, such as after `secrets reset`, or let it be written to; it is checked first."""
    keys = None
    if writable is None or anonymous or access_key or secret_stdin or credentials:
        keys = credentials_of(
            settings_of(), anonymous=anonymous, access_key=access_key, secret_stdin=secret_stdin, file=credentials
        )
    with connected(url) as client:
        read_only = None if writable is None else not writable
        store = client.change_store(name, credentials=keys, read_only=read_only, force=force)
    _tell(store, as_json=json)


@app.command("rm")
def rm(name: StoreName, *, json: Json = False, url: Url = None) -> None:
    """Forget a store that nothing uses. No object in it is touched."""
    with connected(url) as client:
        client.remove_store(name)
    if json:
        put_json({"name": name, "removed": True, "kept_objects": True})
    else:
        say("The store is forgotten; every object in it is as before.")


def _tell(store: Store, *, as_json: bool) -> None:
    """Tell how the check went, then what is registered now."""
    if store.check is not None:
        print_report_lines(store.check)
    if as_json:
        put_json(store)
    else:
        put_fields(_fields(store))


def pem(path: Path | None) -> str:
    """The text of a PEM file. Raises: Invalid."""
    if path is None:
        return ""
    try:
        return path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as exc:
        raise Invalid(f"{path} cannot be read ({type(exc).__name__}).", "Name a PEM file.", field="ca") from exc


def _fields(store: Store) -> list[tuple[str, object]]:
    return [
        ("store", store.name),
        ("provider", store.provider.value),
        ("place", _place(store)),
        ("region", store.region or None),
        ("read only", store.read_only),
        ("serve", store.serve.value),
        ("credentials", store.credentials.kind),
        ("check", _check(store)),
    ]


def _place(store: Store) -> str:
    if store.root:
        return store.root
    return f"{store.endpoint or 'https://s3.amazonaws.com'}/{store.bucket}/{store.prefix}"


def _check(store: Store) -> str:
    if store.check is None:
        return "never"
    return "passed" if store.check.passed else "failed"
