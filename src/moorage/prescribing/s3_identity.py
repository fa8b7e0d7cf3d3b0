"""S3: what the user or role may do whose keys Moorage has, and the role that it lends."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from moorage.prescribing.arn import bucket_arn, domain_of, parts
from moorage.prescribing.document import Draft, Json, Kind, policy
from moorage.prescribing.modes import (
    BUCKET_WRITE,
    LIST,
    OBJECT_READ,
    OBJECT_WRITE,
    QUEUE,
    Mode,
    bucket_actions,
    object_actions,
    writes,
)
from moorage.prescribing.session import access, session_body
from moorage.prescribing.wish import Server, Wish

_SETUP_READ: Final = (
    "s3:GetBucketCORS",
    "s3:GetBucketNotification",
    "s3:GetLifecycleConfiguration",
    "s3:GetBucketVersioning",
)
_SETUP_WRITE: Final = ("s3:PutBucketCORS", "s3:PutBucketNotification", "s3:PutLifecycleConfiguration")
_LENT: Final = (*OBJECT_READ, *OBJECT_WRITE, LIST)
_OWN_SERVER: Final = (
    "This server does not know that ${*}, ${?} and ${$} stand for the letters themselves: with such a prefix "
    "everything is refused. Choose a prefix without *, ? and $."
)


def user_policy(wish: Wish, modes: AbstractSet[Mode]) -> Draft:
    """What Moorage's own keys may do, and no more."""
    actions = (*bucket_actions(modes), LIST, *object_actions(modes, append_only=wish.options.append_only))
    statements = access(wish.bucket, wish.prefix, actions, partition=wish.partition, named=True)
    statements += _keys(wish, write=writes(modes))
    if Mode.MULTIPART in modes and wish.server is not Server.MINIO:
        statements.append(
            {"Sid": "MoorageLend", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": wish.loan_role}
        )
    if Mode.EVENTS in modes and wish.server is Server.AWS and not wish.options.topic_arn:
        statements.append({"Sid": "MoorageQueue", "Effect": "Allow", "Action": list(QUEUE), "Resource": wish.queue})
    who = "role" if wish.is_role else "user"
    return Draft(
        Kind.USER_POLICY,
        f"What the {who} {wish.identity_name} may do",
        policy(*statements),
        f"IAM, {who} {wish.identity_name}: add an inline policy and paste it as JSON.",
        wildcards(wish),
    )


def setup_policy(wish: Wish) -> Draft:
    """Rights to look at and change the bucket's settings."""
    resource = bucket_arn(wish.bucket, wish.partition)
    look = {"Sid": "MoorageLook", "Effect": "Allow", "Action": list(_SETUP_READ), "Resource": resource}
    change = {"Sid": "MoorageSetUp", "Effect": "Allow", "Action": list(_SETUP_WRITE), "Resource": resource}
    return Draft(
        Kind.SETUP_POLICY,
        "Only while Moorage sets the bucket up itself",
        policy(look, change),
        f"IAM, {wish.identity_name}: a second inline policy, which you remove again when the bucket is set up.",
        ("Not needed when you set CORS, notifications and the lifecycle rule yourself.",),
    )


def role_policy(wish: Wish) -> Draft:
    """What the lent role may do at most; each loan is cut down to one prefix below this one."""
    statements = access(wish.bucket, wish.prefix, (*_LENT, *BUCKET_WRITE), partition=wish.partition, named=True)
    return Draft(
        Kind.ROLE_POLICY,
        "What the lent role may do at most",
        policy(*statements, *_keys(wish, write=True)),
        f"IAM, role {wish.loan_role.rpartition('/')[2]}: add an inline policy and paste it as JSON.",
        wildcards(wish),
    )


def trust_policy(wish: Wish) -> Draft:
    """Who may take the lent role: Moorage's own identity, with an external id from another account."""
    statement: dict[str, Json] = {
        "Sid": "MoorageLends",
        "Effect": "Allow",
        "Principal": {"AWS": wish.identity},
        "Action": "sts:AssumeRole",
    }
    notes: tuple[str, ...] = ()
    if crosses(wish):
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": wish.options.external_id or "EXTERNAL-ID"}}
        notes = ("The role is in another account: both sides write the same external id.",)
    return Draft(
        Kind.TRUST_POLICY,
        "Who may take the lent role",
        policy(statement),
        f"IAM, role {wish.loan_role.rpartition('/')[2]}: trust relationships, edit.",
        notes,
    )


def session_example(wish: Wish) -> Draft:
    """What one loan for the store's own prefix comes to."""
    prefix = wish.prefix or "PREFIX/"
    return Draft(
        Kind.SESSION_POLICY,
        "What one loan comes to",
        session_body(wish.bucket, prefix, _LENT, partition=wish.partition),
        "Nowhere: Moorage sends it with each loan. It is shown so that you see what a worker gets.",
        ("A worker gets what the role's policy and this one both allow.",),
    )


def roles_anywhere(wish: Wish) -> Draft:
    """Who may take the store's role with a certificate: whoever holds the one of that name."""
    told = wish.options
    anchor = told.trust_anchor_arn or (
        f"arn:{wish.partition}:rolesanywhere:{wish.region or 'REGION'}:{wish.account}:trust-anchor/TRUST-ANCHOR-ID"
    )
    statement: Json = {
        "Sid": "MoorageByCertificate",
        "Effect": "Allow",
        "Principal": {"Service": "rolesanywhere.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {
            "ArnEquals": {"aws:SourceArn": anchor},
            "StringEquals": {"aws:PrincipalTag/x509Subject/CN": told.certificate_cn or wish.label},
        },
    }
    return Draft(
        Kind.ROLES_ANYWHERE,
        "Who may take the role with a certificate",
        policy(statement),
        f"IAM, role {certificate_role(wish)}: trust relationships, edit.",
        (f"The certificate's common name (CN) must be {told.certificate_cn or wish.label}.",),
    )


def trust_anchor(wish: Wish) -> Draft:
    """What the trust anchor is made of: the CA's certificate, never the one that it issued."""
    return Draft(
        Kind.TRUST_ANCHOR,
        "The trust anchor",
        {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": "TEXT-OF-CA.PEM"}},
        "IAM Roles Anywhere, create a trust anchor: an external certificate bundle.",
        (
            "The CA's certificate belongs here as PEM text, from -----BEGIN to END CERTIFICATE-----.",
            f"The certificate that it issued, and its key, belong into the form of the store {wish.name}.",
        ),
    )


def certificate_role(wish: Wish) -> str:
    """Name of the role that is taken with a certificate."""
    return wish.identity_name if wish.is_role else wish.label


def crosses(wish: Wish) -> bool:
    """Whether the lent role is in another account than the identity that lends it."""
    role, own = parts(wish.loan_role), parts(wish.identity)
    return bool(role and own and role[3] != own[3])


def wildcards(wish: Wish) -> tuple[str, ...]:
    """A warning where a prefix cannot be written for this server."""
    return (_OWN_SERVER,) if wish.server is not Server.AWS and set("*?$") & set(wish.prefix) else ()


def _keys(wish: Wish, *, write: bool) -> list[Json]:
    """The right to the key with which objects are encrypted, by way of S3 only."""
    arn = wish.options.kms_key_arn
    found = parts(arn)
    if found is None:
        return []
    through = f"s3.{found[2] or wish.region}.{domain_of(wish.partition)}"
    return [
        {
            "Sid": "MoorageKey",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"] if write else "kms:Decrypt",
            "Resource": arn,
            "Condition": {"StringEquals": {"kms:ViaService": through}},
        }
    ]
