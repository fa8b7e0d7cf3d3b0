"""The session policy of a loan: what is left of a role for one prefix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from moorage.model.errors import Invalid
from moorage.prescribing.arn import bucket_arn, literal, objects_arn
from moorage.prescribing.document import Json, minified, policy
from moorage.prescribing.modes import BUCKET_WRITE, LIST, OBJECT_DELETE, OBJECT_READ, OBJECT_WRITE

LONGEST: Final = 2048
"""Characters of an inline session policy. Source: AWS STS, AssumeRole, Policy."""
_ON_OBJECTS: Final = OBJECT_READ + OBJECT_WRITE + OBJECT_DELETE


def session_policy(bucket: str, prefix: str, actions: Iterable[str], *, partition: str = "aws") -> str:
    """The policy as STS takes it: minified, each action on what it is for, nothing outside the prefix.

    ``prefix`` ends with ``/``. ``s3:ListBucketMultipartUploads`` cannot be limited: it shows the names of all open
    uploads of the bucket. Raises Invalid for another action, for no prefix, and above 2,048 characters.
    """
    text = minified(session_body(bucket, prefix, actions, partition=partition))
    if len(text) > LONGEST:
        raise Invalid(
            f"The policy of this loan has {len(text):,} characters, more than the {LONGEST:,} that are allowed. "
            "Nothing was lent.",
            "Lend a prefix with a shorter name.",
            field="prefix",
        )
    return text


def session_body(bucket: str, prefix: str, actions: Iterable[str], *, partition: str = "aws") -> Json:
    """The same policy before it is written."""
    wanted = tuple(dict.fromkeys(actions))
    unknown = [one for one in wanted if one not in (*_ON_OBJECTS, LIST, *BUCKET_WRITE)]
    if unknown or not wanted:
        raise Invalid(
            f"{', '.join(unknown) or 'Nothing'} cannot be lent.",
            f"Name some of {', '.join((*_ON_OBJECTS, LIST, *BUCKET_WRITE))}.",
            field="actions",
        )
    if not prefix.endswith("/"):
        raise Invalid("A loan is for a prefix that ends with '/'. Nothing was lent.", "Name a folder.", field="prefix")
    return policy(*access(bucket, prefix, wanted, partition=partition))


def access(
    bucket: str, prefix: str, actions: Iterable[str], *, partition: str = "aws", named: bool = False
) -> list[Json]:
    """The statements that allow these actions on a bucket and what lies below a prefix; ``named`` gives them a Sid."""
    given = tuple(actions)
    on_objects = [one for one in given if one in _ON_OBJECTS]
    on_bucket = [one for one in given if one not in (*_ON_OBJECTS, LIST)]
    whole = bucket_arn(bucket, partition)
    statements: list[Json] = []
    if on_bucket:
        statements.append(_allow("MoorageBucket" if named else "", on_bucket, whole))
    if LIST in given:
        below = {"StringLike": {"s3:prefix": [f"{literal(prefix)}*"]}} if prefix else None
        statements.append(_allow("MoorageList" if named else "", [LIST], whole, below))
    if on_objects:
        statements.append(_allow("MoorageObjects" if named else "", on_objects, objects_arn(bucket, prefix, partition)))
    return statements


def _allow(sid: str, actions: list[str], resource: str, condition: Json | None = None) -> Json:
    whole: dict[str, Json] = {"Sid": sid} if sid else {}
    whole |= {"Effect": "Allow", "Action": actions[0] if len(actions) == 1 else actions, "Resource": resource}
    return whole | {"Condition": condition} if condition is not None else whole
