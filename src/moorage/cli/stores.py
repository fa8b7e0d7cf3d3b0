"""`moorage store`: check, register, list and forget stores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.exits import Exit
from moorage.cli.options import (
    AccessKey,
    Account,
    Ca,
    Endpoint,
    ExternalId,
    ForPeople,
    ForProjects,
    Json,
    KeysFile,
    LoanRole,
    PathStyle,
    Port,
    Public,
    Region,
    SecretStdin,
    StoreRole,
    Url,
)
from moorage.cli.printing import Told, print_report_lines, put_fields, put_json, put_rows, say
from moorage.cli.secrets import Given, credentials_of
from moorage.cli.session import connected, settings_of
from moorage.model.credentials import Anonymous
from moorage.model.errors import Invalid, NotFound
from moorage.model.store import Provider

if TYPE_CHECKING:
    from moorage.client import AnyCredentials, Client, Scope, Store

app = typer.Typer(help="Stores: a disk or a bucket, registered under a name.", no_args_is_help=True)
All = Annotated[bool, typer.Option("--all", help="The lines too that nothing hangs on, each with what to do.")]
StoreName = Annotated[str, typer.Argument(metavar="NAME", help="The store's name.")]


@app.command("add")
def add(
    name: StoreName,
    *,
    provider: Annotated[
        str, typer.Option(help="disk, s3, azure, google or https; default: disk with --root, else s3.")
    ] = "",
    root: Annotated[str | None, typer.Option(help="Disk: the directory, on the server's machine.")] = None,
    follow_symlinks: Annotated[
        bool, typer.Option("--follow-symlinks", help="Disk: follow links that stay inside the root.")
    ] = False,
    bucket: Annotated[str, typer.Option(help="The bucket; at Azure the container.")] = "",
    prefix: Annotated[str, typer.Option(help="Only keys that begin with it.")] = "",
    endpoint: Endpoint = "",
    port: Port = None,
    region: Region = "",
    path_style: PathStyle = None,
    ca: Ca = None,
    anonymous: Public = False,
    access_key: AccessKey = None,
    account: Account = None,
    secret_stdin: SecretStdin = False,
    credentials: KeysFile = None,
    role: StoreRole = None,
    external_id: ExternalId = None,
    connection: Annotated[
        str, typer.Option(help="Id or name of a connection to share, in place of endpoint and credentials.")
    ] = "",
    loan_role: LoanRole = None,
    project: ForProjects = [],  # noqa: B006 - typer reads it, nobody changes it
    user: ForPeople = [],  # noqa: B006
    writable: Annotated[bool, typer.Option("--writable", help="Moorage may write to it; else never.")] = False,
    serve: Annotated[str, typer.Option(help="How readers get bytes: proxy or redirect.")] = "proxy",
    force: Annotated[bool, typer.Option("--force", help="Register it though its check fails.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Check a store and register it. Give --root for a disk, --bucket for all others but --provider https.

    No secret is an argument: it comes by prompt, --secret-stdin, --credentials FILE,
    or the environment variables MOORAGE_STORE_*.
    """
    web = provider == Provider.HTTPS
    if not web and (root is None) == (not bucket):
        raise Invalid("Give --root for a disk, or --bucket for a bucket.", "One of them, not both.", field="root")
    given = Given(
        anonymous=anonymous,
        access_key=access_key,
        account=account,
        secret_stdin=secret_stdin,
        file=credentials,
        role=role,
        external_id=external_id,
    )
    kind = provider or ("" if connection else "s3" if root is None else "disk")
    keys: AnyCredentials = Anonymous()
    if root is None and not connection and not web:
        keys = credentials_of(settings_of(), given, kind)
    with connected(url) as client:
        store = client.add_store(
            name,
            kind,
            connection=connection,
            root="" if root is None else str(Path(root).absolute()),
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
            loan_role_arn=loan_role or "",
            scope=scope_of(client, project, user),
            force=force,
        )
    tell(store, as_json=json)


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
                ("ends", _days),
            ],
            as_json=json,
        )


@app.command("show")
def show(name: StoreName, *, all: All = False, json: Json = False, url: Url = None) -> None:
    """Show a store and its last check."""
    with connected(url) as client:
        store = client.store(name)
    if json:
        put_json(store)
        return
    put_fields(_fields(store))
    if store.check is not None:
        print_report_lines(store.check, whole=all)


@app.command("check")
def check(name: StoreName, *, all: All = False, json: Json = False, url: Url = None) -> None:
    """Check a registered store again; exit 4 where something that is needed is missing."""
    with connected(url) as client:
        report = client.check_store(name)
    print_report_lines(report, whole=all)
    if json:
        put_json(report)
    if not report.passed:
        raise typer.Exit(Exit.REFUSED)


