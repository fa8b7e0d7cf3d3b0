"""A small endpoint of ECS and EKS: keys for the container that shows its token.

Source: AWS SDKs and Tools reference guide, container credential provider; Amazon EKS user guide, pod identity.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from stores.serving import serving
from stores.vault import Vault

PATH = "/v1/credentials/3f9c"


@dataclass
class Ecs:
    """The endpoint; empty ``token``: it asks for none, as on ECS."""

    vault: Vault
    token: str = ""
    life_s: float = 900
    fault: int = 0
    port: int = 0
    asked: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        if self.fault:
            return web.json_response({"code": "Fault", "message": "said so"}, status=self.fault)
        if self.token and request.headers.get("Authorization", "") != self.token:
            return web.json_response({"code": "AccessDenied", "message": "Access denied"}, status=401)
        if request.method != "GET" or request.path != PATH:
            return web.json_response({"code": "NotFound", "message": "No credentials"}, status=404)
        return web.json_response({"RoleArn": self.vault.role} | self.vault.mint(self.life_s).told())


@asynccontextmanager
async def ecs(vault: Vault, **options: object) -> AsyncIterator[Ecs]:
    """The running endpoint."""
    service = Ecs(vault, **options)  # type: ignore[arg-type]
    async with serving(service.handle) as service.port:
        yield service
