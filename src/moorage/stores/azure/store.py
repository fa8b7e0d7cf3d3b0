"""The Azure adapter: the verbs of a store over one container."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Mapping
from http import HTTPStatus
from typing import Final

from moorage.model.errors import (
    BodyBroken,
    Changed,
    Invalid,
    ObjectNotFound,
    RangeUnsatisfiable,
    ReadOnly,
    Unstorable,
)
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Provider, Store
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.conditions import condition_headers, failed, head
from moorage.stores.azure.copying import copy
from moorage.stores.azure.errors import not_azure
from moorage.stores.azure.facts import info_of, is_folder
from moorage.stores.azure.listing import Lister
from moorage.stores.azure.presigning import LONGEST_LIFE_S, presigned
from moorage.stores.azure.uploading import Blocks
from moorage.stores.azure.writing import Write
from moorage.stores.transport import Answer, Counters, Limits, OpenedBody, Purpose, Transport

_LARGEST_PAGE: Final = 1000
_NO_SUCH_RANGE: Final = frozenset({HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE})
_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(-?\d+)/(\d+)")
_SIZE_ONLY: Final = re.compile(r"bytes \*/(\d+)")


class AzureStore:
    """One container of Azure Blob Storage, or of an emulator of it. Implements ``ObjectStore``.

    No request is made before the first verb. Objects are the base blobs: snapshots, older versions, deleted and
    uncommitted blobs are not listed, and directories of a hierarchical namespace are no objects. A blob that
    other programs made to stand for a folder (``hdi_isfolder``) in an account without one is an object like any.
    """

    provider = Provider.AZURE

    def __init__(
        self,
        store: Store,
        *,
        limits: Limits | None = None,
        counters: Counters | None = None,
        purpose: Purpose = Purpose.READING,
    ) -> None:
        """Raises Invalid for credentials, a container or an endpoint that no request could be made with."""
        self.read_only = store.read_only
        self._store = store
        self._transport = Transport(limits=limits, ca=store.connection.ca, counters=counters)
        self._client = Client(store, self._transport, purpose)
        self._lister = Lister()

    @property
    def counters(self) -> Counters:
        """Requests and bytes so far, of all purposes."""
        return self._transport.counters

    @property
    def clock_offset_s(self) -> float:
        """The server's clock less ours in seconds; warn from 60 s on."""
        return self._transport.clock.offset_s

    def serving(self, purpose: Purpose) -> AzureStore:
        """The same store on the connections of another purpose; closing either closes both."""
        other = object.__new__(AzureStore)
        other.__dict__.update(self.__dict__, _client=self._client.view(purpose))
        return other

    def unstorable(self, key: Key) -> str | None:
        """The reason why Azure cannot hold ``key``; None: it can."""
        return self._client.place.unstorable(key)

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = _LARGEST_PAGE, delimiter: bool = False
    ) -> ListingPage:
        """One page of the listing; see ``ObjectStore``, and ``listing`` for what it costs."""
        if not 1 <= limit <= _LARGEST_PAGE:
            raise Invalid("A page has 1 to 1,000 keys.", "Ask for fewer.", field="limit")
        return await self._lister.page(self._client, prefix, after, limit, delimiter=delimiter)

    async def stat(self, key: Key) -> ObjectInfo:
        """What a HEAD says of the object."""
        self._must_be_there(key)
        return await head(self._client, key)

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """Open the object for reading; the version of the bytes is ``info`` of the answer."""
        self._must_be_there(key)
        if byte_range and byte_range.start is None:
            # Azure knows no range from the end, and would send the whole object.
            found = await head(self._client, key)
            if if_match and found.etag != if_match:
                raise failed(self._client, key, Condition(if_match=if_match))
            within = byte_range.within(found.size)
            if not within:
                raise self._unsatisfiable(key, found.size)
            byte_range, if_match = ByteRange(within[0], within[1] - within[0]), found.etag
        if byte_range and byte_range.length == 0:
            raise self._unsatisfiable(key, (await self.stat(key)).size)
        headers = {"Range": _range_header(byte_range)} if byte_range else {}
        headers |= {"If-Match": f'"{if_match}"'} if if_match else {}
        call = Call("get", "GET", key, headers=headers, collect_bytes=None, admit=_NO_SUCH_RANGE)
        try:
            answer = await self._client.call(call)
        except Changed:
            await self.stat(key)  # a condition does not hold for an absent object either: that comes first
            raise
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            told = _SIZE_ONLY.fullmatch(answer.headers.get("Content-Range", ""))
            raise self._unsatisfiable(key, int(told[1]) if told else (await self.stat(key)).size)
        return self._opened(key, answer, ranged=byte_range is not None)

    async def put(
        self,
        key: Key,
        body: bytes | AsyncIterable[bytes],
        *,
        length: int | None = None,
        media_type: str = "",
        metadata: Mapping[str, str] | None = None,
        condition: Condition = ANYWAY,
    ) -> ObjectInfo:
        """Write the object: in one Put Blob up to 64 MiB of known length, else in blocks.

        Of two writes in blocks to one key at once, the one that ends last raises Changed.
        """
        self._must_be_writable(key)
        self._must_be_storable(key)
        write = Write(self._client, key, media_type, metadata, condition)
        if not isinstance(body, bytes):
            return await write.stream(body, length)
        if length is not None and length != len(body):
            raise BodyBroken(f"The body has {len(body)} bytes, not {length}. Nothing was written.", key=key)
        return await write.data(body)

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:
        """Copy by the server; see ``ObjectStore``."""
        self._must_be_writable(destination)
        self._must_be_storable(destination)
        self._must_be_there(source)
        return await copy(self._client, source, destination, condition)

    async def delete(self, key: Key, *, if_match: ETag | None = None) -> None:
        """Remove the object. With ``if_match`` an object of another version stays (Changed), with snapshots any."""
        self._must_be_writable(key)
        if self.unstorable(key) is not None:
            return
        headers = condition_headers(Condition(if_match=if_match))
        try:
            await self._client.call(Call("delete", "DELETE", key, headers=headers))
        except ObjectNotFound:
            return
        except Changed:
            try:
                found = await self.stat(key)
            except ObjectNotFound:
                return
            raise failed(self._client, found.key, Condition(if_match=if_match)) from None

    async def try_multipart(self, key: Key) -> None:
        """Send one block and find it listed. It is never committed: no object comes of it, and Azure drops it."""
        self._must_be_writable(key)
        self._must_be_storable(key)
        if not await Blocks(self._client, key).try_one():
            raise not_azure(self._client.names, "a list of blocks without the block just sent")

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:
        """A URL that reads the object for ``expires_s`` seconds, at most 7 days; the plain one of a public container.

        ``disposition``: the Content-Disposition that the answer will carry. Raises Refused for a SAS, which can
        only be passed on as a whole.
        """
        if not 1 <= expires_s <= LONGEST_LIFE_S:
            raise Invalid("A signed URL lives 1 second to 7 days.", "Ask for a shorter life.", field="expires_s")
        return await presigned(self._client, key, expires_s=expires_s, disposition=disposition)

    async def aclose(self) -> None:
        """Close all connections, those of other purposes too; a repeat does nothing."""
        await self._client.access.aclose()
        await self._transport.aclose()

    def _opened(self, key: Key, answer: Answer, *, ranged: bool) -> OpenedBody:
        names = self._client.names
        length = answer.headers.get("Content-Length", "")
        told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if is_folder(answer.headers):
            answer.close()
            raise ObjectNotFound(f"{key!r} in {names.bucket} is a directory.", "", names.store, names.bucket, key)
        if not length.isdigit() or (ranged and not told):
            answer.close()
            raise not_azure(names, "the whole object for a range" if length.isdigit() else "a body without its length")
        start, stop, size = (int(told[1]), int(told[2]) + 1, int(told[3])) if told else (0, int(length), int(length))
        if told and stop <= start:  # Azurite answers so to a range that begins right after the last byte
            answer.close()
            raise self._unsatisfiable(key, size)
        info = info_of(key, answer.headers, size)
        return OpenedBody(answer, info, start=start, stop=stop, store=names.store, bucket=names.bucket)

    def _unsatisfiable(self, key: Key, size: int) -> RangeUnsatisfiable:
        names = self._client.names
        return RangeUnsatisfiable(
            f"No byte of {key!r} lies in that range; it has {size} bytes.", "", names.store, names.bucket, key, size
        )

    def _must_be_writable(self, key: Key) -> None:
        if self.read_only:
            raise ReadOnly(
                f"The store {self._store.name!r} is registered read-only. Nothing was written.",
                "Register it as writable, where that is meant.",
                self._store.name,
                self._store.bucket,
                key,
            )

    def _must_be_storable(self, key: Key) -> None:
        reason = self.unstorable(key)
        if reason:
            raise Unstorable(
                f"{reason} Nothing was written.",
                "Choose another key.",
                self._store.name,
                self._store.bucket,
                key,
                reason,
            )

    def _must_be_there(self, key: Key) -> None:
        reason = self.unstorable(key)
        if reason is not None:
            raise ObjectNotFound(f"{reason} So there is no {key!r}.", "", self._store.name, self._store.bucket, key)


def _range_header(wanted: ByteRange) -> str:
    return f"bytes={wanted.start}-{'' if wanted.length is None else (wanted.start or 0) + wanted.length - 1}"
