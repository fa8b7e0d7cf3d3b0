"""Multipart uploads: begin -> parts side by side -> complete; aborted when anything fails, cancellation too."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from xml.sax.saxutils import escape

from moorage.model.errors import MoorageError
from moorage.model.keys import ETag, Key
from moorage.stores.s3.client import Call, Client
from moorage.stores.s3.errors import error_of, not_s3, problem_in
from moorage.stores.transport import Answer, BytesBody
from moorage.stores.transport.facts import etag_of

PART: Final = 8 * 1024 * 1024
"""Bytes of a part where nothing asks for larger ones; S3 takes no less than 5 MiB."""
MOST_PARTS: Final = 10_000
_ABORT_S: Final = 20
_UPLOAD_ID: Final = re.compile(rb"<UploadId>([^<]+)</UploadId>")
_ETAG: Final = re.compile(rb"<ETag>(?:&quot;|&#34;|\")?([^<&\"]+)")

_MD5: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class Multipart:
    """One multipart upload of ``key``. Use as a context manager: left by an error, it is aborted."""

    client: Client
    key: Key
    headers: Mapping[str, str]
    _id: str = ""
    _etags: dict[int, ETag] = field(default_factory=dict)

    async def __aenter__(self) -> Self:
        beginning = asyncio.ensure_future(self._begin())
        try:
            await asyncio.shield(beginning)
        except asyncio.CancelledError:
            # The server may have begun it by now: learn its id, or it would stay for ever.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(beginning, _ABORT_S)
                await self.abort()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            await asyncio.shield(asyncio.ensure_future(self._abort_quietly()))

    @property
    def id(self) -> str:
        """What the server knows the upload by."""
        return self._id

    async def put_part(self, number: int, data: bytes) -> None:
        """Send one part, numbered from 1."""
        answer = await self.client.call(self._call("put", "PUT", number, body=BytesBody(data)))
        self._etags[number] = etag_of(answer.headers)

    async def copy_part(self, number: int, headers: Mapping[str, str]) -> None:
        """Let the server copy one part."""
        call = self._call("copy", "PUT", number)
        call.headers, call.long = headers, True
        answer = await checked(self.client, call)
        self._etags[number] = result_etag(self.client, answer)

    async def parts(self) -> bytes:
        """The server's own list of parts, as it answers."""
        return (await self.client.call(self._call("parts", "GET"))).content

    async def complete(self, headers: Mapping[str, str], admit: frozenset[int]) -> Answer:
        """Make the object of the parts; the answer is a success or has an admitted status.

        A repeat of a request whose answer was lost finds no such upload: admit 404 and look with ``made``.
        """
        listed = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
            for number, etag in sorted(self._etags.items())
        )
        body = BytesBody(f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode())
        call = self._call("multipart", "POST", body=body)
        call.headers, call.long, call.admit = headers, True, admit
        return await checked(self.client, call)

    def made(self, etag: ETag) -> bool:
        """True where an object with that ETag is the one that our parts make.

        Source: the ETag of such an object is the MD5 of its parts' MD5s, and their number; wherever that
        does not hold, as with KMS, the answer is False.
        """
        digests = [etag for _, etag in sorted(self._etags.items())]
        if not all(map(_MD5.fullmatch, digests)):
            return False
        whole = hashlib.md5(bytes.fromhex("".join(digests)), usedforsecurity=False).hexdigest()
        return etag == f"{whole}-{len(digests)}"

    def _call(self, operation: str, method: str, number: int = 0, *, body: BytesBody | None = None) -> Call:
        query = (("partNumber", str(number)),) if number else ()
        call = Call(operation, method, self.key, (*query, ("uploadId", self._id)))
        if body:
            call.body = body
        return call

    async def _begin(self) -> None:
        answer = await self.client.call(Call("multipart", "POST", self.key, (("uploads", ""),), self.headers))
        found = _UPLOAD_ID.search(answer.content)
        if not found:
            raise not_s3(self.client.names, "no upload id")
        self._id = found.group(1).decode()

    async def abort(self) -> None:
        """Drop the upload and its parts; a repeat does nothing."""
        call = self._call("abort", "DELETE")
        call.admit = frozenset({404})  # aborted or completed already
        await self.client.call(call)

    async def _abort_quietly(self) -> None:
        # The first error is the one to tell; what stays is removed by the bucket's lifecycle rule.
        with contextlib.suppress(MoorageError, TimeoutError):
            await asyncio.wait_for(self.abort(), _ABORT_S)


async def checked(client: Client, call: Call) -> Answer:
    """The answer of a call whose 200 may hold an error. Raises what that error means."""
    answer = await client.call(call)
    if answer.ok and (problem := problem_in(answer)).code:
        raise error_of(call.operation, call.key or "", answer, problem, client.names)
    return answer


def result_etag(client: Client, answer: Answer) -> ETag:
    """The ETag in the document of a copy or of a completed upload."""
    found = _ETAG.search(answer.content)
    if not found:
        raise not_s3(client.names, "no ETag in the result")
    return ETag(found.group(1).decode())
