"""The commands of `aws` for each kind of document."""

from __future__ import annotations

from typing import Final

from moorage.prescribing.commands import Command, command, remark, saved
from moorage.prescribing.document import Draft, Kind, minified
from moorage.prescribing.s3_identity import certificate_role
from moorage.prescribing.wish import Server, Wish

_OPEN: Final = (
    "BlockPublicAcls=true",
    "IgnorePublicAcls=true",
    "BlockPublicPolicy=false",
    "RestrictPublicBuckets=false",
)
_SHUT: Final = (
    "BlockPublicAcls=true",
    "IgnorePublicAcls=true",
    "BlockPublicPolicy=true",
    "RestrictPublicBuckets=true",
)


def aws_commands(wish: Wish, draft: Draft) -> list[Command]:
    """What puts the document in its place; empty where `aws` cannot."""
    if draft.kind is Kind.TRUST_ANCHOR:
        return _anchor(wish, draft)
    return _for_identities(wish, draft.kind, minified(draft.body)) + _for_buckets(wish, draft, minified(draft.body))


def _for_identities(wish: Wish, kind: Kind, body: str) -> list[Command]:
    match kind:
        case Kind.USER_POLICY | Kind.SETUP_POLICY:
            name = f"{wish.label}-set-up" if kind is Kind.SETUP_POLICY else wish.label
            if wish.is_role:
                return [_inline_role(wish, wish.identity_name, name, body)]
            who, what = f"--user-name={wish.identity_name}", f"--policy-name={name}"
            line = _aws(wish, "iam", "put-user-policy", who, what, f"--policy-document={body}")
            if wish.server is Server.MINIO:
                return []
            is_new = kind is Kind.USER_POLICY and not wish.options.identity and wish.server is Server.AWS
            return [_aws(wish, "iam", "create-user", who), line] if is_new else [line]
        case Kind.ROLE_POLICY:
            return [_inline_role(wish, _last(wish.loan_role, "/"), wish.label, body)]
        case Kind.TRUST_POLICY:
            return [_role(wish, _last(wish.loan_role, "/"), body)]
        case Kind.ROLES_ANYWHERE:
            return [_role(wish, certificate_role(wish), body)]
        case _:
            return []


def _for_buckets(wish: Wish, draft: Draft, body: str) -> list[Command]:
    match draft.kind:
        case Kind.BUCKET_POLICY:
            return [*_public_access(wish, draft), _on_bucket(wish, "put-bucket-policy", f"--policy={body}")]
        case Kind.CORS:
            return [_on_bucket(wish, "put-bucket-cors", f"--cors-configuration={body}")]
        case Kind.LIFECYCLE:
            return [_on_bucket(wish, "put-bucket-lifecycle-configuration", f"--lifecycle-configuration={body}")]
        case Kind.NOTIFICATION:
            return [_on_bucket(wish, "put-bucket-notification-configuration", f"--notification-configuration={body}")]
        case Kind.QUEUE_POLICY:
            attributes = f"--attributes={minified({'Policy': body})}"
            return [_aws(wish, "sqs", "create-queue", f"--queue-name={_last(wish.queue)}", attributes)]
        case Kind.TOPIC_POLICY:
            value = f"--attribute-value={body}"
            arn = f"--topic-arn={wish.topic}"
            return [_aws(wish, "sns", "set-topic-attributes", arn, "--attribute-name=Policy", value)]
        case _:
            return []


def _aws(wish: Wish, *words: str) -> Command:
    region = f"--region={wish.region}" if wish.region and wish.server is Server.AWS else ""
    endpoint = f"--endpoint-url={wish.endpoint}" if wish.server is not Server.AWS else ""
    return command("aws", *words, region, endpoint)


def _on_bucket(wish: Wish, verb: str, document: str) -> Command:
    return _aws(wish, "s3api", verb, f"--bucket={wish.bucket}", document)


def _inline_role(wish: Wish, role: str, name: str, body: str) -> Command:
    return _aws(
        wish, "iam", "put-role-policy", f"--role-name={role}", f"--policy-name={name}", f"--policy-document={body}"
    )


def _role(wish: Wish, role: str, body: str) -> Command:
    return _aws(wish, "iam", "create-role", f"--role-name={role}", f"--assume-role-policy-document={body}")


def _anchor(wish: Wish, draft: Draft) -> list[Command]:
    file = "moorage-trust-anchor.json"
    role = wish.identity if wish.is_role else f"arn:{wish.partition}:iam::{wish.account}:role/{wish.label}"
    return [
        saved(draft.body, file),
        remark(f"Put the text of the CA's certificate into {file}, with \\n for each line break."),
        _aws(
            wish,
            "rolesanywhere",
            "create-trust-anchor",
            f"--name={wish.label}",
            f"--source=file://{file}",
            "--enabled",
        ),
        _aws(
            wish,
            "rolesanywhere",
            "create-profile",
            f"--name={wish.label}",
            f"--role-arns={role}",
            "--duration-seconds=3600",
            "--enabled",
        ),
    ]


def _public_access(wish: Wish, draft: Draft) -> list[Command]:
    if wish.server is not Server.AWS:
        return []
    settings = ",".join(_OPEN if draft.public else _SHUT)
    told = "Lets only policies open the bucket." if draft.public else "Shuts the bucket to the world, also for others."
    return [
        remark(told),
        _on_bucket(wish, "put-public-access-block", f"--public-access-block-configuration={settings}"),
    ]


def _last(arn: str, mark: str = ":") -> str:
    return arn.rpartition(mark)[2]
