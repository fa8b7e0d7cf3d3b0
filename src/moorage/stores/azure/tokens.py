"""Access tokens of a service principal: asked for once, renewed before they end.

Source: Microsoft identity platform, OAuth 2.0 client credentials flow; RFC 6749, section 4.4.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from moorage.model.credentials import ServicePrincipal
from moorage.model.errors import Invalid, MoorageError, StoreDenied, StoreUnreachable
from moorage.stores.transport import Answer, BytesBody, Counters, Guard, Limits, Purpose, Request, Transport

SCOPE: Final = "https://storage.azure.com/.default"
_AUTHORITIES: Final = {
    "core.chinacloudapi.cn": "https://login.partner.microsoftonline.cn",
    "core.usgovcloudapi.net": "https://login.microsoftonline.us",
}
_AUTHORITY: Final = "https://login.microsoftonline.com"
_LONGEST_ANSWER: Final = 64 * 1024
_EARLY: Final = 0.2
"""The share of a token's life before its end from which it is renewed."""
_AGAIN_S: Final = 30.0
_CODE: Final = re.compile(r"AADSTS\d+")
_REASONS: Final = {
    "AADSTS7000215": ("The client secret is wrong.", "Enter the secret's value, not its id."),
    "AADSTS7000222": ("The client secret has expired.", "Make a new one in the application's registration."),
    "AADSTS700016": ("The application is not known in this tenant.", "Check the client id and the tenant."),
    "AADSTS90002": ("The tenant does not exist.", "Check the tenant's id, and the cloud that it is in."),
    "AADSTS900023": ("The tenant is neither an id nor a domain.", "Check the tenant's id."),
}


class Tokens:
    """Tokens of one service principal; one request however many wait for it."""

    def __init__(
        self,
        principal: ServicePrincipal,
        endpoint: str,
        *,
        limits: Limits,
        counters: Counters,
        guard: Guard | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises Invalid for an authority that secrets must not be sent to. ``tick`` counts seconds."""
        self._tick = tick
        self._principal = principal
        self.authority = _authority(principal, endpoint)
        self._transport = Transport(limits=limits, counters=counters, guard=guard)
        self._token = ""
        self._renew_at = self._ends_at = 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def current(self) -> str:
        """A token that is valid. Raises StoreDenied where it is refused, StoreUnreachable where nobody answers."""
        if self._tick() < self._renew_at:
            return self._token
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())
            self._renewing.add_done_callback(_heard)
        if self._tick() < self._ends_at:
            return self._token  # still good: nobody waits for its successor
        await asyncio.shield(self._renewing)
        return self._token

    def drop(self, token: str) -> None:
        """The store refuses this token: ask for another next time."""
        if token == self._token:
            self._renew_at = self._ends_at = 0.0

    async def aclose(self) -> None:
        """Close the connections; a repeat does nothing."""
        if self._renewing:
            self._renewing.cancel()
            with suppress(asyncio.CancelledError, MoorageError):
                await self._renewing
        await self._transport.aclose()

    async def _renew(self) -> None:
        self._renew_at = min(self._ends_at, self._tick() + _AGAIN_S)  # a failure is not repeated at once
        asked_at = self._tick()
        answer = await self._ask()
        said = _read(answer)
        token, life = said.get("access_token"), said.get("expires_in")
        if not answer.ok or not isinstance(token, str) or not str(life).isdigit():
            raise self._refused(answer, said)
        life_s = float(str(life))
        self._token, self._ends_at = token, asked_at + life_s - min(_AGAIN_S, life_s * _EARLY / 2)
        self._renew_at = asked_at + life_s * (1 - _EARLY)

    async def _ask(self) -> Answer:
        form = {
            "grant_type": "client_credentials", "client_id": self._principal.client,
            "client_secret": self._principal.secret, "scope": SCOPE,
        }  # fmt: skip
        url = f"{self.authority}/{quote(self._principal.tenant, safe='')}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        body = BytesBody(urlencode(form).encode())
        return await self._transport.send(
            lambda: Request("token", "POST", url, dict(headers), body),
            purpose=Purpose.ADMIN,
            collect_bytes=_LONGEST_ANSWER,
        )

    def _refused(self, answer: Answer, said: dict[str, object]) -> StoreDenied | StoreUnreachable:
        found = _CODE.search(str(said.get("error_description", "")))
        code = found.group() if found else str(said.get("error", ""))[:60]
        if answer.status in {400, 401, 403} and code:
            message, advice = _REASONS.get(
                code, (f"It says {code}.", "Check tenant, client and secret of the service principal.")
            )
            return StoreDenied(f"{self.authority} gives no token: {message}", advice, code=code)
        return StoreUnreachable(
            f"{self.authority} does not answer as a sign-in service: status {answer.status}.",
            "Try again; check the authority where one is set.",
            cause="not oauth",
        )


def _authority(principal: ServicePrincipal, endpoint: str) -> str:
    host = urlsplit(endpoint).hostname or ""
    of_cloud = next((url for suffix, url in _AUTHORITIES.items() if host.endswith(suffix)), _AUTHORITY)
    authority = (principal.authority or of_cloud).rstrip("/")
    parts = urlsplit(authority)
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}):
        raise Invalid("The authority is not an https address.", "Write https://HOST.", field="credentials.authority")
    return authority


def _read(answer: Answer) -> dict[str, object]:
    try:
        said = json.loads(answer.content)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _heard(task: asyncio.Task[None]) -> None:
    """Who waited has raised the error; where nobody did, it is tried again later."""
    if not task.cancelled():
        task.exception()
