"""Copies inside an account: by the server, at once up to 256 MiB, in blocks beyond. Neither shows half an object.

The older Copy Blob would take any size, but shows its destination before it is complete.
Source: Copy Blob From URL; Put Block From URL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from typing import Final

from moorage.model.errors import Refused
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.azure.access import ByKey, BySas, ByToken, with_query
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.conditions import FAILED, head, looked_at, made_by_us, refused
from moorage.stores.azure.facts import fact_headers, info_of
from moorage.stores.azure.uploading import Blocks
from moorage.stores.transport import Answer, side_by_side
from moorage.stores.transport.conditions import condition_failed, condition_headers

_LARGEST_AT_ONCE: Final = 256 * 1024**2
_RANGE: Final = 256 * 1024**2
_AT_ONCE: Final = 4
_READABLE_S: Final = 3600
_KEPT: Final = ("Content-Encoding", "Content-Language", "Content-Disposition", "Cache-Control", "Content-MD5")


async def copy(
    client: Client, source: Key, destination: Key, condition: Condition, *, at_once: int = _LARGEST_AT_ONCE
) -> ObjectInfo:
    """Copy with metadata. Raises ObjectNotFound for the source, AlreadyExists or Changed for the destination.

    A copy onto itself changes nothing: the object is looked at only.
    """
    told = await looked_at(client, source)
    found = info_of(source, told.headers, int(told.headers.get("Content-Length", "0")))
    if source == destination:
        if condition.if_absent or (condition.if_match and condition.if_match != found.etag):
            raise condition_failed(client.names, destination, condition)
        return found
    named = await _source(client, found)
    admitted = FAILED if condition.if_absent or condition.if_match else frozenset[int]()
    if found.size > at_once:
        answer = await _in_blocks(client, told, found, destination, named, condition, admitted, at_once)
    else:
        headers = named | condition_headers(condition) | {"x-ms-requires-sync": "true"}
        answer = await client.call(Call("copy", "PUT", destination, (), headers, long=True, admit=admitted))
    if answer.status in FAILED:
        md5 = told.headers.get("Content-MD5", "")
        made = await made_by_us(client, destination, md5, found.size) if answer.unsure_tries and md5 else None
        if not made:
            raise refused(client, destination, condition, answer)
        return made
    return await head(client, destination)


async def _in_blocks(
    client: Client,
    told: Answer,
    found: ObjectInfo,
    destination: Key,
    named: dict[str, str],
    condition: Condition,
    admitted: frozenset[int],
    at_once: int,
) -> Answer:
    size = min(_RANGE, at_once)
    upload = Blocks(client, destination)

    async def jobs() -> AsyncIterator[Coroutine[None, None, None]]:
        for number, start in enumerate(range(0, found.size, size), 1):
            stop = min(start + size, found.size)
            yield upload.copy(number, named | {"x-ms-source-range": f"bytes={start}-{stop - 1}"})

    await side_by_side(jobs(), _AT_ONCE)
    kept = {f"x-ms-blob-{name.lower()}": told.headers[name] for name in _KEPT if name in told.headers}
    headers = kept | fact_headers(found.media_type, found.metadata)
    return await upload.commit(headers | condition_headers(condition), admitted)


async def _source(client: Client, source: ObjectInfo) -> dict[str, str]:
    """The source, in the very version that was looked at, as the server may read it."""
    access, place = client.access, client.place
    url = place.url(source.key)
    headers = {"x-ms-source-if-match": f'"{source.etag}"'}
    now_s = client.transport.clock.now()
    match access:
        case ByKey():
            # Our own request is signed, but the server reads the source as anybody would.
            signed = access.signer.sas(place, source.key, expires_s=_READABLE_S, now_s=now_s)
            return headers | {"x-ms-copy-source": with_query(url, signed)}
        case BySas():
            return headers | {"x-ms-copy-source": with_query(url, access.query)}
        case ByToken():
            await access.ready(now_s)
            return headers | {"x-ms-copy-source": url, "x-ms-copy-source-authorization": f"Bearer {access.token}"}
        case _:
            raise Refused("Nothing is copied without credentials.", "Give the store credentials.")
