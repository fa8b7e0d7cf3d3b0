"""Copies inside a bucket: by the server, asked again and again until it is done."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from moorage.model.errors import ObjectNotFound
from moorage.model.keys import ETag, Key
from moorage.model.objects import ObjectInfo
from moorage.model.store import Condition
from moorage.stores.google.client import Call, Client
from moorage.stores.google.errors import not_google
from moorage.stores.google.facts import FIELDS
from moorage.stores.google.writing import FAILED, condition_query, info, look, refused
from moorage.stores.transport.conditions import condition_failed

_FIELDS: Final = f"done,rewriteToken,totalBytesRewritten,resource({FIELDS})"
_SAME: Final = ("md5Hash", "size", "contentType", "metadata")


async def copy(client: Client, source: Key, destination: Key, condition: Condition) -> ObjectInfo:
    """Copy with metadata. Raises ObjectNotFound for the source, AlreadyExists or Changed for the destination.

    A copy onto itself changes nothing: the object is looked at only.
    """
    if source == destination:
        return await _itself(client, source, condition)
    query = (("fields", _FIELDS), *condition_query(client, destination, condition))
    token, copied = "", ("", "")
    while True:
        url = client.place.rewrite(source, destination, (*query, *((("rewriteToken", token),) if token else ())))
        # The description is left out, so that the source's own is taken over.
        answer = await client.call(Call("copy", "POST", url, source, admit=frozenset({404, *FAILED}), long=True))
        if answer.status == HTTPStatus.NOT_FOUND:
            await client.bucket_must_be_there()
            raise ObjectNotFound(
                f"There is no object {source!r} in {client.names.bucket}.",
                "",
                client.names.store,
                client.names.bucket,
                source,
            )
        if not answer.ok:
            made = await _made(client, source, destination) if answer.unsure_tries else None
            if made is None:
                raise refused(client, destination, condition, answer)
            return made
        document = client.parsed(answer)
        resource, token = document.get("resource"), str(document.get("rewriteToken", ""))
        if document.get("done") is True and isinstance(resource, dict):
            return info(client, destination, resource)
        last, copied = copied, (token, str(document.get("totalBytesRewritten")))
        if not token or copied == last:
            raise not_google(client.names, "a copy that does not go on")


async def _itself(client: Client, key: Key, condition: Condition) -> ObjectInfo:
    found = await look(client, key)
    if found is None:
        raise ObjectNotFound(f"There is no object {key!r}.", "", client.names.store, client.names.bucket, key)
    told = info(client, key, found)
    if condition.if_absent or (condition.if_match and ETag(condition.if_match) != told.etag):
        raise condition_failed(client.names, key, condition)
    return told


async def _made(client: Client, source: Key, destination: Key) -> ObjectInfo | None:
    """The copy, where a condition failed because an earlier try whose answer was lost had made it; else None."""
    original, made = await look(client, source), await look(client, destination)
    if not original or not made or not made.get("md5Hash"):
        return None
    same = all(original.get(name) == made.get(name) for name in _SAME)
    return info(client, destination, made) if same else None
