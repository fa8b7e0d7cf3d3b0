"""A small instance metadata service: version 2 only, refused where the real one refuses.

Source: Amazon EC2 user guide, "Use the Instance Metadata Service to access instance metadata" and "Retrieve security
credentials from instance metadata".
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from stores.serving import serving
from stores.vault import Vault

ROLES = "/latest/meta-data/iam/security-credentials/"
_LONGEST_S = 21600


@dataclass
class Imds:
    """The service. Keys live ``life_s`` seconds; ``role`` is empty where no profile is attached."""

    vault: Vault
    life_s: float = 900
    role: str = "reef-reader"
    code: str = "Success"
    enabled: bool = True
    hops: int = 2
    """Fewer than two: the answer with the token does not arrive in a container."""
    faults: list[int] = field(default_factory=list)
    """Statuses that it answers first."""
    ends: datetime | None = None
    """What it says about the end of keys, whatever is true."""
    pause_s: float = 0
    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    tokens: dict[str, float] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked[f"{request.method} {request.path.rpartition('/')[2] or 'roles'}"] += 1
        if self.faults:
            return web.Response(status=self.faults.pop(0))
        if not self.enabled:
            return web.Response(status=403)
        if request.path == "/latest/api/token":
            return await self._token(request)
        token = request.headers.get("X-aws-ec2-metadata-token", "")
        if self.tokens.get(token, 0) < time.monotonic():
            return web.Response(status=401)
        if request.method != "GET":
            return web.Response(status=405)
        if request.path == ROLES and self.role:
            return web.Response(text=self.role)
        if request.path == ROLES + self.role and self.role:
            await asyncio.sleep(self.pause_s)
            return web.json_response(self._keys())
        return web.Response(status=404)

    async def _token(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method != "PUT":
            return web.Response(status=405)
        if "X-Forwarded-For" in request.headers:
            return web.Response(status=403)
        life = request.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if not life.isdigit() or not 1 <= int(life) <= _LONGEST_S:
            return web.Response(status=400)
        if self.hops < 2:
            await asyncio.sleep(60)
        token = secrets.token_urlsafe(40)
        self.tokens[token] = time.monotonic() + int(life)
        return web.Response(text=token, headers={"X-aws-ec2-metadata-token-ttl-seconds": life})

    def _keys(self) -> dict[str, str]:
        if self.code != "Success":
            return {"Code": self.code, "Message": "EC2 cannot assume the role", "LastUpdated": "2026-01-02T03:04:05Z"}
        keys = self.vault.mint(self.life_s)
        return {"Code": "Success", "Type": "AWS-HMAC"} | keys.told(ends=self.ends)


@asynccontextmanager
async def imds(vault: Vault, **options: object) -> AsyncIterator[Imds]:
    """The running service."""
    service = Imds(vault, **options)  # type: ignore[arg-type]
    async with serving(service.handle) as service.port:
        yield service
