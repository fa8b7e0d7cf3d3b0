"""The Azure adapter: the verbs of a store over one container."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from moorage.model.errors import Changed, ObjectNotFound
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Provider, Store
from moorage.stores.azure.administration import AzureAdministration
from moorage.stores.azure.client import Call, Client
from moorage.stores.azure.conditions import head
from moorage.stores.azure.copying import copy
from moorage.stores.azure.errors import not_azure
from moorage.stores.azure.facts import info_of, is_folder
from moorage.stores.azure.listing import Lister
from moorage.stores.azure.presigning import presigned
from moorage.stores.azure.uploading import Blocks
from moorage.stores.azure.writing import Write
from moorage.stores.transport import Answer, Counters, Guard, Limits, OpenedBody, Purpose, Transport
from moorage.stores.transport.conditions import condition_failed, condition_headers
from moorage.stores.transport.store import (
    CONTENT_RANGE,
    LARGEST_PAGE,
    NO_SUCH_RANGE,
    HttpStore,
    need_life,
    need_page,
    range_header,
    size_told,
)


class AzureStore(HttpStore[Client]):
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
        guard: Guard | None = None,
    ) -> None:
        """Raises Invalid for credentials, a container or an endpoint that no request could be made with."""
        super().__init__(store, Transport(limits=limits, ca=store.connection.ca, counters=counters, guard=guard))
        self._client = Client(store, self._transport, purpose)
        self._lister = Lister()

    @property
    def administration(self) -> AzureAdministration:
        """Questions about the container and its account, on the same connections."""
        return AzureAdministration(self._client, read_only=self.read_only)

    def unstorable(self, key: Key) -> str | None:
        """The reason why Azure cannot hold ``key``; None: it can."""
        return self._client.place.unstorable(key)

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = LARGEST_PAGE, delimiter: bool = False
    ) -> ListingPage:
        """One page of the listing; see ``ObjectStore``, and ``listing`` for what it costs."""
        need_page(limit)
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
                raise condition_failed(self._client.names, key, Condition(if_match=if_match))
            within = byte_range.within(found.size)
            if not within:
                raise self._no_byte(key, found.size)
            byte_range, if_match = ByteRange(within[0], within[1] - within[0]), found.etag
        if byte_range and byte_range.length == 0:
            raise self._no_byte(key, (await self.stat(key)).size)
        headers = {"Range": range_header(byte_range)} if byte_range else {}
        headers |= {"If-Match": f'"{if_match}"'} if if_match else {}
        call = Call("get", "GET", key, headers=headers, collect_bytes=None, admit=NO_SUCH_RANGE)
        try:
            answer = await self._client.call(call)
        except Changed:
            await self.stat(key)  # a condition does not hold for an absent object either: that comes first
            raise
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            size = size_told(answer.headers.get("Content-Range", ""))
            raise self._no_byte(key, (await self.stat(key)).size if size is None else size)
        return self._opened(key, answer, ranged=byte_range is not None)

    def _write(self, key: Key, media_type: str, metadata: Mapping[str, str] | None, condition: Condition) -> Write:
        return Write(self._client, key, media_type, metadata, condition)

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:
        """Copy by the server; see ``ObjectStore``."""
        self._must_take(destination)
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
            raise condition_failed(self._client.names, found.key, Condition(if_match=if_match)) from None

    async def try_multipart(self, key: Key) -> None:
        """Send one block and find it listed. It is never committed: no object comes of it, and Azure drops it."""
        self._must_take(key)
        if not await Blocks(self._client, key).try_one():
            raise not_azure(self._client.names, "a list of blocks without the block just sent")

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:
        """A URL that reads the object for ``expires_s`` seconds, at most 7 days; the plain one of a public container.

        ``disposition``: the Content-Disposition that the answer will carry. Raises Refused for a SAS, which can
        only be passed on as a whole.
        """
        need_life(expires_s)
        return await presigned(self._client, key, expires_s=expires_s, disposition=disposition)

    async def aclose(self) -> None:
        """Close all connections, those of other purposes too; a repeat does nothing."""
        await self._client.access.aclose()
        await super().aclose()

    def _opened(self, key: Key, answer: Answer, *, ranged: bool) -> OpenedBody:
        names = self._client.names
        length = answer.headers.get("Content-Length", "")
        told = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if is_folder(answer.headers):
            answer.close()
            raise ObjectNotFound(f"{key!r} in {names.bucket} is a directory.", "", names.store, names.bucket, key)
        if not length.isdigit() or (ranged and not told):
            answer.close()
            raise not_azure(names, "the whole object for a range" if length.isdigit() else "a body without its length")
        start, stop, size = (int(told[1]), int(told[2]) + 1, int(told[3])) if told else (0, int(length), int(length))
        if told and stop <= start:  # Azurite answers so to a range that begins right after the last byte
            answer.close()
            raise self._no_byte(key, size)
        info = info_of(key, answer.headers, size)
        return OpenedBody(answer, info, start=start, stop=stop, store=names.store, bucket=names.bucket)
