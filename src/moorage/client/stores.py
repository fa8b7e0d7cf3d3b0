"""Calls about stores: check, register, look into, change, forget."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import asdict
from typing import TypedDict, Unpack

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode
from moorage.client.credentials import ANONYMOUS, AnyCredentials, credentials_body
from moorage.client.shapes import CommonPrefix, ObjectEntry, Report, Scope, Store
from moorage.model.keys import ESCAPED, escape, needs_escape
from moorage.model.store import Provider, Serve


class StoreWish(TypedDict, total=False):
    """How a store shall be; what is left out is as the server has it."""

    connection: str
    """Id or name of a connection to share, in place of endpoint and credentials."""
    root: str
    """Disk: the absolute directory, on the server's machine."""
    follow_symlinks: bool
    endpoint: str
    port: int | None
    region: str
    bucket: str
    """At Azure the container."""
    prefix: str
    path_style: bool | None
    ca: str
    """PEM text of the authorities to trust."""
    read_only: bool
    """True unless said otherwise."""
    serve: Serve | str
    credentials: AnyCredentials
    """Anonymous unless said otherwise."""
    loan_role_arn: str
    scope: Scope
    """Ids of the projects and people that may use it; everyone unless said otherwise."""


class StoreCalls(Calls):
    """Stores."""

    async def stores(self) -> list[Store]:
        """The stores that you may use, by name."""
        return [decode(Store, row) async for row in self._transport.pages("/stores", "stores")]

    async def store(self, name: str) -> Store:
        """One store with its last check. Raises: NotFound."""
        return decode(Store, await self._transport.get(f"/stores/{part(name)}"))

    async def add_store(
        self, name: str, provider: Provider | str = "", *, force: bool = False, **wish: Unpack[StoreWish]
    ) -> Store:
        """Check a store and register it: a disk has a ``root``, all others a ``bucket``.

        ``provider`` is left out where a ``connection`` is named. Raises: ProbeFailed with the report, nothing
        registered, unless ``force``; Invalid, which names the field; AlreadyExists.
        """
        return decode(Store, await self._transport.post("/stores", _body(name, provider, wish) | {"force": force}))

    async def probe_store(self, name: str, provider: Provider | str = "", **wish: Unpack[StoreWish]) -> Report:
        """Check what ``add_store`` would register. Registers nothing, and raises nothing for what is missing."""
        return decode(Report, await self._transport.post("/stores/check", _body(name, provider, wish)))

    async def check_store(self, name: str) -> Report:
        """Check a registered store again."""
        return decode(Report, await self._transport.post(f"/stores/{part(name)}/check"))

    async def change_store(
        self,
        name: str,
        *,
        read_only: bool | None = None,
        serve: Serve | str | None = None,
        credentials: AnyCredentials | None = None,
        loan_role_arn: str | None = None,
        scope: Scope | None = None,
        ca: str | None = None,
        endpoint: str | None = None,
        region: str | None = None,
        path_style: bool | None = None,
        follow_symlinks: bool | None = None,
        force: bool = False,
    ) -> Store:
        """Change what is given. The changed store is checked first; ProbeFailed leaves it as it was."""
        body = given(
            read_only=read_only,
            serve=serve,
            endpoint=endpoint,
            region=region,
            path_style=path_style,
            follow_symlinks=follow_symlinks,
            loan_role_arn=loan_role_arn,
            scope=None if scope is None else asdict(scope),
            ca=ca,
            credentials=None if credentials is None else credentials_body(credentials),
        )
        return decode(Store, await self._transport.patch(f"/stores/{part(name)}", {**body, "force": force}))

    async def remove_store(self, name: str) -> None:
        """Forget a store; no object is touched. Raises: InUse with what uses it."""
        await self._transport.delete(f"/stores/{part(name)}")

    async def objects(
        self, store: str, prefix: str = "", *, delimiter: bool = False, after: str | None = None
    ) -> AsyncGenerator[ObjectEntry | CommonPrefix, None]:
        """What the store itself lists below ``prefix``, in byte order, from the key ``after`` (exclusive) on."""
        start = None if after is None else escape(after)
        encoding = ESCAPED if needs_escape(prefix) else None
        begin = escape(prefix) if encoding else prefix
        while True:
            query = query_of(
                prefix=begin, key_encoding=encoding, delimiter="/" if delimiter else None, after=start, limit=1000
            )
            page = await self._transport.get(f"/stores/{part(store)}/objects", query)
            for row in page["prefixes"]:
                yield decode(CommonPrefix, row)
            for row in page["objects"]:
                yield decode(ObjectEntry, row)
            start = page["next"]
            if start is None:
                return


def _body(name: str, provider: Provider | str, wish: StoreWish) -> dict[str, object]:
    body: dict[str, object] = {"name": name, "provider": provider, **wish}
    given = body.pop("credentials", ANONYMOUS)
    if "scope" in wish:
        body["scope"] = asdict(wish["scope"])
    if given != ANONYMOUS:
        body["credentials"] = credentials_body(wish["credentials"])
    return {key: value for key, value in body.items() if value not in ("", None)}
