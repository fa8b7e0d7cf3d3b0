"""S3: what is set on the bucket itself: its policy, unfinished uploads, notifications."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from moorage.prescribing.arn import bucket_arn, objects_arn, parts
from moorage.prescribing.document import Draft, Json, Kind, policy
from moorage.prescribing.modes import Mode
from moorage.prescribing.s3_identity import wildcards
from moorage.prescribing.wish import Server, Wish

_DATA: Final = ("s3:AbortMultipartUpload", "s3:Delete*", "s3:Get*", "s3:List*", "s3:Put*")
"""All that moves bytes or tells of them."""
_UNFINISHED_DAYS: Final = 7
EVENTS: Final = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
_REPLACES: Final = "This replaces the {} that the bucket has: add what is there already."


def bucket_policy(wish: Wish, modes: AbstractSet[Mode]) -> Draft | None:
    """Refuses the identities of our accounts without TLS; opens one prefix where that was asked for by name.

    The refusal names accounts in place of everybody: others have no right that it could take from them, and a
    policy without any ``*`` for a principal is one that is read at a glance. None: there is nothing to say.
    """
    bucket = bucket_arn(wish.bucket, wish.partition)
    statements: list[Json] = []
    if wish.tls and wish.server is not Server.MINIO:
        statements.append(
            {
                "Sid": "MoorageOnlyByTls",
                "Effect": "Deny",
                "Principal": {"AWS": _whom(wish)},
                "Action": list(_DATA),
                "Resource": [bucket, f"{bucket}/*"],
                "Condition": {_operator(wish): {"aws:SecureTransport": "false"}},
            }
        )
    notes = [_REPLACES.format("policy")]
    if Mode.PUBLIC_MEDIA in modes:
        statements.append(_public(wish))
        notes.append(f"Everybody in the world may read every object below {wish.public}, now and later.")
        if wish.server is Server.AWS:
            notes.append("Block Public Access must let this bucket's policy through; the commands for aws do that.")
    if not statements:
        return None
    return Draft(
        Kind.BUCKET_POLICY,
        "The bucket's own policy",
        policy(*statements),
        f"S3, bucket {wish.bucket}, permissions: bucket policy.",
        (*notes, *wildcards(wish)),
        public=Mode.PUBLIC_MEDIA in modes,
    )


def _public(wish: Wish) -> Json:
    statement: dict[str, Json] = {
        "Sid": "MooragePublicMedia",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": objects_arn(wish.bucket, wish.public, wish.partition),
    }
    if wish.tls and wish.server is not Server.MINIO:
        statement["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}
    return statement


def _operator(wish: Wish) -> str:
    """Ceph leaves the key out where there is no TLS, in place of calling it false."""
    return "Bool" if wish.server is Server.AWS else "BoolIfExists"


def _whom(wish: Wish) -> Json:
    """The account of our identity, in which every user and role is meant; Ceph has users only."""
    if wish.server is not Server.AWS:
        return wish.identity
    role = parts(wish.loan_role)
    accounts = sorted({wish.account, role[3] if role else wish.account})
    roots = [f"arn:{wish.partition}:iam::{account}:root" for account in accounts]
    return roots[0] if len(roots) == 1 else roots


def lifecycle(wish: Wish) -> Draft:
    """Removes the parts of uploads that nobody finished; they cost money and are seen in no listing."""
    rule: Json = {
        "ID": "moorage-unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": wish.prefix},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_DAYS},
    }
    return Draft(
        Kind.LIFECYCLE,
        f"Remove unfinished uploads after {_UNFINISHED_DAYS} days",
        {"Rules": [rule]},
        f"S3, bucket {wish.bucket}, management: lifecycle rules.",
        (_REPLACES.format("lifecycle rules"), "Finished objects are never touched by it."),
    )


def receiver_policy(wish: Wish) -> Draft:
    """Lets S3, and only for this bucket of this account, put events into the queue or topic."""
    to_topic = bool(wish.options.topic_arn)
    target = wish.topic if to_topic else wish.queue
    statement: Json = {
        "Sid": "MoorageEvents",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sns:Publish" if to_topic else "sqs:SendMessage",
        "Resource": target,
        "Condition": {
            "ArnEquals": {"aws:SourceArn": bucket_arn(wish.bucket, wish.partition)},
            "StringEquals": {"aws:SourceAccount": wish.account},
        },
    }
    what, name = ("topic", wish.topic) if to_topic else ("queue", wish.queue)
    return Draft(
        Kind.TOPIC_POLICY if to_topic else Kind.QUEUE_POLICY,
        f"Who may send to the {what}",
        policy(statement),
        f"{'SNS' if to_topic else 'SQS'}, {what} {name.rpartition(':')[2]}: access policy.",
        (f"Set this first: the bucket tries the {what} when the notification is set.",),
    )


def notification(wish: Wish) -> Draft:
    """Tells the queue or topic of every object that is written or removed below the prefix."""
    to_topic = bool(wish.options.topic_arn)
    one: dict[str, Json] = {
        "Id": wish.label,
        "TopicArn" if to_topic else "QueueArn": wish.topic if to_topic else wish.queue,
        "Events": list(EVENTS),
    }
    if wish.prefix:
        one["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": wish.prefix}]}}
    then = ("Then subscribe the address for events that the mirror's page shows, by https.",) if to_topic else ()
    return Draft(
        Kind.NOTIFICATION,
        "Tell of changes",
        {"TopicConfigurations" if to_topic else "QueueConfigurations": [one]},
        f"S3, bucket {wish.bucket}, properties: event notifications.",
        (_REPLACES.format("notifications"), *then),
    )
