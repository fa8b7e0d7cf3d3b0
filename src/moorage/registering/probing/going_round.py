"""Going round: what browsers, workers and strangers get, who have none of our credentials."""

from __future__ import annotations

import uuid
from typing import Final

from moorage.model.administration import PlainAnswer, StoreAdministration
from moorage.model.errors import StoreUnreachable
from moorage.model.keys import Key
from moorage.model.probe import Permission
from moorage.model.store import Provider, Serve
from moorage.registering.probing.names import needed
from moorage.registering.probing.walk import Lacking, NotTried, Walk

_LIFE_S: Final = 60
_SIGNED: Final = b"Moorage checked a signed URL. This object can be removed.\n"
_FIRST_BYTE: Final = {"Range": "bytes=0-0"}
_REFUSALS: Final = frozenset({401, 403})
_ALWAYS: Final = frozenset({"GET", "HEAD", "POST"})
"""Methods that a browser sends once the answer names its origin, whatever methods that lists."""
_SENT: Final = {"GET": "range", "HEAD": "range", "PUT": "content-type", "POST": "content-type"}
"""The header that each method of a page asks leave for."""


async def round_trip(walk: Walk, administration: StoreAdministration, key: Key | None) -> None:
    """Signed URLs, through a plain client. ``key``: an object that may be replaced; None: nothing is written."""

    async def ask() -> str:
        if key is not None:
            await _put_and_get(walk, administration, key)
            return "An object was written and read by signed URLs."
        absent = Key(f"{walk.store.prefix}moorage-probe-{uuid.uuid4().hex}")
        url = await walk.opened.presign(walk.sample or absent, expires_s=_LIFE_S)
        answer = await administration.ask("GET", url, headers=_FIRST_BYTE)
        if answer.status == 404 and walk.sample is None:  # noqa: PLR2004 - RFC 9110
            return "A signed URL of an absent object was answered as absent, so signatures hold."
        _must_pass(walk, answer, "read", Permission.READ)
        return "An object was read by a signed URL."

    # Who is sent on to the store by a redirect has nothing but such a URL.
    await walk.step(Permission.SIGNED, ask, required=walk.store.serve is Serve.REDIRECT)


async def ask_for_pages(walk: Walk, administration: StoreAdministration) -> None:
    """What pages of our origin may do with the bucket, as a browser asks before it does it."""

    async def ask() -> str:
        url = administration.address(walk.sample or Key(f"{walk.store.prefix}moorage-probe"))
        refused = [
            method for method in methods_of(walk) if not await preflight(administration, url, walk.origin, method)
        ]
        allowed = [method for method in methods_of(walk) if method not in refused]
        if not refused:
            return f"Pages of {walk.origin} may {', '.join(allowed)}."
        told = f"pages of {walk.origin} may {', '.join(allowed) or 'do nothing'} here, not {', '.join(refused)}."
        if walk.store.serve is not Serve.REDIRECT:
            raise NotTried(f"Not needed while Moorage serves the bytes itself: {told}")
        raise Lacking(
            f"Scripts on {told}",
            f"Run moorage store cors {walk.store.name} --apply, or look at the store's page.",
        )

    if walk.origin:
        await walk.step(Permission.CORS, ask, required=False)


def methods_of(walk: Walk) -> tuple[str, ...]:
    """The methods that pages need: for a store that is only read, no others."""
    if walk.store.read_only:
        return ("GET", "HEAD")
    return ("GET", "HEAD", "PUT") if walk.store.connection.provider is Provider.AZURE else tuple(_SENT)


async def preflight(administration: StoreAdministration, url: str, origin: str, method: str) -> bool:
    """Whether a browser would send such a request from that origin. Source: Fetch standard, CORS-preflight fetch."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": _SENT.get(method, "content-type"),
    }
    return admitted(await administration.ask("OPTIONS", url, headers=headers), origin, method)


def admitted(answer: PlainAnswer, origin: str, method: str) -> bool:
    """Whether the answer to a browser's question lets it send the request."""
    told = answer.headers
    methods = {word.strip() for word in told.get("access-control-allow-methods", "").split(",")}
    return (
        answer.ok
        and told.get("access-control-allow-origin") in {origin, "*"}
        and (method in _ALWAYS or bool(methods & {method, "*"}))
    )


async def stay_private(walk: Walk, administration: StoreAdministration, key: Key) -> None:
    """Nobody without credentials may read what was just written."""

    async def ask() -> str:
        answer = await administration.ask("GET", administration.address(key), headers=_FIRST_BYTE)
        if not answer.ok:
            return "Without credentials the object cannot be read."
        walk.warnings.append(
            f"Everybody can read {walk.store.bucket} without credentials: the probe object was answered to a stranger. "
            "Close public access at the provider, unless that is what you want."
        )
        raise Lacking(
            "Everybody can read this bucket, without any credentials.", "Close public access at the provider."
        )

    await walk.step(Permission.PRIVATE, ask, required=False)


async def _put_and_get(walk: Walk, administration: StoreAdministration, key: Key) -> None:
    signed = await administration.sign_put(key, expires_s=_LIFE_S)
    answer = await administration.ask(signed.method, signed.url, headers=signed.headers, body=_SIGNED)
    _must_pass(walk, answer, "written", Permission.WRITE)
    answer = await administration.ask("GET", await walk.opened.presign(key, expires_s=_LIFE_S))
    _must_pass(walk, answer, "read", Permission.READ)
    if answer.content != _SIGNED:
        raise StoreUnreachable(
            "A signed URL wrote an object, and another one read other bytes.",
            "Check for a proxy or cache between this server and the store.",
            cause="wrong_bytes",
        )


def _must_pass(walk: Walk, answer: PlainAnswer, done: str, permission: Permission) -> None:
    """Raises unless it is a success; a signed URL has the rights of whoever signed it."""
    if answer.ok:
        return
    need = needed(walk.store.connection.provider, permission)
    if answer.status in _REFUSALS:
        raise Lacking(
            f"The store does not let an object be {done} by a signed URL (status {answer.status}).",
            f"A signed URL can do what its signer may: allow {need}. If that is allowed, check this machine's clock "
            "and any proxy before the store.",
        )
    raise StoreUnreachable(
        f"An object could not be {done} by a signed URL (status {answer.status}).",
        "Check that the endpoint is the address that the store itself has, and any proxy before it.",
        cause="signed url",
    )
