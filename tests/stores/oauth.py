"""A small sign-in service: client credentials of Microsoft Entra ID, refused where the real one refuses them.

Source: Microsoft identity platform and the OAuth 2.0 client credentials flow; AADSTS error codes.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

TENANT, CLIENT, SECRET = "7e6f1c3a-0000-4000-8000-1f2e3d4c5b6a", "11111111-2222-4333-8444-555555555555", "s3cr~t+&="
SCOPE = "https://storage.azure.com/.default"


@dataclass
class SignIn:
    """The service; ``life_s`` is that of its tokens, ``faults`` are statuses that it answers first."""

    port: int = 0
    life_s: int = 3600
    secret_expired: bool = False
    faults: list[int] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    asked: int = 0

    @property
    def authority(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        if self.faults:
            return web.Response(status=self.faults.pop(0), text="<html>busy</html>")
        tenant = request.path.split("/")[1]
        if request.path != f"/{tenant}/oauth2/v2.0/token":
            return web.Response(status=404)
        if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
            return self._error("invalid_request", 900144)
        form = await request.post()
        if tenant != TENANT:
            return self._error("invalid_request", 90002)
        if form.get("grant_type") != "client_credentials":
            return self._error("unsupported_grant_type", 70003)
        if form.get("scope") != SCOPE:
            return self._error("invalid_scope", 70011)
        if form.get("client_id") != CLIENT:
            return self._error("unauthorized_client", 700016)
        if self.secret_expired:
            return self._error("invalid_client", 7000222, status=401)
        if form.get("client_secret") != SECRET:
            return self._error("invalid_client", 7000215, status=401)
        self.given.append(self._token())
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": self.life_s,
                "ext_expires_in": self.life_s,
                "access_token": self.given[-1],
            }
        )

    def _error(self, error: str, code: int, *, status: int = 400) -> web.StreamResponse:
        told = {
            "error": error,
            "error_description": f"AADSTS{code}: what it says. Trace ID: 1 Correlation ID: 2 Timestamp: 3",
            "error_codes": [code],
        }
        return web.json_response(told, status=status)

    def _token(self) -> str:
        now = int(time.time())
        claims = {
            "aud": "https://storage.azure.com", "iss": f"https://sts.windows.net/{TENANT}/", "iat": now,
            "nbf": now - 5, "exp": now + self.life_s, "appid": CLIENT, "tid": TENANT, "oid": CLIENT,
            "uti": str(len(self.given)),
        }  # fmt: skip
        return f"{_part({'typ': 'JWT', 'alg': 'RS256'})}.{_part(claims)}.{_part({'signature': 'of nobody'})}"


@asynccontextmanager
async def sign_in(**options: object) -> AsyncIterator[SignIn]:
    """The running service."""
    service = SignIn(**options)  # type: ignore[arg-type]
    runner = web.ServerRunner(web.Server(service.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.port = runner.addresses[0][1]
    try:
        yield service
    finally:
        await runner.cleanup()


def _part(told: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
