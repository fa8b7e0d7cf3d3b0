"""A token server that checks what Google's checks, and refuses in its words; and a metadata server."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from stores.google_boundary import Boundary, boundary_in

EMAIL = "reader@reef.iam.gserviceaccount.com"
KEY_ID = "key-one"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "https://www.googleapis.com/auth/devstorage"
LONGEST_S = 3600
SKEW_S = 300
LATE = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """An RSA key; the same for the same name."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_file(token_uri: str, *, key: str = "own", **fields: Any) -> str:
    """The JSON that Google gives for a key of the service account."""
    pem = private_key(key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "reef",
            "private_key_id": KEY_ID,
            "private_key": pem,
            "client_email": EMAIL,
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }
        | fields
    )


@dataclass(frozen=True)
class Issued:
    """A token that was given."""

    scope: str
    ends: float
    boundary: Boundary | None = None

    @property
    def writes(self) -> bool:
        return self.scope == f"{SCOPE}.read_write"


@dataclass
class TokenServer:
    """Gives tokens for signed assertions, and for asking at all under the metadata server's path."""

    port: int = 0
    life_s: float = 3600
    ahead_s: float = 0
    """How much its clock is ahead of ours."""
    disabled: bool = False
    deleted: bool = False
    has_account: bool = True
    delay_s: float = 0
    faults: int = 0
    """How many more requests it answers with 503."""
    asked: int = 0
    issued: dict[str, Issued] = field(default_factory=dict)
    claims: list[dict[str, Any]] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    def revoke(self) -> None:
        """No token given so far is good any more."""
        self.issued.clear()

    def good(self, token: str) -> Issued | None:
        found = self.issued.get(token)
        return found if found and found.ends > time.time() else None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        await asyncio.sleep(self.delay_s)
        if self.faults:
            self.faults -= 1
            return web.Response(status=503)
        if request.path.startswith("/computeMetadata/"):
            return self._metadata(request)
        body = await request.read()
        if request.path == "/v1/token":
            return self._exchange(parse_qs(body.decode()))
        refusal = self._refusal(request, body)
        date = {"Date": formatdate(time.time() + self.ahead_s, usegmt=True)}
        if refusal:
            code, words = refusal
            document = {"error": code, "error_description": words}
            return web.json_response(document, status=401 if code == "disabled_client" else 400, headers=date)
        return web.json_response(self._give(self.claims[-1]["scope"]), headers=date)

    def _metadata(self, request: web.BaseRequest) -> web.Response:
        """Source: Compute Engine documentation, about VM metadata: the header is asked for and given back."""
        if request.headers.get("Metadata-Flavor") != "Google" or "X-Forwarded-For" in request.headers:
            return web.Response(status=403)
        flavor = {"Metadata-Flavor": "Google"}
        if not self.has_account or not request.path.endswith("/service-accounts/default/token"):
            return web.Response(status=404, headers=flavor)
        return web.json_response(self._give(request.query["scopes"]), headers=flavor)

    def _exchange(self, form: dict[str, list[str]]) -> web.Response:
        """Source: RFC 8693; IAM documentation, downscoped credentials: what a boundary may hold."""
        source = self.good(form.get("subject_token", [""])[0])
        if form.get("grant_type") != [EXCHANGE] or form.get("requested_token_type") != [ACCESS_TOKEN]:
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if source is None or source.boundary or form.get("subject_token_type") != [ACCESS_TOKEN]:
            return web.json_response({"error": "invalid_grant", "error_description": "Bad subject_token"}, status=400)
        try:
            boundary = boundary_in(form["options"][0])
        except (KeyError, ValueError) as error:
            told = {"error": "invalid_request", "error_description": f"Invalid access boundary: {error}"}
            return web.json_response(told, status=400)
        token = f"ya29.c.{secrets.token_urlsafe(24)}"
        self.issued[token] = Issued(source.scope, source.ends, boundary)
        return web.json_response({"access_token": token, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer"})

    def _give(self, scope: str) -> dict[str, Any]:
        token = f"ya29.{secrets.token_urlsafe(24)}"
        self.issued[token] = Issued(scope, time.time() + self.life_s)
        return {"access_token": token, "expires_in": int(self.life_s), "token_type": "Bearer"}

    def _refusal(self, request: web.BaseRequest, body: bytes) -> tuple[str, str] | None:
        form = parse_qs(body.decode())
        if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
            return "invalid_request", "Bad Request"
        if form.get("grant_type") != [GRANT]:
            return "unsupported_grant_type", "Invalid grant_type"
        try:
            signed, _, signature = form["assertion"][0].rpartition(".")
            head, claims = (json.loads(_unpacked(part)) for part in signed.split("."))
            private_key("own").public_key().verify(_unpacked(signature), signed.encode(), PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return "invalid_grant", "Invalid JWT Signature."
        except (KeyError, ValueError):
            return "invalid_request", "Bad assertion"
        self.claims.append(claims)
        if self.disabled:
            return "disabled_client", "The OAuth client was disabled."
        return self._claims_refused(head, claims)

    def _claims_refused(self, head: dict[str, Any], claims: dict[str, Any]) -> tuple[str, str] | None:
        now = time.time() + self.ahead_s
        if self.deleted or claims["iss"] != EMAIL:
            return "invalid_grant", "Invalid grant: account not found"
        if head != {"alg": "RS256", "typ": "JWT", "kid": KEY_ID} or claims["aud"] != self.uri:
            return "invalid_grant", "Invalid JWT: Failed audience check."
        if claims["exp"] - claims["iat"] > LONGEST_S or claims["iat"] > now + SKEW_S or claims["exp"] < now:
            return "invalid_grant", LATE
        if claims["scope"] not in {f"{SCOPE}.{word}" for word in ("read_only", "read_write", "full_control")}:
            return "invalid_scope", "Invalid OAuth scope or ID token audience provided."
        return None


@asynccontextmanager
async def token_server() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def _unpacked(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