@app.command("change")
def change(
    name: StoreName,
    *,
    anonymous: Public = False,
    access_key: AccessKey = None,
    account: Account = None,
    secret_stdin: SecretStdin = False,
    credentials: KeysFile = None,
    role: StoreRole = None,
    external_id: ExternalId = None,
    loan_role: LoanRole = None,
    project: ForProjects = [],  # noqa: B006 - typer reads it, nobody changes it
    user: ForPeople = [],  # noqa: B006
    everyone: Annotated[bool, typer.Option("--everyone", help="Every project may use it, and everybody.")] = False,
    ca: Ca = None,
    writable: Annotated[
        bool | None, typer.Option("--writable/--read-only", help="Moorage may write to it, or never.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Change it though its check fails.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Give a store other credentials, such as after `secrets reset`, or let it be written to; it is checked first."""
    given = Given(
        anonymous=anonymous,
        access_key=access_key,
        account=account,
        secret_stdin=secret_stdin,
        file=credentials,
        role=role,
        external_id=external_id,
    )
    with connected(url) as client:
        keys = None
        scope = scope_of(client, project, user) if project or user or everyone else None
        if given.anything or (writable is None and loan_role is None and ca is None and scope is None):
            keys = credentials_of(settings_of(), given, client.store(name).provider)
        store = client.change_store(
            name,
            credentials=keys,
            read_only=None if writable is None else not writable,
            loan_role_arn=loan_role,
            scope=scope,
            ca=None if ca is None else pem(ca),
            force=force,
        )
        kept = keys is not None and client.store_credentials(name).former is not None
    tell(store, as_json=json)
    if kept:
        say(f"The credentials before are kept for a while. To bring them back: moorage store undo {name}")


@app.command("rm")
def rm(name: StoreName, *, json: Json = False, url: Url = None) -> None:
    """Forget a store that nothing uses. No object in it is touched."""
    with connected(url) as client:
        client.remove_store(name)
    if json:
        put_json({"name": name, "removed": True, "kept_objects": True})
    else:
        say("The store is forgotten; every object in it is as before.")


def tell(store: Store, *, as_json: bool) -> None:
    """Tell how the check went, then what is registered now."""
    if store.check is not None:
        print_report_lines(store.check)
    if as_json:
        put_json(store)
    else:
        put_fields(_fields(store))


def scope_of(client: Client, projects: list[str], users: list[str]) -> Scope:
    """The scope of these names. Raises: NotFound."""
    from moorage.client import Scope

    people = {one.email: one.id for one in client.users()} if users else {}
    for one in users:
        if one not in people:
            raise NotFound(f"There is no user {one}. Nothing was changed.", "List them: moorage user ls")
    return Scope(tuple(client.project(one).id for one in projects), tuple(people[one] for one in users))


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
        ("open to", _open_to(store)),
        ("credentials", _credentials(store)),
        ("from", store.origin or None),
        ("ends", _end(store)),
        ("traffic", None if not store.traffic else Told(store.traffic)),
        ("check", _check(store)),
        ("checked", None if store.check is None else store.check.checked),
    ]


def _place(store: Store) -> str:
    if store.root:
        return store.root
    if store.provider == Provider.HTTPS:
        return store.endpoint or "any web address"
    if store.provider in ("azure", "google"):
        at = f" at {store.endpoint}" if store.endpoint else ""
        return f"{store.provider}://{store.bucket}/{store.prefix}{at}"
    return f"{store.endpoint or 'https://s3.amazonaws.com'}/{store.bucket}/{store.prefix}"


def _open_to(store: Store) -> str | None:
    """The ids in its scope; None: everyone."""
    scope = store.scope
    named = [*(f"project {one}" for one in scope.projects), *(f"user {one}" for one in scope.users)]
    return ", ".join(named) or None


def _credentials(store: Store) -> str:
    """Their kind, and whom they speak for."""
    of = store.credentials
    names = (of.account, of.access_key, of.email, of.subject, of.role_arn, of.client, of.process, of.permissions)
    return " ".join([of.kind, *filter(None, names)])


def _end(store: Store) -> str | None:
    if store.expires is None or store.days_left is None:
        return None
    return f"{store.expires_what}, {store.expires:%Y-%m-%d %H:%M} UTC: {_left(store.days_left)}"


def _days(store: Store) -> str:
    """How long it works yet, where that is known."""
    return "" if store.days_left is None else f"{store.expires_what}: {_left(store.days_left)}"


def _left(days: int) -> str:
    if days < 0:
        return "ended"
    return f"{days} {'day' if days == 1 else 'days'} left" if days else "less than a day left"


def _check(store: Store) -> str:
    if store.check is None:
        return "never"
    return "passed" if store.check.passed else "failed"
