"""The S3 adapter: the verbs of a store over one bucket."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from moorage.model.administration import OpenUpload
from moorage.model.errors import RangeUnsatisfiable, Refused
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Provider, Store
from moorage.stores.aws import Identities
from moorage.stores.s3.administration import S3Administration
from moorage.stores.s3.client import Call, Client
from moorage.stores.s3.conditions import ADVICE, head, head_or_none
from moorage.stores.s3.copying import copy
from moorage.stores.s3.errors import not_s3
from moorage.stores.s3.facts import info_of
from moorage.stores.s3.listing import list_page
from moorage.stores.s3.uploading import Multipart
from moorage.stores.s3.writing import Write
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


class S3Store(HttpStore[Client]):
    """One bucket of Amazon S3, MinIO, Ceph or any other server that speaks S3. Implements ``ObjectStore``.

    No request is made before the first verb. Times are whole seconds, wherever they come from; that of a
    write is the server's at its answer.
    """

    provider: Provider = Provider.S3

    def __init__(
        self,
        store: Store,
        *,
        limits: Limits | None = None,
        counters: Counters | None = None,
        purpose: Purpose = Purpose.READING,
        google: bool = False,
        identities: Identities | None = None,
        guard: Guard | None = None,
    ) -> None:
        """Raises Invalid for an endpoint that is no address, or a CA that is no PEM text. ``google``: see Client.

        ``identities``: where roles get their keys, shared with other stores; else it has a source of its own.
        """
        super().__init__(store, Transport(limits=limits, ca=store.connection.ca, counters=counters, guard=guard))
        self._client = Client(store, self._transport, purpose, identities or Identities(), google=google)

    @property
    def administration(self) -> S3Administration:
        """Questions about the bucket itself, on the same connections."""
        return S3Administration(self._client, read_only=self.read_only)

    def unstorable(self, key: Key) -> str | None:
        """The reason why S3 cannot hold ``key``; None: it can."""
        return self._client.place.unstorable(key)

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = LARGEST_PAGE, delimiter: bool = False
    ) -> ListingPage:
        """One page of the listing; see ``ObjectStore``."""
        need_page(limit)
        return await list_page(self._client, prefix, after, limit, delimiter=delimiter)

    async def stat(self, key: Key) -> ObjectInfo:
        """What a HEAD says of the object."""
        self._must_be_there(key)
        return await head(self._client, key)

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """Open the object for reading; the version of the bytes is ``info`` of the answer."""
        self._must_be_there(key)
        if byte_range and byte_range.length == 0:
            raise await self._unsatisfiable(key, "")
        headers = {"Range": range_header(byte_range)} if byte_range else {}
        headers |= {"If-Match": f'"{if_match}"'} if if_match else {}
        call = Call("get", "GET", key, headers=headers, collect_bytes=None, admit=NO_SUCH_RANGE)
        answer = await self._client.call(call)
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise await self._unsatisfiable(key, answer.headers.get("Content-Range", ""))
        return self._opened(key, answer, ranged=byte_range is not None)

    def _write(self, key: Key, media_type: str, metadata: Mapping[str, str] | None, condition: Condition) -> Write:
        return Write(self._client, key, media_type, metadata, condition)

    async def copy(self, source: Key, destination: Key, *, condition: Condition = ANYWAY) -> ObjectInfo:
        """Copy by the server; see ``ObjectStore``."""
        self._must_take(destination)
        self._must_be_there(source)
        return await copy(self._client, source, destination, condition)

    async def delete(self, key: Key, *, if_match: ETag | None = None) -> None:
        """Remove the object. With ``if_match`` an object of another version stays (Changed)."""
        self._must_be_writable(key)
        if self.unstorable(key) is not None:
            return
        condition = Condition(if_match=if_match)
        if if_match:
            found = await head_or_none(self._client, key)
            if not found:
                return
            if found.etag != if_match:
                raise condition_failed(self._client.names, key, condition, ADVICE)
        await self._client.call(
            Call("delete", "DELETE", key, headers=condition_headers(condition), admit=frozenset({404}))
        )

    async def try_multipart(self, key: Key) -> None:
        """Begin a multipart upload, send one part, list it and abort."""
        self._must_take(key)
        # Who may not abort would leave the upload for ever: so that is asked first, of one that there is not.
        await self.administration.abort(OpenUpload(key, "moorage-probe", 0))
        async with Multipart(self._client, key, {}) as upload:
            await upload.put_part(1, b"moorage")
            if b"<PartNumber>1</PartNumber>" not in await upload.parts():
                raise not_s3(self._client.names, "a list of parts without the part just sent")
            await upload.abort()

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:
        """A URL that reads the object for ``expires_s`` seconds, at most 7 days; the plain one of a public bucket.

        Where the store has a role, the URL ends with the role's session, mostly within the hour.
        ``disposition``: the Content-Disposition that the answer will carry.
        """
        need_life(expires_s)
        query = (("response-content-disposition", disposition),) if disposition else ()
        signed = await self._client.presign(key, expires_s=expires_s, query=query)
        if signed is not None:
            return signed
        if disposition:
            raise Refused("A store without credentials signs nothing.", "Give the store credentials.")
        return self._client.place.url(key)

    def _opened(self, key: Key, answer: Answer, *, ranged: bool) -> OpenedBody:
        names = self._client.names
        length = answer.headers.get("Content-Length", "")
        told = CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if not length.isdigit() or (ranged and not told):
            answer.close()
            raise not_s3(names, "a body without its length" if not length.isdigit() else "the whole object for a range")
        start, stop, size = (int(told[1]), int(told[2]) + 1, int(told[3])) if told else (0, int(length), int(length))
        return OpenedBody(
            answer, info_of(key, answer.headers, size), start=start, stop=stop, store=names.store, bucket=names.bucket
        )

    async def _unsatisfiable(self, key: Key, content_range: str) -> RangeUnsatisfiable:
        size = size_told(content_range)
        return self._no_byte(key, (await self.stat(key)).size if size is None else size)
