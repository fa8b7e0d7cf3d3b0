"""A small HTTP server that answers as it is told, request by request, and notes what it was asked."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from moorage.model.credentials import Keys
from moorage.model.keys import Bucket
from moorage.model.store import Connection, Provider, Store
from moorage.stores.s3 import Limits

ACCESS_KEY, SECRET_KEY = "access", "secret"
QUICK = Limits(backoff_s=0.01, longest_pause_s=2)
HASTY = Limits(backoff_s=0.01, first_byte_s=0.3, idle_s=0.3, tries=2)

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    signed: bool


@dataclass
class Faulty:
    """The server; ``answers`` are used up in order, the last one again and again."""

    port: int = 0
    answers: list[Answer] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    served: int = 0
    read_bodies: bool = True
    scheme: str = "http"

    @property
    def endpoint(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.content.read() if self.read_bodies else b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.method, request.raw_path, headers, body, signature_holds(request, self.scheme)))
        answer = self.answers[min(self.served, len(self.answers) - 1)]
        self.served += 1
        return await answer(request)


def signature_holds(request: web.BaseRequest, scheme: str, region: str | None = None) -> bool:
    """True where the request is signed for its own path, byte for byte, with the secret key."""
    given = request.headers.get("Authorization", "")
    if "Credential=" not in given:
        return False
    scope = given.split("Credential=")[1].split(",")[0].split("/")
    names = given.split("SignedHeaders=")[1].split(",")[0].split(";")
    again = AWSRequest(request.method, f"{scheme}://{request.headers['Host']}{request.raw_path}")
    for name in names:
        if name != "host":
            again.headers[name] = request.headers[name]
    again.context["timestamp"] = request.headers["x-amz-date"]
    auth = S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", region or scope[2])
    signature = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    assert urlsplit(again.url).path == request.raw_path.partition("?")[0]
    return given.endswith(f"Signature={signature}")


@asynccontextmanager
async def faulty(
    *answers: Answer, tls: ssl.SSLContext | None = None, read_bodies: bool = True
) -> AsyncIterator[Faulty]:
    """A server that gives these answers."""
    server = Faulty(answers=list(answers), read_bodies=read_bodies, scheme="https" if tls else "http")
    # Not an application: its routes do not match a path that holds a line break.
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def store_on(
    server: Faulty, *, endpoint: str = "", region: str = "", path_style: bool | None = None, ca: str = ""
) -> Store:
    """A writable store on ``server``."""
    connection = Connection(
        Provider.S3,
        endpoint=endpoint or server.endpoint,
        region=region,
        path_style=path_style,
        ca=ca,
        credentials=Keys(ACCESS_KEY, SECRET_KEY),
    )
    return Store("under-test", connection, bucket=Bucket("reef"), read_only=False)


def says(status: int, body: str | bytes = "", **headers: str) -> Answer:
    """An answer with that status, body and headers (``Retry_After="1"`` and so on)."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        data = body if isinstance(body, bytes) else body.encode()
        return web.Response(status=status, body=data, headers=named)

    return answer


def error(status: int, code: str, more: str = "", **headers: str) -> Answer:
    """An error document of S3."""
    return says(
        status, f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>said so</Message>{more}</Error>", **headers
    )


def drops() -> Answer:
    """No answer: the connection is closed."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    return answer


def short(body: bytes, announced: int, then: Callable[[], Awaitable[None]] | None = None) -> Answer:
    """A body that ends before the length announced, after what ``then`` waits for."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"ETag": '"e"'})
        response.content_length = announced
        await response.prepare(request)
        await response.write(body)
        if then:
            await then()
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def listing(*keys: str, truncated: bool = False, encoded: bool = True, count: int | None = None) -> str:
    """A page as S3 writes it; the keys stand as they are given."""
    blocks = "".join(
        f"<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>"
        f"<ETag>&quot;{'a' * 32}&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Contents>"
        for key in keys
    )
    encoding = "<EncodingType>url</EncodingType>" if encoded else ""
    number = len(keys) if count is None else count
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{encoding}<IsTruncated>{str(truncated).lower()}</IsTruncated>{blocks}<KeyCount>{number}</KeyCount></ListBucketResult>"
    )
