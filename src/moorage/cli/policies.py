"""`moorage store policy`: documents for providers on stdout, and the check of a pasted policy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.exits import Exit
from moorage.cli.options import Json, Url
from moorage.cli.printing import Told, put, put_json, say, text
from moorage.cli.session import connected
from moorage.model.errors import Invalid, NotFound

if TYPE_CHECKING:
    from moorage.client import PolicyDocument, PolicyFinding

_ONE = ("json", "xml")
"""Forms of which stdout holds one document, so that it can be piped."""


def policy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The store's name.")],
    *,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            help="What the store is for; repeat it: link, mirror, serve-redirect, upload, direct-upload, multipart, "
            "migrate-to, events, public-media. Default: what it is used for."
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--for", help="json, xml, or commands and set-up for aws, gcloud, az, mc, terraform.")
    ] = "json",
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Which document, such as bucket-policy or cors; default: the main one, or all commands."),
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="Check this policy instead; - reads stdin.", metavar="FILE")
    ] = None,
    account: Annotated[str, typer.Option(help="AWS: the 12 digits of the account. Google: the project.")] = "",
    identity: Annotated[str, typer.Option(help="Name or ARN of the user or role whose keys Moorage has.")] = "",
    role: Annotated[str, typer.Option(help="ARN of the role that is lent for big uploads.")] = "",
    external_id: Annotated[str, typer.Option(help="For a role of another account.")] = "",
    kms_key: Annotated[str, typer.Option(help="ARN of the key that encrypts the bucket.")] = "",
    queue: Annotated[str, typer.Option(help="ARN of the SQS queue for events.")] = "",
    topic: Annotated[str, typer.Option(help="ARN of the SNS topic for events; Google: the topic's name.")] = "",
    public_prefix: Annotated[str, typer.Option(help="What the world may read, with --mode public-media.")] = "",
    trust_anchor: Annotated[str, typer.Option(help="ARN of the trust anchor of IAM Roles Anywhere.")] = "",
    cn: Annotated[str, typer.Option(help="Common name in the certificate for IAM Roles Anywhere.")] = "",
    server: Annotated[str, typer.Option(help="aws, ceph or minio, where the endpoint does not tell.")] = "",
    subscription: Annotated[str, typer.Option(help="Azure: the id of the subscription.")] = "",
    resource_group: Annotated[str, typer.Option(help="Azure: the resource group of the account.")] = "",
    expires: Annotated[str, typer.Option(help="Azure: the day on which the signature ends.")] = "",
    append_only: Annotated[bool, typer.Option("--append-only", help="Leave the right to delete out.")] = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Print the document that lets Moorage use a store, with no right too many; or check a policy that you have."""
    from moorage.client import PolicyNames

    if check is not None:
        _check(check, store=name, modes=mode or [], json=json, url=url)
        return
    names = PolicyNames(
        server=server,
        account=account,
        identity=identity,
        role_arn=role,
        external_id=external_id,
        kms_key_arn=kms_key,
        queue_arn=queue,
        topic_arn=topic,
        public_prefix=public_prefix,
        trust_anchor_arn=trust_anchor,
        certificate_cn=cn,
        subscription=subscription,
        resource_group=resource_group,
        expires=expires,
        append_only=append_only,
    )
    with connected(url) as client:
        documents = client.policy_documents(name, modes=mode or [], kinds=kind or [], form=form, names=names)
    if not documents:
        raise NotFound(f"Nothing of this can be written for {form}.", "Try --for json, or another --kind.")
    if json:
        for one in documents:
            put_json(one)
        return
    if form in _ONE and kind and len(documents) > 1:
        raise Invalid(f"One document is printed as {form}.", "Ask for one --kind, or use --json.", field="kind")
    _put(documents[:1] if form in _ONE else documents)
    if form in _ONE and len(documents) > 1:
        say(f"There are more: --kind {', '.join(one.kind for one in documents[1:])}.")


def _put(documents: list[PolicyDocument]) -> None:
    """The texts on stdout; where they go, and what to know, on stderr."""
    for one in documents:
        say(f"{text(Told(one.title))}. {text(Told(one.where))}")
        for note in one.notes:
            say(f"Note: {text(Told(note))}")
        put(one.text, end="")


def _check(file: Path, *, store: str, modes: list[str], json: bool, url: str | None) -> None:
    """Findings on stdout; exit 4 where one is more than advice."""
    with connected(url) as client:
        found = client.check_policy(_pasted(file), store=store, modes=modes)
    for one in found:
        if json:
            put_json(one)
        else:
            put(_line(one))
    if not found:
        say("Nothing is wrong with it.")
    if any(one.weight != "advice" for one in found):
        raise typer.Exit(Exit.REFUSED)


def _line(finding: PolicyFinding) -> str:
    where = f"line {finding.line}"
    if finding.statement:
        where += f", statement {finding.statement}" + (f" ({text(finding.sid)})" if finding.sid else "")
    return f"{where}: {finding.weight}: {text(Told(f'{finding.what} {finding.why} {finding.write}'))}"


def _pasted(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise Invalid(f"{file} cannot be read ({type(exc).__name__}).", "Name a file of text.", field="check") from exc
