"""The Google adapter: the verbs of a store over one bucket."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from moorage.model.credentials import Role, ServiceAccount
from moorage.model.errors import (
    Invalid,
    MoorageError,
    ObjectNotFound,
    Refused,
)
from moorage.model.keys import ETag, Key
from moorage.model.objects import ByteRange, ListingPage, ObjectBody, ObjectInfo
from moorage.model.store import ANYWAY, Condition, Provider, Store
from moorage.stores.google.account import Account, account_of
from moorage.stores.google.administration import GoogleAdministration
from moorage.stores.google.client import Call, Client
from moorage.stores.google.copying import copy
from moorage.stores.google.errors import Names, not_google
from moorage.stores.google.facts import generation_of, info_of_headers
from moorage.stores.google.listing import list_page
from moorage.stores.google.minting import FULL_CONTROL, KeyMint, MachineMint, scope_of, token_transport
from moorage.stores.google.place import PUBLIC, place_of, unstorable
from moorage.stores.google.sessions import SMALLEST, Session
from moorage.stores.google.signing import presign
from moorage.stores.google.tokens import Token, Tokens
from moorage.stores.google.writing import FAILED, Write, info, look
from moorage.stores.transport import Answer, Counters, Guard, Limits, OpenedBody, Purpose, Transport
from moorage.stores.transport.conditions import condition_failed
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

METADATA_HOST: Final = "metadata.google.internal"


class GoogleStore(HttpStore[Client]):
    """One bucket of Google Cloud Storage, or of a server that speaks as it does. Implements ``ObjectStore``.

    Bytes are read in the XML dialect, the only one that sends the metadata along; all else is JSON. The ETag
    of an object is its generation. No request is made before the first verb. Times are whole seconds.
    """

    provider = Provider.GOOGLE

    def __init__(
        self,
        store: Store,
        *,
        limits: Limits | None = None,
        counters: Counters | None = None,
        purpose: Purpose = Purpose.READING,
        metadata_host: str = METADATA_HOST,
        guard: Guard | None = None,
    ) -> None:
        """Raises Invalid for an endpoint that is no address, and for credentials that cannot be used here."""
        super().__init__(store, Transport(limits=limits, ca=store.connection.ca, counters=counters, guard=guard))
        credentials = store.connection.credentials
        self._account: Account | None = None
        if isinstance(credentials, ServiceAccount):
            plain_http = store.connection.endpoint.startswith("http://")
            self._account = account_of(credentials.json, plain_http=plain_http)
        place = place_of(store, universe=self._account.universe if self._account else PUBLIC)
        self._token_transport: Transport | None = None
        names = Names(store.name, store.bucket, place.endpoint, anonymous=credentials.kind == "anonymous")
        self._metadata_host = metadata_host
        tokens = self._tokens(names, scope_of(read_only=self.read_only))
        project = self._account.project if self._account else ""
        self._tokens_kept = tokens
        self._client = Client(place, names, self._transport, purpose, tokens, project)

    @property
    def administration(self) -> GoogleAdministration:
        """Questions about the bucket itself, on the same connections."""
        return GoogleAdministration(
            self._client,
            self._account,
            changing=lambda: self._tokens(self._client.names, FULL_CONTROL),
            read_only=self.read_only,
        )

    def unstorable(self, key: Key) -> str | None:
        """The reason why Google cannot hold ``key``; None: it can."""
        return unstorable(key)

    async def list_page(
        self, prefix: str = "", *, after: Key | None = None, limit: int = LARGEST_PAGE, delimiter: bool = False
    ) -> ListingPage:
        """One page of the listing; see ``ObjectStore``."""
        need_page(limit)
        return await list_page(self._client, prefix, after, limit, delimiter=delimiter)

    async def stat(self, key: Key) -> ObjectInfo:
        """What is told of the object."""
        self._must_be_there(key)
        found = await look(self._client, key)
        if found is None:
            names = self._client.names
            raise ObjectNotFound(f"There is no object {key!r} in {names.bucket}.", "", names.store, names.bucket, key)
        return info(self._client, key, found)

    async def get(self, key: Key, *, byte_range: ByteRange | None = None, if_match: ETag | None = None) -> ObjectBody:
        """Open the object for reading; the version of the bytes is ``info`` of the answer.

        ``if_match`` is compared here, with the generation of the answer: the XML dialect does not hold
        conditions on reads. Bytes that are stored compressed come as they are stored.
        """
        self._must_be_there(key)
        if byte_range and byte_range.length == 0:
            raise await self._unsatisfiable(key, "", if_match)
        # Without gzip here Google would unpack what is stored packed, and send another length.
        headers = {"Accept-Encoding": "gzip"} | ({"Range": range_header(byte_range)} if byte_range else {})
        call = Call("get", "GET", self._client.place.media(key), key, headers, collect_bytes=None, admit=NO_SUCH_RANGE)
        try:
            answer = await self._client.call(call)
        except ObjectNotFound:
            await self._client.bucket_must_be_there()
            raise
        self._client.see_bucket()
        if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise await self._unsatisfiable(key, answer.headers.get("Content-Range", ""), if_match)
        body = self._opened(key, answer, ranged=byte_range is not None)
        if if_match and body.info.etag != if_match:
            await body.aclose()
            raise condition_failed(self._client.names, key, Condition(if_match=if_match))
        return body

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
        generation = generation_of(if_match)
        if if_match and generation is None:
            if await look(self._client, key) is None:
                return
            raise condition_failed(self._client.names, key, Condition(if_match=if_match))
        url = self._client.place.object(key, (("ifGenerationMatch", generation),) if generation else ())
        answer = await self._client.call(Call("delete", "DELETE", url, key, admit=frozenset({404, *FAILED})))
        if answer.status in FAILED:
            raise condition_failed(self._client.names, key, Condition(if_match=if_match))
        if answer.status == HTTPStatus.NOT_FOUND:
            await self._client.bucket_must_be_there()

    async def try_multipart(self, key: Key) -> None:
        """Begin an upload in chunks, send the smallest one that there is, and cancel."""
        self._must_take(key)
        async with Session(self._client, key, {"name": key}) as session:
            await session.send(bytes(SMALLEST))
            await session.cancel()

    async def presign(self, key: Key, *, expires_s: int, disposition: str = "") -> str:
        """A URL that reads the object for ``expires_s`` seconds, at most 7 days; the plain one of a public bucket.

        ``disposition``: the Content-Disposition that the answer will carry. Refused where no key is at hand to
        sign with: a machine's own account has none.
        """
        need_life(expires_s)
        query = [("response-content-disposition", disposition)] if disposition else []
        if self._account:
            if self._client.learnt.pays:
                query.append(("userProject", self._client.project))
            now_s = self._transport.clock.now()
            return presign(self._account, self._client.place, key, query, expires_s=expires_s, now_s=now_s)
        if self._client.tokens:
            raise Refused(
                "This machine's own account has no key, so it signs no URLs.",
                "Let readers get the bytes through this server, or give the store the key of a service account.",
            )
        if disposition:
            raise Refused("A store without credentials signs nothing.", "Give the store credentials.")
        return self._client.place.public(key)

    async def aclose(self) -> None:
        """Close all connections, those of other purposes too; a repeat does nothing."""
        if self._tokens_kept:
            await self._tokens_kept.aclose()
        if self._token_transport:
            await self._token_transport.aclose()
        await super().aclose()

    @property
    def account(self) -> Account | None:
        """The service account that signs; None where none of its own does."""
        return self._account

    async def fresh_token(self, scope: str) -> Token | None:
        """A token of its own for other uses than the store's; None for a public bucket."""
        mint = self._mint(self._client.names, scope)
        return None if mint is None else await mint()

    def _tokens(self, names: Names, scope: str) -> Tokens | None:
        mint = self._mint(names, scope)
        return None if mint is None else Tokens(mint)

    def _mint(self, names: Names, scope: str) -> KeyMint | MachineMint | None:
        credentials = self._store.connection.credentials
        if self._account:
            ca = self._store.connection.ca
            if self._token_transport is None:
                self._token_transport = token_transport(self._account.token_uri, self._transport, ca)
            return KeyMint(self._account, scope, self._token_transport, names)
        if isinstance(credentials, Role) and not credentials.role_arn and not credentials.external_id:
            if self._token_transport is None:
                own = self._transport
                self._token_transport = Transport(limits=own.limits, counters=own.counters, guard=own.guard)
            return MachineMint(self._metadata_host, scope, self._token_transport, names)
        if names.anonymous:
            return None
        raise Invalid(
            f"A Google store takes no credentials of the kind {credentials.kind}. No request was made.",
            "Give the key of a service account, an HMAC key, the machine's own role, or none for a public bucket.",
            field="credentials",
        )

    def _opened(self, key: Key, answer: Answer, *, ranged: bool) -> OpenedBody:
        try:
            return self._body(key, answer, ranged=ranged)
        except MoorageError:
            answer.close()
            raise

    def _body(self, key: Key, answer: Answer, *, ranged: bool) -> OpenedBody:
        names, headers = self._client.names, answer.headers
        length, stored = headers.get("Content-Length", ""), headers.get("x-goog-stored-content-length", "")
        told = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
        if not length.isdigit():
            raise not_google(names, "a body without its length; does a proxy unpack it?")
        if ranged and not told:
            raise not_google(names, "the whole object for a range")
        start, stop, size = (int(told[1]), int(told[2]) + 1, int(told[3])) if told else (0, int(length), int(length))
        if told and start >= stop:
            raise self._no_byte(key, size)
        if stored.isdigit() and int(stored) != size:
            raise not_google(names, f"{size} bytes of an object of {stored}; does a proxy unpack it?")
        try:
            described = info_of_headers(key, headers, size)
        except ValueError as error:
            raise not_google(names, "bytes of no version") from error
        return OpenedBody(answer, described, start=start, stop=stop, store=names.store, bucket=names.bucket)

    async def _unsatisfiable(self, key: Key, content_range: str, if_match: ETag | None) -> MoorageError:
        size = size_told(content_range)
        if size is not None and not if_match:
            return self._no_byte(key, size)
        found = await self.stat(key)
        if if_match and found.etag != if_match:
            return condition_failed(self._client.names, key, Condition(if_match=if_match))
        return self._no_byte(key, found.size)
