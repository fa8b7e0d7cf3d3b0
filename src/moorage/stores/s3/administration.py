"""The bucket itself: where it lies, whom it lets in, what it does by itself. Implements ``StoreAdministration``.

Source: Amazon S3 API reference, operations on buckets. Servers that know only some of them say 405 or 501, or
answer with another document.
"""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from typing import Final
from xml.sax.saxutils import escape

from moorage.model.administration import OpenUpload, SignedRequest
from moorage.model.cors import CorsRule, CorsRules
from moorage.model.errors import Refused, StoreDenied
from moorage.model.keys import Key
from moorage.stores.s3.client import Call, Client
from moorage.stores.s3.dates import iso_ms
from moorage.stores.s3.errors import error_of, not_s3, problem_in
from moorage.stores.transport import Answer, BytesBody
from moorage.stores.transport.documents import Element, document
from moorage.stores.transport.plain import Plain

_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
_NOT_OFFERED: Final = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_NOTHING_SET: Final = frozenset({"NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration"})
_TARGETS: Final = {
    "TopicConfiguration": "Topic",
    "QueueConfiguration": "Queue",
    "CloudFunctionConfiguration": "CloudFunction",
}
_MOST: Final = 1000


class S3Administration(Plain):
    """Questions and orders about one bucket, signed as the store's own requests are."""

    def __init__(self, client: Client, *, read_only: bool) -> None:
        super().__init__(client.transport, client.purpose)
        self._client = client
        self._read_only = read_only

    def address(self, key: Key) -> str:
        """The URL of an object without any signature."""
        return self._client.place.url(key)

    async def sign_put(self, key: Key, *, expires_s: int) -> SignedRequest:
        """A PUT of the object by whoever has the URL."""
        url = None if self._read_only else await self._client.presign(key, expires_s=expires_s, method="PUT")
        if url is None:
            raise Refused("Nothing is signed for writing to this store.", "Register it as writable, with credentials.")
        return SignedRequest("PUT", url)

    async def region(self) -> str | None:
        """The bucket's region; AWS tells it in a header even to those who may not ask."""
        try:
            told = await self._asked("location", "LocationConstraint")
        except StoreDenied:
            head = Call("stat", "HEAD", admit=frozenset({301, 307, 400, 403, 404}))
            region = (await self._client.call(head)).headers.get("x-amz-bucket-region", "")
            if region:
                return region
            raise
        return None if told is None else told.text or "us-east-1"

    async def cors(self) -> CorsRules:
        """The bucket's own rules. Refused where the server keeps them elsewhere."""
        told = await self._asked("cors", "CORSConfiguration")
        if told is None:
            raise _no_cors(self._client.place.endpoint)
        return CorsRules(tuple(map(_rule, told.all("CORSRule"))))

    async def put_cors(self, rules: CorsRules) -> None:
        """Replace all rules of the bucket."""
        data = _written(rules).encode()
        digest = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        headers = {"Content-MD5": digest, "Content-Type": "application/xml"}
        call = Call("put cors", "PUT", None, (("cors", ""),), headers, BytesBody(data), admit=_NOT_OFFERED)
        if (await self._client.call(call)).status in _NOT_OFFERED:
            raise _no_cors(self._client.place.endpoint)

    async def versioning(self) -> bool | None:
        """Suspended versioning keeps the versions that it has, and makes no more: False."""
        told = await self._asked("versioning", "VersioningConfiguration")
        return None if told is None else told.said("Status") == "Enabled"

    async def lifecycle(self) -> tuple[str, ...] | None:
        """The rules that are switched on, each by its id or what it does."""
        told = await self._asked("lifecycle", "LifecycleConfiguration")
        if told is None:
            return None
        return tuple(_lifecycle(rule) for rule in told.all("Rule") if rule.said("Status") == "Enabled")

    async def notifications(self) -> tuple[str, ...] | None:
        """The topics, queues and functions that hear of changes."""
        told = await self._asked("notification", "NotificationConfiguration")
        if told is None:
            return None
        found = [rule.said(target) for kind, target in _TARGETS.items() for rule in told.all(kind)]
        return (*found, *(["EventBridge"] if told.one("EventBridgeConfiguration") else []))

    async def encryption(self, key: Key) -> str | None:
        """The key of KMS, where there is one."""
        headers = (await self._client.call(Call("stat", "HEAD", key))).headers
        if not headers.get("x-amz-server-side-encryption", "").startswith("aws:kms"):
            return None
        return headers.get("x-amz-server-side-encryption-aws-kms-key-id", "") or "the account's own"

    async def uploads(self, prefix: str) -> tuple[OpenUpload, ...] | None:
        """Multipart uploads below the prefix. Keys come as they are: Ceph encodes them without saying so."""
        query = (("prefix", prefix), ("max-uploads", str(_MOST)))
        told = await self._asked("uploads", "ListMultipartUploadsResult", query)
        if told is None:
            return None
        found = (
            OpenUpload(Key(one.said("Key")), one.said("UploadId"), iso_ms(one.said("Initiated")))
            for one in told.all("Upload")
        )
        return tuple(one for one in found if one.id and one.key.startswith(prefix))

    async def abort(self, upload: OpenUpload) -> None:
        """Drop the upload and its parts."""
        await self._client.call(
            Call("abort", "DELETE", upload.key, (("uploadId", upload.id),), admit=frozenset({HTTPStatus.NOT_FOUND}))
        )

    async def purge(self, prefix: str) -> None:
        """Remove all versions below the prefix for good. Takes the right to delete versions."""
        query = (("prefix", prefix), ("max-keys", str(_MOST)))
        told = await self._asked("versions", "ListVersionsResult", query)
        if told is None:
            return
        for one in (*told.all("Version"), *told.all("DeleteMarker")):
            key, version = Key(one.said("Key")), one.said("VersionId")
            if key.startswith(prefix) and version:
                await self._client.call(
                    Call("erase", "DELETE", key, (("versionId", version),), admit=frozenset({HTTPStatus.NOT_FOUND}))
                )

    async def _asked(self, word: str, root: str, query: tuple[tuple[str, str], ...] = ()) -> Element | None:
        """What the bucket says to the question; None where this server knows none such. Raises StoreDenied."""
        call = Call(word, "GET", None, ((word, ""), *query), admit=frozenset({HTTPStatus.NOT_FOUND, *_NOT_OFFERED}))
        answer: Answer = await self._client.call(call)
        if answer.status in _NOT_OFFERED:
            return None
        if not answer.ok:
            problem = problem_in(answer)
            if problem.code in _NOTHING_SET:
                return document(f"<{root}/>".encode(), root)
            raise error_of(word, "", answer, problem, self._client.names)
        told = document(answer.content, root)
        if told is None and b"<" not in answer.content[:200]:
            raise not_s3(self._client.names, f"no {root} where one was asked for")
        return told


