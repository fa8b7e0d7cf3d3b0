"""Writing: put a small object, in each way that Moorage writes, and delete it again.

Where nothing may be deleted, all checks use one and the same object, so that they do not add up.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from moorage.model.administration import StoreAdministration
from moorage.model.errors import AlreadyExists, MoorageError, StoreDenied, StoreUnreachable
from moorage.model.keys import Key
from moorage.model.probe import Finding, Permission, ProbeLine
from moorage.model.store import Condition
from moorage.registering.probing.walk import STEP_LIMIT_S, Lacking, NotTold, Walk

BODY: Final = b"Moorage checked that it may write here. This object can be removed.\n"
_AGAIN: Final = b"Moorage checked that it may write here twice. This object can be removed.\n"
KEPT: Final = "append-only"
_NOTHING_WRITTEN: Final = "Not tried: nothing could be written."


async def begin_writing(walk: Walk) -> tuple[Key, StoreDenied | None]:
    """The key to write to, and why it cannot be deleted afterwards; None: it can, as far as the store tells."""
    key = Key(f"{walk.folder}{uuid.uuid4().hex}")
    try:
        async with asyncio.timeout(STEP_LIMIT_S):
            await walk.opened.delete(key)
    except StoreDenied as denied:
        walk.kept = Key(f"{walk.folder}{KEPT}")
        return walk.kept, denied
    except (MoorageError, TimeoutError):
        pass  # the steps below tell
    walk.base = key
    return key, None


async def write(walk: Walk, key: Key) -> None:
    """Put the object, and make it the one to read where there is no other."""
    await walk.step(Permission.WRITE, lambda: _put(walk, key))
    if walk.written and walk.sample is None:
        walk.sample, walk.sample_size = key, len(BODY)


async def write_otherwise(walk: Walk, key: Key) -> None:
    """In parts, over what is there, only where nothing is, and by a copy of the server."""

    async def multipart() -> str:
        await walk.opened.try_multipart(key)
        return "A multipart upload was begun, listed and aborted."

    async def overwrite() -> str:
        await walk.opened.put(key, _AGAIN, length=len(_AGAIN), media_type="text/plain")
        await _must_have(walk, key, _AGAIN)
        return "The object could be replaced."

    async def copy() -> str:
        copied = Key(f"{key}-copy")
        walk.maybe.add(copied)
        await walk.opened.copy(key, copied)
        walk.written.add(copied)
        return "The store copied an object by itself."

    await walk.step(Permission.MULTIPART, multipart)
    if not walk.written:
        return
    # After the parts: at Azure this drops those that were never put together.
    if walk.kept is None:
        await walk.step(Permission.OVERWRITE, overwrite, required=False)
    else:
        walk.skip((Permission.OVERWRITE, Permission.COPY), "Not tried: nothing may be deleted here.")
    await walk.step(Permission.CONDITIONAL, lambda: _conditional(walk, key), required=False)
    if walk.kept is None:
        await walk.step(Permission.COPY, copy, required=False)


async def list_uploads(walk: Walk, administration: StoreAdministration) -> None:
    """Uploads in parts that nobody ended are found by this list only."""

    async def ask() -> str:
        found = await administration.uploads(walk.folder)
        if found is None:
            raise NotTold
        return "Uploads that were begun could be listed."

    await walk.step(Permission.UPLOADS, ask, required=False)


async def encrypt(walk: Walk, administration: StoreAdministration, key: Key) -> None:
    """A line where a key of one's own is used, or is what writing fails for."""
    for line in walk.lines:
        about_keys = "kms:" in line.advice or "kms:" in line.detail
        if line.permission in {Permission.WRITE, Permission.READ} and line.finding is Finding.MISSING and about_keys:
            walk.lines.append(ProbeLine(Permission.ENCRYPTION, Finding.MISSING, False, line.detail, line.advice))
            return
    if key not in walk.written:
        return
    try:
        used = await administration.encryption(key)
    except MoorageError:
        return
    if used:
        await walk.step(
            Permission.ENCRYPTION, _said(f"Objects are encrypted with {used}, which may be used."), required=False
        )


async def delete(walk: Walk, key: Key, denied: StoreDenied | None) -> None:
    """Remove the object, or say why it stays."""

    async def ask() -> str:
        if denied is not None:
            raise denied
        await walk.opened.delete(key)
        walk.written.discard(key)
        walk.maybe.discard(key)
        return "The probe object was removed again."

    if denied is not None or key in walk.written:
        await walk.step(Permission.DELETE, ask)
    else:
        walk.skip((Permission.DELETE,), _NOTHING_WRITTEN)


async def _put(walk: Walk, key: Key) -> str:
    if key == walk.kept:
        return await _put_once(walk, key)
    walk.maybe.add(key)
    await walk.opened.put(key, BODY, length=len(BODY), media_type="text/plain")
    walk.written.add(key)
    await _must_have(walk, key, BODY)
    return "A small object was written and found again."


async def _put_once(walk: Walk, key: Key) -> str:
    """Where nothing may be deleted: written by the first check, asked for again by all others."""
    try:
        await walk.opened.put(key, BODY, length=len(BODY), media_type="text/plain", condition=Condition(if_absent=True))
    except AlreadyExists:
        walk.written.add(key)
        return "The object that an earlier check wrote is there; the store let this one try again."
    walk.written.add(key)
    await _must_have(walk, key, BODY)
    return "A small object was written and found again."


async def _conditional(walk: Walk, key: Key) -> str:
    try:
        await walk.opened.put(key, BODY, length=len(BODY), condition=Condition(if_absent=True))
    except AlreadyExists:
        return "The store refused to replace an object where that was not wished."
    raise Lacking(
        "The store replaced an object though it was told not to: it ignores If-None-Match.",
        "Two that write the same key at the same moment may overwrite each other there. Update the server.",
    )


async def _must_have(walk: Walk, key: Key, body: bytes) -> None:
    info = await walk.opened.stat(key)
    if info.size != len(body):
        raise StoreUnreachable(
            f"An object of {len(body)} bytes was written, and {info.size} bytes came to lie there.",
            "Check for a proxy that changes bodies.",
            cause="wrong_size",
        )


def _said(text: str) -> Callable[[], Awaitable[str]]:
    async def say() -> str:
        return text

    return say
