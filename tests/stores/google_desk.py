"""What Google's server does beside objects, and the emulator leaves out: the bucket's own facts, CORS, signed URLs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from stores.google_gate import PERMISSIONS, Gate, Refusal, pruned, told
from stores.google_tokens import EMAIL, SCOPE, private_key

METHODS = {"PUT": "storage.objects.create"} | PERMISSIONS


@dataclass
class Desk(Gate):
    """The gate, with a desk before it."""

    facts: dict[str, Any] = field(default_factory=lambda: {"location": "EUROPE-WEST1"})
    """The bucket's own: ``cors``, ``versioning``, ``lifecycle``."""

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        parts = urlsplit(request.raw_path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if request.method == "OPTIONS":
            return self._preflight(request)
        bucket = f"/storage/v1/b/{self.bucket}"
        try:
            if parts.path in {bucket, f"{bucket}/notificationConfigs"}:
                return await self._bucket(request, parts.path == bucket, query)
            if "X-Goog-Signature" in query:
                return await self._signed(request, parts.path, query)
        except Refusal as refusal:
            self.asked.append(f"{request.method} {request.raw_path}")
            return told(refusal, xml="X-Goog-Signature" in query)
        return await super().handle(request)

    def _preflight(self, request: web.BaseRequest) -> web.Response:
        """200 in any case, headers where a rule fits. Source: Cloud Storage documentation, cross-origin requests."""
        asked = request.headers
        for rule in self.facts.get("cors", []):
            if asked["Origin"] in rule["origin"] and asked["Access-Control-Request-Method"] in rule["method"]:
                return web.Response(
                    headers={
                        "Access-Control-Allow-Origin": asked["Origin"],
                        "Access-Control-Allow-Methods": ",".join(rule["method"]),
                        "Access-Control-Allow-Headers": ",".join(rule["responseHeader"]),
                        "Access-Control-Max-Age": str(rule["maxAgeSeconds"]),
                    }
                )
        return web.Response()

    async def _bucket(self, request: web.BaseRequest, whole: bool, query: dict[str, str]) -> web.Response:
        issued = self.tokens.good(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if issued is None:
            raise Refusal(401, "authError", "Invalid Credentials")
        permission = "storage.buckets.get" if request.method == "GET" else "storage.buckets.update"
        if permission in self.denied:
            raise Refusal(403, "forbidden", f"{EMAIL} does not have {permission} access to the bucket.")
        if request.method == "PATCH":
            if issued.scope != f"{SCOPE}.full_control":
                raise Refusal(403, "forbidden", "Request had insufficient authentication scopes.")
            self.facts |= json.loads(await request.read())
        if not whole:
            return web.json_response({"items": self.facts.get("notifications", [])})
        return web.json_response(pruned(self.facts, query["fields"]))

    async def _signed(self, request: web.BaseRequest, path: str, query: dict[str, str]) -> web.StreamResponse:
        if not holds(request.method, f"http://{request.headers['Host']}{request.raw_path}"):
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        permission = METHODS[request.method]
        if permission in self.denied:
            raise Refusal(403, "forbidden", f"{EMAIL} does not have {permission} access.")
        if request.method == "PUT":
            key = unquote(path.removeprefix(f"/{self.bucket}/"))
            await self._made({"name": key}, {}, await request.read())
            return web.Response()
        return await self._read(request, path, query, xml=True)


def holds(method: str, url: str) -> bool:
    """True where the signature of the URL holds for that method, as Google checks it (V4, canonical request)."""
    whole, _, signature = url.rpartition("&X-Goog-Signature=")
    host, _, target = whole.partition("://")[2].partition("/")
    path, _, query = target.partition("?")
    words = query.split("&")
    given = {name: unquote(value) for name, _, value in (word.partition("=") for word in words)}
    scope = given["X-Goog-Credential"].removeprefix(f"{EMAIL}/")
    request = f"{method}\n/{path}\n{query}\nhost:{host.partition(':')[0]}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{given['X-Goog-Algorithm']}\n{given['X-Goog-Date']}\n{scope}\n{digest}"
    try:
        private_key("own").public_key().verify(bytes.fromhex(signature), text.encode(), PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return words == sorted(words)
