"""Copies inside a bucket: by the server, at once up to 5 GiB, in ranges beyond."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from typing import Final

from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.s3.client import Call, Client
from moorage.stores.s3.conditions import FAILED, head, look_first, refused
from moorage.stores.s3.facts import meta_headers
from moorage.stores.s3.place import quote_key
from moorage.stores.s3.uploading import Multipart, checked, result_etag
from moorage.stores.transport import side_by_side
from moorage.stores.transport.conditions import condition_headers

_LARGEST_AT_ONCE: Final = 5 * 1024**3
_RANGE: Final = 512 * 1024**2
_AT_ONCE: Final = 4


async def copy(
    client: Client, source: Key, destination: Key, condition: Condition, *, at_once: int = _LARGEST_AT_ONCE
) -> ObjectInfo:
    """Copy with metadata. Raises ObjectNotFound for the source, AlreadyExists or Changed for the destination.

    A copy onto itself changes nothing, and S3 refuses it: the object is looked at only.
    """
    found = await head(client, source)
    await look_first(client, destination, condition)
    if source == destination:
        return found
    if found.size > at_once:
        await _in_ranges(client, found, destination, condition, at_once)
    else:
        await _at_once(client, found, destination, condition)
    return await head(client, destination)


async def _at_once(client: Client, source: ObjectInfo, destination: Key, condition: Condition) -> None:
    headers = _source(client, source) | condition_headers(condition)
    call = Call("copy", "PUT", destination, headers=headers, long=True)
    result_etag(client, await checked(client, call))


async def _in_ranges(client: Client, source: ObjectInfo, destination: Key, condition: Condition, at_once: int) -> None:
    size = min(_RANGE, at_once)
    named = _source(client, source)
    async with Multipart(client, destination, meta_headers(source.media_type, source.metadata)) as upload:

        async def jobs() -> AsyncIterator[Coroutine[None, None, None]]:
            for number, start in enumerate(range(0, source.size, size), 1):
                stop = min(start + size, source.size)
                yield upload.copy_part(number, named | {"x-amz-copy-source-range": f"bytes={start}-{stop - 1}"})

        await side_by_side(jobs(), _AT_ONCE)
        await look_first(client, destination, condition)
        answer = await upload.complete(condition_headers(condition), FAILED)
        if answer.status in FAILED and not (
            answer.unsure_tries and upload.made((await head(client, destination)).etag)
        ):
            raise refused(client, destination, condition, answer)


def _source(client: Client, source: ObjectInfo) -> dict[str, str]:
    """The source, in the very version that was looked at."""
    return {
        "x-amz-copy-source": f"/{client.place.bucket}/{quote_key(source.key)}",
        "x-amz-copy-source-if-match": f'"{source.etag}"',
    }
