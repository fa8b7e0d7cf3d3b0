"""``/connections``: declared in files or made here; what they reach is opened by links.

Beside them ``/config/reload`` and ``/secrets/rotate``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from moorage.edge.problems import report_of
from moorage.model.access import Principal
from moorage.model.admitted import admitted_word
from moorage.model.errors import Invalid
from moorage.model.store import Connection, ConnectionId, Provider
from moorage.registering.connecting import Known
from moorage.registering.declared import standing_of, vanished, warnings_of
from moorage.web.api import render
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import Body, ScopeBody, endpoint_of, whole_id
from moorage.web.api.credentials import AnonymousBody, CredentialsBody, credentials_of
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import (
    ConnectionChecks,
    ConnectionList,
    ConnectionShape,
    Problem,
    ReloadedShape,
    RotatedShape,
)

router = APIRouter(route_class=OnceRoute, tags=["connections"])
_OPEN = (
    "Buckets whose stores links make at their first use: bucket, or bucket:folder1/:folder2/. Empty: all; null: none."
)


class ConnectionBody(Body):
    """A connection to make."""

    name: str = Field(examples=["lab"])
    provider: Provider = Field(examples=["s3"])
    root: str = Field(default="", description="Disk: the absolute directory.")
    endpoint: str = Field(default="", description="URL or host; without a scheme https is meant.")
    port: int | None = Field(default=None, ge=1, le=65535, description="For an endpoint that names none.")
    region: str = ""
    path_style: bool | None = Field(default=None, description="Bucket in the path; null: for all endpoints but AWS.")
    ca: str = Field(default="", description="PEM text of the authorities to trust for this endpoint.")
    credentials: CredentialsBody = AnonymousBody()
    open_buckets: list[str] | None = Field(default=None, description=_OPEN, examples=[["reef-2021:cruise/"]])
    scope: ScopeBody = Field(default=ScopeBody(), description="Who may use the stores that links make.")

    async def connection(self, asker: Principal) -> Connection:
        """The connection that this describes. Raises Invalid."""
        return Connection(
            self.provider,
            endpoint=endpoint_of(self.endpoint, self.port),
            region=self.region,
            path_style=self.path_style,
            ca=self.ca,
            root=self.root,
            credentials=await credentials_of(self.credentials, asker),
            name=self.name,
            open_buckets=_words(self.open_buckets),
            scope=self.scope.scope(),
        )


class ConnectionPatch(Body):
    """What to change of a connection; what is left out stays. Its stores are checked before it counts."""

    name: str | None = None
    endpoint: str | None = None
    region: str | None = None
    path_style: bool | None = None
    ca: str | None = None
    credentials: CredentialsBody | None = None
    open_buckets: list[str] | None = Field(default=None, description=_OPEN)
    scope: ScopeBody | None = None
    force: bool = Field(default=False, description="Change it though a check failed.")

    async def patched(self, before: Connection, asker: Principal) -> Connection:
        """The connection with what this names replaced. Raises Invalid."""
        given: dict[str, Any] = {
            name: value for name in ("name", "region", "path_style", "ca") if (value := getattr(self, name)) is not None
        }
        if self.endpoint is not None:
            given["endpoint"] = endpoint_of(self.endpoint)
        if self.credentials is not None:
            given["credentials"] = await credentials_of(self.credentials, asker)
        if "open_buckets" in self.model_fields_set:
            given["open_buckets"] = _words(self.open_buckets)
        if self.scope is not None:
            given["scope"] = self.scope.scope()
        return replace(before, **given)


class CheckBody(Body):
    """What to check of a connection."""

    bucket: str = Field(default="", description="Empty: all buckets that the connection or its stores name.")


@router.get("/connections", responses={200: {"model": ConnectionList}})
async def all_connections(uses: Uses, asker: Asker) -> Response:
    """Connections by name, those of files too, with what is wrong with the file. Needs an admin."""
    known = await uses.connecting.all(asker)
    standing, warnings = await uses.facts.read(lambda tx: (standing_of(tx), warnings_of(tx)))
    shown = {
        "connections": [connection_shown(one) for one in known],
        "next": None,
        "file": standing.file or None,
        "problem": standing.problem,
        "warnings": warnings,
    }
    return answer(shown)


@router.post("/connections", status_code=201, responses={201: {"model": ConnectionShape}})
async def add(uses: Uses, asker: Asker, body: ConnectionBody) -> Response:
    """Make a connection. Needs an admin."""
    return answer(connection_shown(await uses.connecting.add(asker, await body.connection(asker))), 201)


@router.get("/connections/{id}", responses={200: {"model": ConnectionShape}})
async def one(uses: Uses, asker: Asker, id: str) -> Response:
    """One connection with the names of its stores. Needs an admin."""
    return answer(connection_shown(await uses.connecting.get(asker, _id(id))))


@router.patch(
    "/connections/{id}", responses={200: {"model": ConnectionShape}, 409: {"model": Problem}, 422: {"model": Problem}}
)
async def change(uses: Uses, asker: Asker, id: str, body: ConnectionPatch) -> Response:
    """Change a connection for all its stores, which are checked first. 409 where it is declared in a file."""
    before = (await uses.connecting.get(asker, _id(id))).connection
    changed = await uses.connecting.change(asker, before.id, await body.patched(before, asker), force=body.force)
    uses.locator.forget()
    return answer(connection_shown(changed))


@router.delete("/connections/{id}", status_code=204, responses={409: {"model": Problem}})
async def remove(uses: Uses, asker: Asker, id: str) -> Response:
    """Forget a connection. 409 while a store has it, or where it is declared in a file."""
    await uses.connecting.remove(asker, _id(id))
    return Response(status_code=204)


@router.post("/connections/{id}/check", responses={200: {"model": ConnectionChecks}})
async def check(uses: Uses, asker: Asker, id: str, body: CheckBody | None = None) -> Response:
    """Check whether the connection's credentials may read a bucket, or all that are named. Needs an admin."""
    checks = await uses.connecting.check(asker, _id(id), "" if body is None else body.bucket)
    uses.locator.refusals.forget()
    shown = [{"bucket": one.bucket, "prefix": one.prefix, "report": report_of(one.report)} for one in checks]
    return answer({"passed": all(one.report.passed for one in checks), "checks": shown})


