"""Calls about stores: check, register, look into, change, forget."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode
from moorage.client.shapes import CommonPrefix, ObjectEntry, Report, Store
from moorage.model.credentials import Anonymous, Credentials, Keys
from moorage.model.keys import ESCAPED, escape, needs_escape
from moorage.model.store import Provider, Serve

ANONYMOUS = Anonymous()


class StoreCalls(Calls):
    """Stores."""

    async def stores(self) -> list[Store]:
        """The stores that you may use, by name."""
        return [decode(Store, row) async for row in self._transport.pages("/stores", "stores")]

    async def store(self, name: str) -> Store:
        """One store with its last check. Raises: NotFound."""
        return decode(Store, await self._transport.get(f"/stores/{part(name)}"))

    async def add_store(
        self,
        name: str,
        provider: Provider | str,
        *,
        root: str = "",
        follow_symlinks: bool = False,
        endpoint: str = "",
        port: int | None = None,
        region: str = "",
        bucket: str = "",
        prefix: str = "",
        path_style: bool | None = None,
        ca: str = "",
        read_only: bool = True,
        serve: Serve | str = Serve.PROXY,
        credentials: Credentials = ANONYMOUS,
        force: bool = False,
    ) -> Store:
        """Check a store and register it. A disk has a ``root``, S3 a ``bucket``; ``ca`` is PEM text.

        Raises: ProbeFailed with the report, nothing registered, unless ``force``; AlreadyExists.
        """
        body = _body(
            name,
            provider,
            root=root,
            follow_symlinks=follow_symlinks,
            endpoint=endpoint,
            port=port,
            region=region,
            bucket=bucket,
            prefix=prefix,
            path_style=path_style,
            ca=ca,
            read_only=read_only,
            serve=serve,
            credentials=credentials,
        )
        return decode(Store, await self._transport.post("/stores", body | {"force": force}))

    async def probe_store(
        self,
        name: str,
        provider: Provider | str,
        *,
        root: str = "",
        follow_symlinks: bool = False,
        endpoint: str = "",
        port: int | None = None,
        region: str = "",
        bucket: str = "",
        prefix: str = "",
        path_style: bool | None = None,
        ca: str = "",
        read_only: bool = True,
        credentials: Credentials = ANONYMOUS,
    ) -> Report:
        """Check what ``add_store`` would register. Registers nothing, and raises nothing for what is missing."""
        body = _body(
            name,
            provider,
            root=root,
            follow_symlinks=follow_symlinks,
            endpoint=endpoint,
            port=port,
            region=region,
            bucket=bucket,
            prefix=prefix,
            path_style=path_style,
            ca=ca,
            read_only=read_only,
            credentials=credentials,
        )
        return decode(Report, await self._transport.post("/stores/check", body))

    async def check_store(self, name: str) -> Report:
        """Check a registered store again."""
        return decode(Report, await self._transport.post(f"/stores/{part(name)}/check"))

    async def change_store(
        self,
        name: str,
        *,
        read_only: bool | None = None,
        serve: Serve | str | None = None,
        credentials: Credentials | None = None,
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


def _body(name: str, provider: Provider | str, *, credentials: Credentials, **fields: object) -> dict[str, object]:
    kept = {key: value for key, value in fields.items() if value not in ("", None)}
    return {"name": name, "provider": provider, "credentials": credentials_body(credentials), **kept}


def credentials_body(credentials: Credentials) -> dict[str, str]:
    """Credentials as a request brings them."""
    if isinstance(credentials, Keys):
        return {
            "kind": "keys",
            "access_key": credentials.access_key,
            "secret_key": credentials.secret_key,
            "session_token": credentials.session_token,
        }
    return {"kind": "anonymous"}
