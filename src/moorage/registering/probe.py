"""The probe: small requests that show which permissions a store's credentials really have."""

from __future__ import annotations

from dataclasses import dataclass

from moorage.model.administration import StoreAdministration
from moorage.model.probe import Finding, Permission, ProbeReport
from moorage.model.store import ObjectStore, Provider, Store
from moorage.registering.https import NO_LISTING, NO_SAMPLE, reach_https
from moorage.registering.probing.cleaning import clean, in_any_case, sweep
from moorage.registering.probing.going_round import ask_for_pages, round_trip, stay_private
from moorage.registering.probing.looking import look
from moorage.registering.probing.reaching import conclude, locate, reach
from moorage.registering.probing.reading import list_objects, read_objects
from moorage.registering.probing.walk import Walk
from moorage.registering.probing.writing import (
    begin_writing,
    delete,
    encrypt,
    list_uploads,
    write,
    write_otherwise,
)

_READS = (Permission.LIST, Permission.READ, Permission.READ_RANGE)
_WRITES = (Permission.WRITE, Permission.MULTIPART, Permission.DELETE)


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, and whether the store held any object when it was made."""

    report: ProbeReport
    had_objects: bool


async def probe(store: Store, opened: ObjectStore, *, now_ms: int, origin: str = "") -> Checked:
    """Try each permission that the store's mode needs, each step 10 s at most and all of them 60.

    A read-only store is only read. Writing uses small objects below ``<prefix>.moorage-probe/``, which are removed
    again, also when this is cancelled; what could not be removed is named in ``left_behind``. What a check that was
    killed left an hour ago or earlier goes with the next. ``origin``: that of our own pages; empty: CORS is not asked.
    """
    walk = Walk(store, opened, now_ms, origin)
    if store.connection.provider is Provider.HTTPS:
        await _web(walk)
        return Checked(ProbeReport(walk.ordered, (), now_ms), had_objects=False)
    try:
        await _steps(walk)
    finally:
        await in_any_case(clean(walk))
    conclude(walk)
    left = min(walk.written, default="")
    return Checked(ProbeReport(walk.ordered, _warnings(walk), now_ms, left), walk.had_objects)


async def _steps(walk: Walk) -> None:
    if not await reach(walk):
        reached = walk.found(Permission.REACH) is not Finding.UNKNOWN
        why = "the credentials are not accepted." if reached else "the store was not reached."
        walk.unknown(_READS if walk.store.read_only else _READS + _WRITES, f"Not tried: {why}")
        return
    administration = walk.administration
    if administration is not None:
        await locate(walk, administration)
    await list_objects(walk)
    if administration is not None:
        await look(walk, administration)
    if walk.store.read_only:
        await read_objects(walk)
        walk.skip(_WRITES, "Not tried: the store is registered read-only and is never written to.")
        if administration is not None:
            await round_trip(walk, administration, None)
    else:
        await _writing(walk, administration)
    if administration is not None:
        await ask_for_pages(walk, administration)


async def _writing(walk: Walk, administration: StoreAdministration | None) -> None:
    key, denied = await begin_writing(walk)
    if denied is None:
        await sweep(walk)
    await write(walk, key)
    await read_objects(walk)
    await write_otherwise(walk, key)
    if administration is not None:
        await list_uploads(walk, administration)
        await round_trip(walk, administration, key if key in walk.written and walk.kept is None else None)
        if walk.written and walk.signs:
            await stay_private(walk, administration, key)
        await encrypt(walk, administration, key)
    await delete(walk, key, denied)


async def _web(walk: Walk) -> None:
    await walk.step(Permission.REACH, lambda: reach_https(walk.store, walk.opened))
    walk.skip((Permission.LIST,), NO_LISTING)
    walk.skip((Permission.READ, Permission.READ_RANGE), NO_SAMPLE)
    walk.skip(_WRITES, "Not tried: the store is registered read-only and is never written to.")


def _warnings(walk: Walk) -> tuple[str, ...]:
    warnings = list(walk.warnings)
    if walk.kept in walk.written:
        warnings.append(
            f"Nothing may be deleted here, so the probe object {walk.kept} stays. All checks use this one and make no "
            "other."
        )
    else:
        warnings += [
            f"The probe object {key} could not be removed and stays. Remove it by hand." for key in sorted(walk.written)
        ]
    if (
        not walk.store.read_only
        and walk.found(Permission.WRITE) is Finding.MISSING
        and walk.found(Permission.READ) is Finding.OK
    ):
        warnings.append("These credentials may read and not write: register the store as read-only.")
    if walk.opened.read_only != walk.store.read_only:
        warnings.append("The adapter and the registration differ about read-only.")
    return tuple(warnings)
