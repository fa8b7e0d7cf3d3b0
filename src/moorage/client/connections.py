"""Calls about connections: make, look at, check, change, forget; read the file of declared ones again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moorage.client.calls import Calls, given, part
from moorage.client.codec import decode
from moorage.client.connection_shapes import Connection, ConnectionChecks, Reloaded, Rotated
from moorage.client.credentials import ANONYMOUS, AnyCredentials, credentials_body
from moorage.model.store import Provider

KEEP: Any = object()
"""Leave it as it is."""


class ConnectionCalls(Calls):
    """Connections; all need an admin."""

    async def connections(self) -> list[Connection]:
        """Those that have a name, by it, declared ones too."""
        return [decode(Connection, row) async for row in self._transport.pages("/connections", "connections")]

    async def connection(self, id: str) -> Connection:
        """One connection. Raises: NotFound."""
        return decode(Connection, await self._transport.get(f"/connections/{part(id)}"))

    async def add_connection(
        self,
        name: str,
        provider: Provider | str,
        *,
        endpoint: str = "",
        port: int | None = None,
        region: str = "",
        path_style: bool | None = None,
        ca: str = "",
        root: str = "",
        credentials: AnyCredentials = ANONYMOUS,
        open_buckets: Sequence[str] | None = None,
    ) -> Connection:
        """Make a connection. ``open_buckets``: links may open these; empty: all; None: none. Raises: AlreadyExists."""
        body = {
            "name": name,
            "provider": provider,
            "endpoint": endpoint,
            "port": port,
            "region": region,
            "path_style": path_style,
            "ca": ca,
            "root": root,
            "credentials": credentials_body(credentials),
            "open_buckets": None if open_buckets is None else list(open_buckets),
        }
        return decode(Connection, await self._transport.post("/connections", body))

    async def change_connection(
        self,
        id: str,
        *,
        name: str | None = None,
        endpoint: str | None = None,
        region: str | None = None,
        credentials: AnyCredentials | None = None,
        open_buckets: Sequence[str] | None = KEEP,
        force: bool = False,
    ) -> Connection:
        """Change what is given, for all its stores. They are checked first; ProbeFailed leaves all as it was.

        Raises: Conflict where it is declared in a file.
        """
        body: dict[str, object] = {
            **given(
                name=name,
                endpoint=endpoint,
                region=region,
                credentials=None if credentials is None else credentials_body(credentials),
            ),
            "force": force,
        }
        if open_buckets is not KEEP:
            body["open_buckets"] = None if open_buckets is None else list(open_buckets)
        return decode(Connection, await self._transport.patch(f"/connections/{part(id)}", body))

    async def remove_connection(self, id: str) -> None:
        """Forget a connection. Raises: InUse while a store has it."""
        await self._transport.delete(f"/connections/{part(id)}")

    async def check_connection(self, id: str, bucket: str = "") -> ConnectionChecks:
        """Check whether a bucket may be read, or all that the connection or its stores name."""
        path = f"/connections/{part(id)}/check"
        return decode(ConnectionChecks, await self._transport.post(path, {"bucket": bucket}))

    async def reload_config(self) -> Reloaded:
        """Let the server read remote_links.yml again, now. Raises: Invalid where it is broken."""
        return decode(Reloaded, await self._transport.post("/config/reload"))

    async def rotate_secrets(self) -> Rotated:
        """Let the server seal all credentials with a new key. Raises: Conflict where workers share its catalogue."""
        return decode(Rotated, await self._transport.post("/secrets/rotate"))
