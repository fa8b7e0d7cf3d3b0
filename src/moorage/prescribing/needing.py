"""Whether a pasted policy allows what the modes need, by all of its statements together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from moorage.prescribing.actions import ON_OBJECTS
from moorage.prescribing.arn import bucket_arn
from moorage.prescribing.findings import Code, Finding, Weight
from moorage.prescribing.modes import LIST, Mode, bucket_actions, needs_identity, object_actions
from moorage.prescribing.statement import Statement, covers, texts
from moorage.prescribing.wish import Wish

_OPTIONAL = frozenset({"s3:GetBucketLocation"})


def lacking(statements: Sequence[Statement], *, modes: AbstractSet[Mode], wish: Wish | None) -> Iterator[Finding]:
    """Each action that the modes need and nothing allows, or something denies.

    Conditions of statements that allow are taken as fulfilled; a statement that denies counts where it has none.
    """
    if not needs_identity(modes) or _says_nothing_of_us(statements):
        return
    append_only = wish is not None and wish.options.append_only
    for action in (*bucket_actions(modes), LIST, *object_actions(modes, append_only=append_only)):
        if action in _OPTIONAL:
            continue
        resource = _sample(action, wish)
        denied = [
            one for one in statements if not one.allows and not one.conditions and _reaches(one, action, resource)
        ]
        if denied:
            yield _finding(action, denied[0].line, denied[0].number, f"{action} is denied by this statement.")
        elif not any(one.allows and _reaches(one, action, resource) for one in statements):
            where = "" if resource is None else f" on {resource}"
            yield _finding(action, statements[0].line, 0, f"{action}{where} is not allowed.")


def _says_nothing_of_us(statements: Sequence[Statement]) -> bool:
    """Whether it is a policy of a bucket or role that gives no user any right to objects: others do that."""
    gives = (
        one.allows
        and not one.public
        and any(word == "*" or word.lower().startswith("s3") for word in texts(one.actions))
        for one in statements
    )
    return any(one.has_principal for one in statements) and not any(gives)


def _reaches(statement: Statement, action: str, resource: str | None) -> bool:
    if not covers((one.lower() for one in texts(statement.actions)), action.lower()):
        return False
    return resource is None or covers(texts(statement.resources), resource)


def _sample(action: str, wish: Wish | None) -> str | None:
    """A resource that the action must reach; None where no bucket is known."""
    if wish is None:
        return None
    if action not in ON_OBJECTS:
        return bucket_arn(wish.bucket, wish.partition)
    # Letters that no pattern names by chance: a whole prefix must be open, not one object of it.
    return f"{bucket_arn(wish.bucket, wish.partition)}/{wish.prefix}~ any object"


def _finding(action: str, line: int, number: int, what: str) -> Finding:
    return Finding(
        Code.MISSING_ACTION,
        Weight.FAULT,
        line,
        number,
        "",
        what,
        _WHY.get(action, "Without it these modes do not work."),
        f"Allow {action} on {'the objects below the prefix' if action in ON_OBJECTS else 'the bucket'}.",
    )


_WHY = {
    "s3:ListBucket": "Without it nothing can be mirrored, and a missing object looks like a forbidden one.",
    "s3:GetObject": "Without it nothing can be read.",
    "s3:PutObject": "Without it nothing can be uploaded.",
    "s3:DeleteObject": "Without it trials and unfinished uploads stay in the bucket.",
    "s3:AbortMultipartUpload": "Without it parts of broken uploads stay, and cost money.",
    "s3:ListMultipartUploadParts": "Without it an upload in parts cannot be taken up again.",
    "s3:ListBucketMultipartUploads": "Without it uploads that were left unfinished are not found.",
}
