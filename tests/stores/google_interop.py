"""Google's S3 dialect: Ceph behind a door that does what Google's own servers do to it.

It ignores ``encoding-type`` and the conditions of writes, rewrites ``Accept-Encoding`` before the signature is
checked, takes the interoperability keys only, and holds no key that Google would not.
Source: Cloud Storage documentation, interoperability; request preconditions; object naming.
"""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
from aiohttp import web
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from servers import Server
from stores.faulty import signature_holds

_FORWARDED = ("Content-Type", "Content-MD5", "Range")
_CONDITIONS = ("if-match", "if-none-match")
_TOKEN = re.compile(rb"(<(?:Next)?ContinuationToken>)(.*?)(</(?:Next)?ContinuationToken>)", re.DOTALL)
_OPAQUE = re.compile(r"(continuation-token=)([0-9a-f]+)")


def _closed(match: re.Match[bytes]) -> bytes:
    """Google's tokens are opaque; Ceph's are keys, unencoded, so that they may be no XML."""
    return match[1] + match[2].hex().encode() + match[3]


def _opened(match: re.Match[str]) -> str:
    return match[1] + quote(bytes.fromhex(match[2]), safe="")


class _Unsigned(S3SigV4Auth):  # type: ignore[misc]  # botocore has no types
    def payload(self, request: Any) -> str:
        return "UNSIGNED-PAYLOAD"


@dataclass
class Interop:
    """The door."""

    upstream: Server
    port: int = 0
    asked: list[str] = field(default_factory=list)
    session: aiohttp.ClientSession = field(init=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.raw_path}")
        body = await request.content.read()
        signed = request.headers.get("Authorization", "").partition("SignedHeaders=")[2].partition(",")[0].split(";")
        if "accept-encoding" in signed or not signature_holds(request, "http"):
            return refusal(403, "SignatureDoesNotMatch")
        path, _, query = request.raw_path.partition("?")
        if not holds(unquote(path).partition("/")[2].partition("/")[2]):
            return refusal(400, "InvalidObjectName")
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return refusal(400, "WouldBeUnpacked")
        words = (_OPAQUE.sub(_opened, word) for word in query.split("&"))
        kept = "&".join(word for word in words if word and not word.startswith("encoding-type="))
        return await self._forwarded(request, f"{path}?{kept}" if kept else path, body)

    async def _forwarded(self, request: web.BaseRequest, target: str, body: bytes) -> web.StreamResponse:
        again = AWSRequest(request.method, self.upstream.endpoint + target)
        for name, value in request.headers.items():
            reads = request.method in {"GET", "HEAD"} and name.lower() in _CONDITIONS
            meant = name.lower().startswith(("x-amz-meta-", "x-amz-copy-source"))
            if name in _FORWARDED or reads or meant:
                again.headers[name] = value
        keys = Credentials(self.upstream.access_key, self.upstream.secret_key)
        _Unsigned(keys, "s3", self.upstream.region).add_auth(again)
        headers = dict(again.headers.items()) | {"Content-Length": str(len(body))}
        url = URL(again.url, encoded=True)
        data = io.BytesIO(body) if body else None
        async with self.session.request(request.method, url, data=data, headers=headers) as answer:
            whole = _TOKEN.sub(_closed, await answer.read())
            kept = {name: value for name, value in answer.headers.items() if name not in {"Date", "Transfer-Encoding"}}
            if request.method != "HEAD":
                kept.pop("Content-Length", None)
            return web.Response(status=answer.status, body=whole or None, headers=kept)


def holds(key: str) -> bool:
    """True for a key that Google would hold; a bucket's own address has none."""
    return "\n" not in key and "\r" not in key and key not in {".", ".."} and len(key.encode()) <= 1024


def refusal(status: int, code: str) -> web.Response:
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>Refused.</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")


@asynccontextmanager
async def interop(upstream: Server) -> AsyncIterator[Interop]:
    server = Interop(upstream)
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    skipped = ["Accept-Encoding", "Content-Type", "User-Agent"]
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=skipped) as session:
        server.session = session
        try:
            yield server
        finally:
            await runner.cleanup()
