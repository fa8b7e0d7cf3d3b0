"""Loans of S3 stores: session keys where there is a role for them, else signed URLs and forms."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from moorage.model.credentials import Role
from moorage.model.errors import Invalid, MoorageError, Refused, StoreUnreachable
from moorage.model.keys import ETag, Key
from moorage.model.lending import Action, Ask, Begun, Lent, LentUrl, Method
from moorage.model.objects import ObjectInfo
from moorage.model.store import ANYWAY, Store
from moorage.stores.aws import Machine
from moorage.stores.lending.forms import signed_form
from moorage.stores.lending.limits import need_keys, need_life, no_method, nothing_to_lend, signed_life
from moorage.stores.lending.sts import CHAINED_S, LONGEST_S, SHORTEST_S, service_of
from moorage.stores.s3.access import Signing
from moorage.stores.s3.client import Client
from moorage.stores.s3.conditions import head, refused
from moorage.stores.s3.uploading import Multipart

ACTIONS: Final = {
    Action.READ: ("s3:GetObject", "s3:ListBucket"),
    Action.WRITE: ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:ListBucket"),
}
DAY_MS: Final = 24 * 3600 * 1000
_URLS_OF_AN_UPLOAD: Final = 1000
_TEMPORARY: Final = (
    "The store's own keys are temporary, and nobody told when they end: the loan ends with them, if that is sooner."
)
_SENT_WRONG: Final = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "InvalidArgument", "MalformedXML"})
_NOT_MADE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})


class PolicyOf(Protocol):
    """Writes the session policy for actions on a prefix of a bucket. Raises Invalid where it would be too long."""

    def __call__(self, bucket: str, prefix: str, actions: Iterable[str], *, partition: str) -> str: ...


@dataclass(frozen=True, slots=True)
class _Signed:
    """What all that is signed for one loan has in common."""

    life_s: int
    expires_ms: int
    note: str


class S3Lender:
    """Lends what lies in one bucket. Implements ``Lender``."""

    def __init__(
        self,
        store: Store,
        client: Client,
        *,
        policy: PolicyOf,
        machine: Machine,
    ) -> None:
        self._store = store
        self._client = client
        self._policy = policy
        self._machine = machine

    async def lend(self, ask: Ask) -> Lent:
        """Session keys for a folder, URLs for named keys, or a form."""
        own = await self._client.ready(long=True)
        if own is None:
            raise nothing_to_lend(self._store.name)
        match ask.method:
            case Method.STS:
                return await self._session(ask, own)
            case Method.PRESIGNED:
                return await self._signed(ask, own)
            case None:
                return await self._best(ask, own)
            case _:
                raise no_method(ask, self._store.name, "Use sts, presigned or auto.")

    async def part_urls(self, begun: Begun, numbers: range, life_s: int) -> tuple[LentUrl, ...]:
        """More URLs for parts of an upload."""
        return tuple([await self._part(begun, number, life_s) for number in numbers])

    async def complete(self, begun: Begun, parts: Sequence[tuple[int, ETag]]) -> ObjectInfo:
        """Make the object of its parts; a repeat answers the object."""
        etags = {number: ETag(etag.strip('"')) for number, etag in parts}
        upload = Multipart(self._client, begun.key, {}, begun.handle, etags)
        try:
            answer = await upload.complete({}, _NOT_MADE)
        except StoreUnreachable as fault:
            if fault.cause not in _SENT_WRONG:
                raise
            raise Invalid(
                f"The store does not make {begun.key!r} of these parts ({fault.cause}). Nothing was made.",
                "Tell number and ETag of each part as the answer to its PUT had them; all but the last have 5 MiB or "
                "more. Parts that are missing can still be sent.",
                field="objects",
            ) from fault
        found = await head(self._client, begun.key) if answer.ok else None
        if found is None:
            found = await head(self._client, begun.key)
            if not upload.made(found.etag):
                raise refused(self._client, begun.key, ANYWAY, answer)
        return found

    async def cancel(self, begun: Begun) -> None:
        """Abort the upload."""
        await Multipart(self._client, begun.key, {}, begun.handle).abort()

    def denial(self, before_ms: int) -> str:
        """The policy that ends sessions of the role. Source: IAM user guide, revoking temporary credentials."""
        if not self._store.loan_role_arn:
            return ""
        before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before_ms / 1000))
        when = {"DateLessThan": {"aws:TokenIssueTime": before}}
        statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": when}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))

    async def _best(self, ask: Ask, own: Signing) -> Lent:
        if ask.keys:
            return await self._signed(ask, own)
        if self._store.loan_role_arn:
            return await self._session(ask, own)
        if not self._client.place.aws and not self._client.google and ask.life_s >= SHORTEST_S:
            try:
                return await self._session(ask, own)  # MinIO cuts sessions of any keys down, without a role
            except Refused:
                if ask.action is Action.READ:
                    raise
        return await self._signed(ask, own)

    async def _session(self, ask: Ask, own: Signing) -> Lent:
        if ask.keys and not ask.area.exact:
            raise Invalid(
                "Session keys are for a folder or for one key. Nothing was lent.",
                "Leave keys out, or ask for presigned.",
                field="keys",
            )
        if self._client.google:
            raise no_method(ask, self._store.name, "Name keys: URLs are signed for them.")
        if not self._store.loan_role_arn and self._client.place.aws:
            raise Refused(
                f"The store {self._store.name} has no role for loans. Nothing was lent.",
                "Set its loan_role_arn, or name keys: URLs are signed for them.",
            )
        keys = own.signer.keys
        most_s = CHAINED_S if keys.session_token else LONGEST_S
        whose = "A session that is taken with session keys" if keys.session_token else "A session"
        need_life(ask, least_s=SHORTEST_S, most_s=most_s, why=whose)
        credentials = self._store.connection.credentials
        external_id = credentials.external_id if isinstance(credentials, Role) else ""
        role, counters = self._store.loan_role_arn, self._client.transport.counters
        guard = self._client.transport.guard
        sts = service_of(self._client.place, self._machine, self._store.connection.ca, guard)
        lent = await sts.session(role, external_id, keys, ask, self._written(ask), counters)
        return Lent(
            Method.STS,
            expires_ms=int(min(lent.ends_s, time.time() + ask.life_s) * 1000),
            credentials=lent.keys,
            endpoint=self._client.place.endpoint,
            region=self._client.place.region,
            usage=f"Give access key, secret key and session token to any program that speaks S3; they {_doing(ask)} "
            f"s3://{self._client.place.bucket}/{ask.area.prefix}",
        )

    def _written(self, ask: Ask) -> str:
        """The session policy."""
        role = self._store.loan_role_arn
        partition = role.split(":")[1] if role.startswith("arn:") else "aws"
        actions = [*ACTIONS[ask.action], *(["s3:ListBucketMultipartUploads"] if ask.list_uploads else [])]
        bucket, prefix = self._client.place.bucket, ask.area.prefix
        if not ask.area.exact:
            return self._policy(bucket, prefix, actions, partition=partition)
        # To list what begins with a key would show its neighbours.
        actions.remove("s3:ListBucket")
        body = json.loads(self._policy(bucket, f"{prefix}/", actions, partition=partition))
        for statement in body["Statement"]:
            statement["Resource"] = statement["Resource"].removesuffix("/*")
        return json.dumps(body, separators=(",", ":"))

    async def _signed(self, ask: Ask, own: Signing) -> Lent:
        keys, now_s = own.signer.keys, time.time()
        life_s = signed_life(ask, ends_s=own.ends_s, now_s=now_s)
        signed = _Signed(
            life_s, int((now_s + life_s) * 1000), _TEMPORARY if keys.session_token and math.isinf(own.ends_s) else ""
        )
        if ask.action is Action.WRITE and not ask.keys:
            if self._client.google or ask.parts:
                need_keys(ask, "URLs of parts are for named objects.")
            clock_s = self._client.transport.clock.now()
            form = signed_form(keys, self._client.place, ask.area, expires_s=life_s, now_s=clock_s)
            usage = "Send the fields and then the file, as multipart/form-data, to the URL of the form (5 GiB at most)."
            return Lent(Method.PRESIGNED, signed.expires_ms, usage, form=form, note=signed.note)
        need_keys(ask, "Signed URLs are for single objects.")
        if ask.parts:
            return await self._uploads(ask, signed)
        verb = "GET" if ask.action is Action.READ else "PUT"
        urls = tuple([LentUrl(key, verb, await self._url(key, life_s, verb)) for key in ask.keys])
        usage = "GET each URL." if verb == "GET" else "PUT the bytes of each object to its URL (5 GiB at most)."
        return Lent(Method.PRESIGNED, signed.expires_ms, usage, urls=urls, note=signed.note)

    async def _uploads(self, ask: Ask, signed: _Signed) -> Lent:
        begun: list[Begun] = []
        try:
            for key in ask.keys:
                async with Multipart(self._client, key, {}) as upload:
                    begun.append(Begun(key, upload.id))
            numbers = range(1, min(ask.parts, _URLS_OF_AN_UPLOAD) + 1)
            urls = [await self._part(one, number, signed.life_s) for one in begun for number in numbers]
        except BaseException:
            for one in begun:
                with contextlib.suppress(MoorageError):
                    await self.cancel(one)
            raise
        return Lent(
            Method.PRESIGNED,
            signed.expires_ms,
            "PUT each part (5 MiB to 5 GiB, the last may be smaller) to its URL, note the ETag of each answer, then "
            "POST /api/v1/loans/ID/complete with them. More URLs: POST /api/v1/loans/ID/parts.",
            urls=tuple(urls),
            begun=tuple(begun),
            kept_ms=max(0, DAY_MS - signed.life_s * 1000),
            note=signed.note,
        )

    async def _part(self, begun: Begun, number: int, life_s: int) -> LentUrl:
        query = (("partNumber", str(number)), ("uploadId", begun.handle))
        return LentUrl(begun.key, "PUT", await self._url(begun.key, life_s, "PUT", query), number)

    async def _url(self, key: Key, life_s: int, verb: str, query: tuple[tuple[str, str], ...] = ()) -> str:
        url = await self._client.presign(key, expires_s=life_s, query=query, method=verb)
        assert url  # what signs was there a moment ago
        return url


def _doing(ask: Ask) -> str:
    verb = "read" if ask.action is Action.READ else "write"
    return f"{verb}" if ask.area.exact else f"list and {verb} below"