@router.post("/config/reload", responses={200: {"model": ReloadedShape}})
async def reload(uses: Uses, asker: Asker) -> Response:
    """Read remote_links.yml again, now. 400 where it is broken: what it declared before counts on. Needs an admin."""
    done = await uses.declared.reload(asker)
    shown = {name: list(getattr(done.applied, name)) for name in ("added", "changed", "removed", "kept")}
    return answer({"file": done.file or None, **shown, "warnings": list(done.warnings)})


@router.post("/secrets/rotate", responses={200: {"model": RotatedShape}})
async def rotate(uses: Uses, asker: Asker) -> Response:
    """Seal all credentials with a new key and drop the old one; reads go on. URLs signed before end. Needs an admin."""
    done = await uses.rotation.rotate(asker)
    return answer({"key_file": None if done.key_file is None else str(done.key_file)})


def connection_shown(of: Known) -> render.Json:
    """A connection without its secrets."""
    one = of.connection
    return {
        "id": str(one.id),
        "name": one.name,
        "origin": one.origin,
        "vanished": vanished(one),
        "provider": one.provider.value,
        "endpoint": one.endpoint,
        "region": one.region,
        "path_style": one.path_style,
        "root": one.root,
        "ca": bool(one.ca),
        "credentials": render.credentials(one),
        **render.ending(one),
        "open_buckets": None if one.open_buckets is None else list(one.open_buckets),
        "scope": {"projects": [str(id) for id in one.scope.projects], "users": [str(id) for id in one.scope.users]},
        "stores": list(of.stores),
    }


def _id(text: str) -> ConnectionId:
    return ConnectionId(whole_id(text))


def _words(given: list[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    try:
        return tuple(admitted_word(one) for one in given)
    except ValueError as exc:
        raise Invalid(
            "One of the buckets to open is no bucket. Nothing was changed.",
            "Write the bucket's name alone, or bucket:folder1/:folder2/.",
            field="open_buckets",
        ) from exc
