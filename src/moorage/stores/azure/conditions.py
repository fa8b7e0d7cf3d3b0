"""Conditions of writes: as headers, and as errors when they do not hold."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from moorage.model.errors import MoorageError, ObjectNotFound
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.errors import error_of, problem_in
from moorage.stores.azure.facts import info_of, is_folder
from moorage.stores.transport import Answer
from moorage.stores.transport.conditions import condition_failed

FAILED: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""Statuses of conditions that do not hold: 409 where something is there already, 404 for If-Match on nothing."""
_ABSENT_CODES: Final = frozenset({"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"})
_MATCH_CODES: Final = _ABSENT_CODES | {"BlobNotFound"}


async def looked_at(client: Client, key: Key) -> Answer:
    """What HEAD says of the object. Raises ObjectNotFound, for directories of a hierarchical namespace too."""
    answer = await client.call(Call("stat", "HEAD", key))
    if is_folder(answer.headers):
        raise ObjectNotFound(
            f"{key!r} in {client.names.bucket} is a directory.", "", client.names.store, client.names.bucket, key
        )
    return answer


async def head(client: Client, key: Key) -> ObjectInfo:
    """The object at ``key``. Raises ObjectNotFound; StoreUnreachable where the container is gone as well."""
    answer = await looked_at(client, key)
    return info_of(key, answer.headers, int(answer.headers.get("Content-Length", "0")))


async def made_by_us(client: Client, key: Key, md5: str, size: int) -> ObjectInfo | None:
    """The object at ``key`` where it holds the very bytes that were sent; None: it does not, or is not there.

    For writes whose answer was lost: the try may have been the writer.
    """
    try:
        answer = await looked_at(client, key)
    except ObjectNotFound:
        return None
    found = info_of(key, answer.headers, int(answer.headers.get("Content-Length", "0")))
    return found if found.size == size and answer.headers.get("Content-MD5") == md5 else None


def refused(client: Client, key: Key, condition: Condition, answer: Answer) -> MoorageError:
    """The error for an answer with a status of ``FAILED``: mostly that the condition does not hold."""
    problem = problem_in(answer)
    if condition.if_absent and problem.code in _ABSENT_CODES:
        return condition_failed(client.names, key, condition)
    if condition.if_match and problem.code in _MATCH_CODES:
        return condition_failed(client.names, key, condition)
    return error_of("put", key, answer, problem, client.names)
