"""A gate before fake-gcs-server: it checks what Google checks and the emulator lets through.

Tokens, scopes and permissions; who pays; conditions of deletes and copies; checksums; uploads in chunks, which
it keeps by itself; partial answers; and errors in Google's words, JSON and XML.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

import aiohttp
from aiohttp import web
from yarl import URL

from stores.google_tokens import EMAIL, TokenServer

PERMISSIONS = {"GET": "storage.objects.get", "POST": "storage.objects.create", "DELETE": "storage.objects.delete"}
STEP = 1 << 20
_SPAN = re.compile(r"bytes (?:\*|(\d+)-(\d+))/(\*|\d+)")


G = TypeVar("G", bound="Gate")


class Refusal(Exception):
    """An answer that ends the request."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status, self.reason, self.message = status, reason, message


@dataclass
class Upload:
    """An upload in chunks; ``result`` once it made its object."""

    description: dict[str, Any]
    query: dict[str, str]
    data: bytearray = field(default_factory=bytearray)
    result: bytes = b""


@dataclass
class Gate:
    """The gate; ``denied`` are permissions that the service account lacks."""

    upstream: str
    bucket: str
    tokens: TokenServer
    port: int = 0
    denied: set[str] = field(default_factory=set)
    payer: str = ""
    """The project that must be named as the one that pays; empty: none."""
    keeps: int | None = None
    """Bytes of each chunk that are kept, for once, in place of all."""
    drops: list[str] = field(default_factory=list)
    """Operations whose next answer is lost: ``upload``, ``chunk``, ``rewrite``, ``delete``."""
    asked: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """Statuses of its own refusals."""
    uploads: dict[str, Upload] = field(default_factory=dict)
    rewrites: dict[str, int] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    session: aiohttp.ClientSession = field(init=False)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read()
        parts = urlsplit(request.raw_path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        xml = not parts.path.startswith(("/storage/", "/upload/"))
        self.asked.append(f"{request.method} {request.raw_path}")
        try:
            self._admit(request, parts.path, query)
            if parts.path.startswith("/upload/"):
                return await self._upload(request, query, body)
            if "/rewriteTo/" in parts.path:
                return await self._rewrite(request, parts.path, query)
            if request.method == "DELETE":
                return await self._delete(request, parts.path, query)
            return await self._read(request, parts.path, query, xml=xml)
        except Refusal as refusal:
            self.refused.append(refusal.status)
            return told(refusal, xml=xml)

    def _admit(self, request: web.BaseRequest, path: str, query: dict[str, str]) -> None:
        if path.startswith("/upload/") and "upload_id" in query:
            return  # the address of an upload is let in by itself
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        issued = self.tokens.good(token)
        if scheme != "Bearer" or issued is None:
            raise Refusal(401, "authError", "Invalid Credentials")
        permission = (
            "storage.objects.list"
            if path.endswith("/o") and request.method == "GET"
            else PERMISSIONS.get(request.method, "storage.objects.create")
        )
        if permission in self.denied:
            raise Refusal(
                403,
                "forbidden",
                f"{EMAIL} does not have {permission} access to the Google Cloud Storage object. Permission "
                f"'{permission}' denied on resource (or it may not exist).",
            )
        if issued.boundary and not issued.boundary.admits(permission, self.bucket, self._name(path, query), query):
            raise Refusal(403, "forbidden", f"{EMAIL} does not have {permission} access within the access boundary.")
        if request.method != "GET" and not issued.writes:
            raise Refusal(403, "forbidden", "Request had insufficient authentication scopes.")
        if self.payer and request.headers.get("x-goog-user-project", query.get("userProject")) != self.payer:
            raise Refusal(400, "required", "Bucket is a requester pays bucket but no user project provided.")

    def _name(self, path: str, query: dict[str, str]) -> str:
        """The object that a request is about; empty for the listing."""
        if path.startswith("/upload/"):
            return query.get("name", "")
        rest = path.removeprefix(f"/storage/v1/b/{self.bucket}/o").removeprefix(f"/{self.bucket}")
        return unquote(rest.removeprefix("/"))

    async def _read(
        self, request: web.BaseRequest, path: str, query: dict[str, str], *, xml: bool
    ) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in ("Range", "Accept-Encoding") if name in request.headers}
        status, answered, body = await self.ask("GET", request.raw_path, headers=headers)
        if status == 404:
            raise self._absent(path, bucket_there=(await self.ask("GET", f"/storage/v1/b/{self.bucket}/o"))[0] == 200)
        if answered.get("Content-Range", "").startswith("bytes 0--1"):
            status, body, answered = 416, b"", {}
        if "fields" in query and status == 200:
            body = json.dumps(pruned(json.loads(body), query["fields"])).encode()
        kept = {
            name: value
            for name, value in answered.items()
            if name not in {"Date", "Content-Length", "Transfer-Encoding"}
        }
        return web.Response(status=status, body=body, headers=kept)

    def _absent(self, path: str, *, bucket_there: bool) -> Refusal:
        if not bucket_there or f"/{self.bucket}" not in path:
            return Refusal(404, "NoSuchBucket", "The specified bucket does not exist.")
        return Refusal(404, "NoSuchKey", f"No such object: {self.bucket}/{unquote(path.rpartition('/')[2])}")

    async def _delete(self, request: web.BaseRequest, path: str, query: dict[str, str]) -> web.StreamResponse:
        async with self.lock:
            generation = await self.generation(path)
            if generation and query.get("ifGenerationMatch", generation) != generation:
                raise Refusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
            status, _, _ = await self.ask("DELETE", request.raw_path)
        if status == 404:
            raise self._absent(path, bucket_there=(await self.ask("GET", f"/storage/v1/b/{self.bucket}/o"))[0] == 200)
        self._maybe_lost(request, "delete")
        return web.Response(status=204)

    async def _rewrite(self, request: web.BaseRequest, path: str, query: dict[str, str]) -> web.StreamResponse:
        """A megabyte at a time, as Google copies between locations."""
        source, _, destination = path.partition("/rewriteTo/")
        async with self.lock:
            status, _, body = await self.ask("GET", source)
            if status == 404:
                raise self._absent(source, bucket_there=True)
            size = int(json.loads(body)["size"])
            generation = await self.generation(f"/storage/v1/{destination}")
            if query.get("ifGenerationMatch", generation or "0") != (generation or "0"):
                raise Refusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
            token = query.get("rewriteToken") or secrets.token_hex(8)
            self.rewrites[token] = self.rewrites.get(token, 0) + STEP
            if self.rewrites[token] < size:
                document = {"done": False, "rewriteToken": token, "totalBytesRewritten": str(self.rewrites[token])}
                return web.json_response(document)
            _, _, body = await self.ask("POST", path)
        self._maybe_lost(request, "rewrite")
        return web.Response(body=body, content_type="application/json")

    async def _upload(self, request: web.BaseRequest, query: dict[str, str], body: bytes) -> web.StreamResponse:
        if "upload_id" in query:
            return await self._chunk(request, query["upload_id"], body)
        if (await self.ask("GET", f"/storage/v1/b/{self.bucket}/o"))[
            0
        ] != 200 or f"/b/{self.bucket}/" not in request.path:
            raise Refusal(404, "notFound", "The specified bucket does not exist.")
        if query["uploadType"] == "resumable":
            name = secrets.token_hex(8)
            self.uploads[name] = Upload(json.loads(body), query)
            # The address names another host, as Google's does behind a private endpoint.
            path = f"/upload/storage/v1/b/{self.bucket}/o?uploadType=resumable&upload_id={name}"
            return web.Response(headers={"Location": f"https://www.googleapis.com{path}"})
        boundary = request.headers["Content-Type"].partition("boundary=")[2]
        _, first, second = body.split(f"--{boundary}".encode(), 2)
        data = second.rpartition(f"\r\n--{boundary}--".encode())[0].partition(b"\r\n\r\n")[2]
        result = await self._made(json.loads(first.partition(b"\r\n\r\n")[2]), query, data)
        self._maybe_lost(request, "upload")
        return web.Response(body=result, content_type="application/json")

    async def _chunk(self, request: web.BaseRequest, name: str, body: bytes) -> web.StreamResponse:
        upload = self.uploads.get(name)
        if upload is None:
            raise Refusal(404, "notFound", "Not Found")
        if request.method == "DELETE":
            del self.uploads[name]
            return web.Response(status=499)
        span = _SPAN.fullmatch(request.headers["Content-Range"])
        assert span
        if body and not upload.result:
            assert (int(span[1]), int(span[2]) + 1 - int(span[1])) == (len(upload.data), len(body))
            assert span[3] != "*" or len(body) % (1 << 18) == 0, "a chunk that is not the last has odd bytes"
            upload.data += body if self.keeps is None else body[: self.keeps]
            self.keeps = None
        if span[3] != "*" and len(upload.data) == int(span[3]) and not upload.result:
            upload.result = await self._made(upload.description, upload.query, bytes(upload.data))
        self._maybe_lost(request, "chunk" if body else "status")
        if upload.result:
            return web.Response(body=upload.result, content_type="application/json")
        return web.Response(status=308, headers={"Range": f"bytes=0-{len(upload.data) - 1}"} if upload.data else {})

    async def _made(self, description: dict[str, Any], query: dict[str, str], data: bytes) -> bytes:
        md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
        if description.get("md5Hash", md5) != md5:
            raise Refusal(400, "invalid", f'Provided MD5 hash "x" doesn\'t match calculated MD5 hash "{md5}".')
        kind = description.get("contentType", "application/octet-stream")
        head = f"--b\r\nContent-Type: application/json\r\n\r\n{json.dumps(description)}\r\n"
        head += f"--b\r\nContent-Type: {kind}\r\n\r\n"
        condition = f"&ifGenerationMatch={query['ifGenerationMatch']}" if "ifGenerationMatch" in query else ""
        target = f"/upload/storage/v1/b/{self.bucket}/o?uploadType=multipart{condition}"
        headers = {"Content-Type": "multipart/related; boundary=b"}
        async with self.lock:
            status, _, answer = await self.ask("POST", target, head.encode() + data + b"\r\n--b--\r\n", headers)
        if status == 412:
            raise Refusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
        assert status == 200, answer
        return json.dumps(
            pruned(json.loads(answer), query["fields"]) if "fields" in query else json.loads(answer)
        ).encode()

    async def generation(self, path: str) -> str:
        status, _, body = await self.ask("GET", path)
        return str(json.loads(body)["generation"]) if status == 200 else ""

    async def ask(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        url = URL(self.upstream + target, encoded=True)
        async with self.session.request(method, url, data=io.BytesIO(body), headers=headers or {}) as answer:
            return answer.status, dict(answer.headers), await answer.read()

    def _maybe_lost(self, request: web.BaseRequest, what: str) -> None:
        if what in self.drops:
            self.drops.remove(what)
            assert request.transport is not None
            request.transport.abort()


def pruned(document: dict[str, Any], fields: str) -> dict[str, Any]:
    """The fields that were asked for, and no other. Source: JSON API, partial responses."""
    kept: dict[str, Any] = {}
    for name, inner in re.findall(r"(\w+)(?:\(([^)]*)\))?", fields):
        if name in document:
            value = document[name]
            kept[name] = [pruned(one, inner) for one in value] if inner and isinstance(value, list) else value
    return kept


def told(refusal: Refusal, *, xml: bool) -> web.Response:
    """The refusal in the dialect of the request."""
    if xml:
        code = {401: "AuthenticationRequired", 403: "AccessDenied", 400: "UserProjectMissing"}.get(
            refusal.status, refusal.reason
        )
        details = f"<Message>Refused.</Message><Details>{quote_xml(refusal.message)}</Details>"
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code>{details}</Error>"
        return web.Response(status=refusal.status, text=text, content_type="application/xml")
    reason = {"NoSuchKey": "notFound", "NoSuchBucket": "notFound"}.get(refusal.reason, refusal.reason)
    error = {"message": refusal.message, "domain": "global", "reason": reason}
    document = {"error": {"code": refusal.status, "message": refusal.message, "errors": [error]}}
    return web.json_response(document, status=refusal.status)


def quote_xml(text: str) -> str:
    return quote(text, safe=" '@._-/:()")


@asynccontextmanager
async def gate(upstream: str, bucket: str, tokens: TokenServer) -> AsyncIterator[Gate]:
    """A gate that answers on a free port."""
    async with serving(Gate(upstream, bucket, tokens)) as server:
        yield server


@asynccontextmanager
async def serving(server: G) -> AsyncIterator[G]:
    """The same for any kind of gate."""
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    async with aiohttp.ClientSession(
        auto_decompress=False, skip_auto_headers=["Accept-Encoding", "Content-Type"]
    ) as session:
        server.session = session
        try:
            yield server
        finally:
            await runner.cleanup()
