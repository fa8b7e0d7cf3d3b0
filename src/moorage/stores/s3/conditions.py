"""Conditions of writes: as headers, and as errors when they do not hold."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from moorage.model.errors import MoorageError, ObjectNotFound
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.s3.client import Call, Client
from moorage.stores.s3.errors import error_of, no_bucket, problem_in
from moorage.stores.s3.facts import info_of
from moorage.stores.transport import Answer
from moorage.stores.transport.conditions import condition_failed

FAILED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""Statuses of conditions that do not hold: 409 while another write is under way, 404 for If-Match on nothing."""
ADVICE: Final = "Look at it again; Ceph before version 18 refuses every update by ETag."
_CONDITION_CODES = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "NoSuchKey"})


async def head(client: Client, key: Key) -> ObjectInfo:
    """The object at ``key``. Raises ObjectNotFound; StoreUnreachable where the bucket is gone as well."""
    try:
        answer = await client.call(Call("stat", "HEAD", key))
    except ObjectNotFound:
        # A HEAD does not tell an absent object from an absent bucket, and a vanished bucket must not
        # look like a million deleted objects.
        if not client.bucket_seen():
            answer = await client.call(Call("stat", "HEAD", admit=frozenset({301, 307, 400, 403, 404})))
            if answer.status == HTTPStatus.NOT_FOUND:
                raise no_bucket(client.names) from None
            client.see_bucket()
        raise
    client.see_bucket()
    return info_of(key, answer.headers, int(answer.headers.get("Content-Length", "0")))


async def head_or_none(client: Client, key: Key) -> ObjectInfo | None:
    """The object at ``key``, or None."""
    try:
        return await head(client, key)
    except ObjectNotFound:
        return None


async def look_first(client: Client, key: Key, condition: Condition) -> None:
    """Check a condition by looking, for servers that take it for other requests than this one.

    Between this look and the write another write may come; the headers close that gap where the server
    knows them. Raises AlreadyExists or Changed.
    """
    if condition.if_absent or condition.if_match:
        found = await head_or_none(client, key)
        if (condition.if_absent and found) or (condition.if_match and (not found or found.etag != condition.if_match)):
            raise condition_failed(client.names, key, condition, ADVICE)


def refused(client: Client, key: Key, condition: Condition, answer: Answer) -> MoorageError:
    """The error for an answer with a status of ``FAILED``: mostly that the condition does not hold."""
    problem = problem_in(answer)
    asked = condition.if_absent or condition.if_match
    if (
        not asked
        or problem.code not in _CONDITION_CODES
        or (answer.status == HTTPStatus.NOT_FOUND and not condition.if_match)
    ):
        return error_of("put", key, answer, problem, client.names)
    return condition_failed(client.names, key, condition, ADVICE)
