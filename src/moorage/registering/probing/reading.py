"""Reading: list, open an object, open a part of it."""

from __future__ import annotations

import uuid

from moorage.model.errors import ObjectNotFound, StoreDenied, StoreUnreachable
from moorage.model.keys import Key
from moorage.model.objects import ByteRange, ListingPage
from moorage.model.probe import Finding, Permission, ProbeLine
from moorage.registering.probing.walk import Walk


async def list_objects(walk: Walk) -> None:
    """List, and choose an object that the next steps read."""

    async def ask() -> str:
        page = await _page(walk)
        for listed in page.objects:
            if listed.key.startswith(walk.folder):
                continue  # a check's own
            walk.had_objects = True
            if walk.sample is None or (walk.sample_size == 0 and listed.size):
                walk.sample, walk.sample_size = listed.key, listed.size
        where = f"below {walk.store.prefix}" if walk.store.prefix else "here"
        return f"{len(page.objects)} objects on the first page." if page.objects else f"Nothing lies {where} yet."

    await walk.step(Permission.LIST, ask)


async def read_objects(walk: Walk) -> None:
    """Open the chosen object, and a byte of it; without one, an object that there is not."""
    if walk.sample is None and walk.found(Permission.LIST) is Finding.MISSING:
        await _read_blindly(walk)
    else:
        await walk.step(Permission.READ, lambda: _read(walk))
    if walk.sample is not None and walk.sample_size:
        await walk.step(Permission.READ_RANGE, lambda: _read_range(walk))
    else:
        walk.skip((Permission.READ_RANGE,), "Not tried: there is no object with bytes to read.")


async def _page(walk: Walk) -> ListingPage:
    prefix = walk.store.prefix
    try:
        return await walk.opened.list_page(prefix, limit=100)
    except StoreDenied:
        if not prefix or prefix.endswith("/"):
            raise
        return await walk.opened.list_page(f"{prefix}/", limit=100)  # the form that most policies name


async def _read_blindly(walk: Walk) -> None:
    """Who may not list is told of an absent object as of a forbidden one, so that a refusal tells nothing."""
    await walk.step(Permission.READ, lambda: _read(walk))
    line = walk.lines[-1]
    if line.finding is Finding.MISSING:
        walk.lines[-1] = ProbeLine(
            Permission.READ,
            Finding.UNKNOWN,
            required=True,
            detail=f"{line.detail} Without the right to list, an absent object is answered like a forbidden one.",
            advice=line.advice,
        )


async def _read(walk: Walk) -> str:
    if walk.sample is not None:
        await (await walk.opened.get(walk.sample)).aclose()
        return "An object could be opened."
    absent = Key(f"{walk.store.prefix}moorage-probe-{uuid.uuid4().hex}")
    try:
        await (await walk.opened.get(absent)).aclose()
    except ObjectNotFound:
        return "An absent object was answered as absent, so reading is allowed."
    return "An object could be opened."


async def _read_range(walk: Walk) -> str:
    assert walk.sample is not None
    async with await walk.opened.get(walk.sample, byte_range=ByteRange(0, 1)) as body:
        data = await body.read()
        if len(data) != 1 or body.stop - body.start != 1:
            raise StoreUnreachable(
                "The store ignored the range that was asked for and sent other bytes.",
                "Video cannot be played from such a store. Check for a proxy that drops Range headers.",
                cause="range_ignored",
            )
    return "One byte was read out of an object."
