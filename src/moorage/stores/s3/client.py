"""Calls of one bucket: signed, sent, signed again where the server names another region or time, translated."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from urllib.parse import urlsplit

from moorage.model.errors import StoreError, StoreUnreachable
from moorage.model.keys import Key
from moorage.model.store import Store
from moorage.stores.aws import Identities
from moorage.stores.s3.access import NOBODY, OLD, Signing, access_of
from moorage.stores.s3.errors import Names, Problem, error_of, problem_in
from moorage.stores.s3.place import Place, place_of
from moorage.stores.s3.signing import UNSIGNED
from moorage.stores.transport import EMPTY, Answer, Body, BytesBody, Purpose, Request, Transport

_T = TypeVar("_T")
_INLINE: Final = 64 * 1024
SMALL: Final = 1024 * 1024
"""Bytes of an answer that is a short document."""
_SEEN_S: Final = 60.0
_NOTHING: Final = hashlib.sha256(b"").hexdigest()
_USER_AGENT: Final = "moorage"


@dataclass(slots=True)
class Call:
    """One operation on the bucket, or on an object where ``key`` is given."""

    operation: str
    method: str
    key: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = EMPTY
    collect_bytes: int | None = SMALL
    """None: the caller reads the body as it comes."""
    repeatable: bool = True
    long: bool = False
    """The server works before it answers."""
    admit: frozenset[int] = frozenset()
    """Statuses of errors that the caller judges itself."""


class Client:
    """Speaks S3 for one store and one purpose; views for other purposes share all but the pool."""

    def __init__(
        self, store: Store, transport: Transport, purpose: Purpose, identities: Identities, *, google: bool = False
    ) -> None:
        """Raises Invalid for credentials of another provider, or an endpoint that is no address."""
        self.transport = transport
        self.purpose = purpose
        self.google = google
        """The server is Google's: it unpacks what is stored packed unless told not to, and holds no conditions."""
        self._where = [place_of(store)]  # shared by all views, so that a region is learnt once
        self.access = access_of(store, self._where[0], identities)
        self._seen_until = [0.0]
        self._store = store.name

    @property
    def place(self) -> Place:
        """Where the bucket is, as far as is known by now."""
        return self._where[0]

    @property
    def names(self) -> Names:
        """What errors name."""
        return Names(self._store, self.place.bucket, self.place.endpoint, self.google, self.access.who)

    def view(self, purpose: Purpose) -> Client:
        """The same client on the connections of another purpose."""
        other = object.__new__(Client)
        other.__dict__.update(self.__dict__, purpose=purpose)
        return other

    def bucket_seen(self) -> bool:
        """True where the bucket was there within the last minute."""
        return time.monotonic() < self._seen_until[0]

    def see_bucket(self) -> None:
        """An answer showed that the bucket is there."""
        self._seen_until[0] = time.monotonic() + _SEEN_S

    async def call(self, call: Call) -> Answer:
        """The answer where it is a success or admitted. Raises the errors of ``moorage.model.errors``."""
        headers = {**call.headers, "User-Agent": _USER_AGENT}
        payload = await self._payload(call, headers)
        moved = corrected = renewed = False
        while True:
            signing = await self.ready(call.key)
            answer = await self._send(call, headers, payload, signing)
            if answer.ok or answer.status in call.admit:
                return answer
            problem = problem_in(answer)
            if call.method == "HEAD" and call.key is not None and answer.status in {301, 307, 400, 403}:
                answer, problem = await self._reason(call, answer, signing)
            if signing and not renewed and call.body.rewindable and problem.code in OLD and self.access.renew(signing):
                renewed = True
            elif not moved and call.body.rewindable and (place := self._elsewhere(answer, problem)):
                self._where[0], moved = place, True
            elif not corrected and call.body.rewindable and problem.code in {"RequestTimeTooSkewed", "RequestExpired"}:
                self.transport.clock.observe(answer.headers.get("Date"), at_once=True)
                self.transport.clock.correct()
                corrected = True
            else:
                raise error_of(call.operation, call.key or "", answer, problem, self.names)

    async def ready(self, key: str | None = None, *, long: bool = False) -> Signing | None:
        """What signs now; None for a public bucket. Raises why there are no keys, naming this store."""
        try:
            return await self.access.ready(long=long)
        except StoreError as fault:
            fault.store, fault.bucket, fault.key = self._store, self.place.bucket, key or ""
            raise

    async def presign(
        self, key: Key, *, expires_s: int, query: tuple[tuple[str, str], ...] = (), method: str = "GET"
    ) -> str | None:
        """A URL that is signed for that many seconds, at most until a role's session ends; None: nothing signs."""
        signing = await self.ready(key, long=True)
        if signing is None:
            return None
        left_s = signing.ends_s - time.time()
        life_s = expires_s if left_s >= expires_s else max(1, int(left_s))
        place, now_s = self.place, self.transport.clock.now()
        return signing.signer.presign(
            place.url(key, query), region=place.region, expires_s=life_s, now_s=now_s, method=method
        )

    async def _send(self, call: Call, headers: dict[str, str], payload: str, signing: Signing | None) -> Answer:
        def make() -> Request:
            url = self.place.url(call.key, call.query)
            signed = headers
            if signing:
                now_s = self.transport.clock.now()
                signed = signing.signer.sign(
                    call.method, url, headers, region=self.place.region, payload=payload, now_s=now_s
                )
            if self.google:  # never signed: Google's own proxies change it on the way
                signed = {**signed, "Accept-Encoding": "gzip"}
            first_byte_s = self.transport.limits.long_answer_s if call.long else None
            return Request(call.operation, call.method, url, signed, call.body, first_byte_s)

        try:
            return await self.transport.send(
                make, purpose=self.purpose, repeatable=call.repeatable, collect_bytes=call.collect_bytes
            )
        except StoreUnreachable as fault:
            fault.store, fault.bucket, fault.key = self._store, self.place.bucket, call.key or ""
            raise

    async def _reason(self, call: Call, answer: Answer, signing: Signing | None) -> tuple[Answer, Problem]:
        """HEAD tells no reason; a GET of one byte does."""
        asked = replace(call, method="GET", headers={"Range": "bytes=0-0"}, collect_bytes=SMALL)
        told = await self._send(asked, {**asked.headers, "User-Agent": _USER_AGENT}, _NOTHING, signing)
        return (told, problem_in(told)) if not told.ok else (answer, Problem())

    async def _payload(self, call: Call, headers: dict[str, str]) -> str:
        """The payload as the signature names it; adds the checksum that is sent where that is none."""
        body = call.body
        if not isinstance(body, BytesBody):
            return UNSIGNED
        if not body.length:
            return _NOTHING
        if self.access.who != NOBODY and self.place.scheme == "http":
            return await _digest(lambda: hashlib.sha256(body.data).hexdigest(), body.length)
        if self.place.aws:
            crc = await _digest(lambda: binascii.crc32(body.data).to_bytes(4, "big"), body.length)
            headers["x-amz-checksum-crc32"] = base64.b64encode(crc).decode()
        else:
            md5 = await _digest(lambda: hashlib.md5(body.data, usedforsecurity=False).digest(), body.length)
            headers["Content-MD5"] = base64.b64encode(md5).decode()
        return UNSIGNED

    def _elsewhere(self, answer: Answer, problem: Problem) -> Place | None:
        """Where the server says that the bucket is, if that differs and is no foreign host."""
        place = self.place
        region = answer.headers.get("x-amz-bucket-region") or problem.region
        if region and region != place.region and answer.status in {301, 307, 400, 403}:
            return place.moved(region)
        if answer.status not in {301, 307}:
            return None
        location = urlsplit(answer.headers.get("Location", ""))
        if location.scheme and location.scheme != place.scheme:
            return None
        host = (location.netloc or problem.endpoint).lower().removeprefix(f"{place.bucket}." if place.virtual else "")
        # Signed requests follow to a host below the one that was registered, never to a foreign one.
        return replace(place, host=host) if host.endswith(f".{place.host}") else None


async def _digest(make: Callable[[], _T], length: int) -> _T:
    """A checksum; of a long body it is made in a thread, beside the event loop."""
    return make() if length <= _INLINE else await asyncio.to_thread(make)