class HmacAdministration(S3Administration):
    """The same at Google by an HMAC key, whose dialect writes CORS and events in other ways."""

    async def cors(self) -> CorsRules:
        """Refused."""
        raise _not_by_hmac()

    async def put_cors(self, rules: CorsRules) -> None:
        """Refused."""
        del rules
        raise _not_by_hmac()

    async def notifications(self) -> tuple[str, ...] | None:
        """Not told in this dialect."""
        return None


def _rule(rule: Element) -> CorsRule:
    age = rule.said("MaxAgeSeconds")
    return CorsRule(
        rule.texts("AllowedOrigin"),
        rule.texts("AllowedMethod"),
        rule.texts("AllowedHeader"),
        rule.texts("ExposeHeader"),
        int(age) if age.isascii() and age.isdigit() else 0,
        rule.said("ID"),
    )


def _written(rules: CorsRules) -> str:
    """In the order of elements that S3 wants."""
    lines = [f'<?xml version="1.0" encoding="UTF-8"?><CORSConfiguration xmlns="{_NAMESPACE}">']
    for rule in rules.rules:
        pairs = [("ID", rule.id)] if rule.id else []
        pairs += [("AllowedHeader", one) for one in rule.request_headers]
        pairs += [("AllowedMethod", one) for one in rule.methods]
        pairs += [("AllowedOrigin", one) for one in rule.origins]
        pairs += [("ExposeHeader", one) for one in rule.exposed_headers]
        pairs += [("MaxAgeSeconds", str(rule.max_age_s))] if rule.max_age_s else []
        inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in pairs)
        lines.append(f"<CORSRule>{inner}</CORSRule>")
    return "".join([*lines, "</CORSConfiguration>"])


def _lifecycle(rule: Element) -> str:
    unfinished = rule.one("AbortIncompleteMultipartUpload")
    if unfinished is not None:
        return f"unfinished uploads end after {unfinished.said('DaysAfterInitiation')} days"
    expiry = rule.one("Expiration")
    if expiry is not None and expiry.said("Days"):
        return f"objects are deleted after {expiry.said('Days')} days"
    return rule.said("ID") or "a rule without a name"


def _no_cors(endpoint: str) -> Refused:
    return Refused(
        f"{endpoint} keeps no CORS rules for single buckets.",
        "Set them in the server's own configuration; MinIO: MINIO_API_CORS_ALLOW_ORIGIN.",
    )


def _not_by_hmac() -> Refused:
    return Refused(
        "CORS of a Google bucket cannot be read or changed with an HMAC key.",
        "Give the store a service account, or run the gcloud command that the policy page prints.",
    )
