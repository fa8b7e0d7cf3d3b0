"""`moorage doctor --sizing N`: what an index of so many objects takes here, and how each figure is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moorage.cli.printing import Told, put_json, put_rows, say
from moorage.cli.session import server_part

if TYPE_CHECKING:
    from moorage.settings import Settings
    from moorage.wiring import Sizing

Line = tuple[str, str, str]


def show_sizing(settings: Settings, objects: int, *, as_json: bool) -> None:
    """Measure for some seconds, and print. Raises: Invalid for a number that is none."""
    import asyncio

    wiring = server_part("moorage.wiring")
    wiring.check_objects(objects)
    say("Measuring here for some seconds: a trial index, and a few pages of each store. Nothing of it stays ...")
    found: Sizing = asyncio.run(wiring.size_here(settings, objects))
    if as_json:
        put_json(document(found))
        return
    say(f"For {objects:,} objects, reckoned from {found.took_s:.1f} s of measuring:")
    put_rows(
        lines(found),
        [("what", lambda one: one[0]), ("figure", lambda one: one[1]), ("how it is known", lambda one: Told(one[2]))],
        as_json=False,
    )


def lines(found: Sizing) -> list[Line]:
    """What, how much, how it is known."""
    trial = found.trial
    previews = (
        f"assumed: {bytes_text(found.preview_each)} each, if every object is a picture and was looked at; "
        f"the cache keeps at most {bytes_text(found.preview_cache_bytes)} (CACHE_PREVIEWS_SIZE)"
    )
    rows = [
        ("disk: catalogue", bytes_text(found.catalogue_bytes), f"measured: {trial.bytes_per_row:.0f} bytes a row"),
        ("disk: previews", bytes_text(found.preview_bytes), previews),
        ("disk: free", bytes_text(found.free_bytes), "measured, on the disk of the data directory"),
        (
            "memory: server",
            bytes_text(found.server_bytes),
            "measured, with a part assumed; it does not grow with the number of objects",
        ),
        (
            "memory: decoders",
            bytes_text(found.decoder_bytes),
            f"assumed: {found.decoders} at work on camera pictures (MOORAGE_DECODER_WORKERS)",
        ),
        (
            "first index",
            time_text(found.seconds),
            f"measured: {trial.rows_per_second:,.0f} rows a second written to SQLite, {trial.sync_ms:.1f} ms a sync",
        ),
    ]
    for one in found.listed:
        seconds = found.seconds_from(one)
        if seconds is None:
            rows.append((f"from {one.store}", "-", f"not timed: {one.note}"))
        else:
            known = f"measured: it lists {one.keys_per_second:,.0f} objects a second; {found.limit(one)} takes longest"
            rows.append((f"from {one.store}", time_text(seconds), known))
    return rows + [("note", "", note) for note in found.notes]


def document(found: Sizing) -> dict[str, Any]:
    """The same for programs: bytes, minutes, and what they were reckoned from."""
    trial = found.trial
    return {
        "objects": found.objects,
        "disk": {
            "catalogue_bytes": found.catalogue_bytes,
            "preview_bytes": found.preview_bytes,
            "preview_cache_bytes": found.preview_cache_bytes,
            "free_bytes": found.free_bytes,
        },
        "memory": {"server_bytes": found.server_bytes, "decoder_bytes": found.decoder_bytes},
        "minutes": found.seconds / 60,
        "stores": [_store(found, one) for one in found.listed],
        "measured": {
            "rows": trial.rows,
            "rows_per_second": trial.rows_per_second,
            "bytes_per_row": trial.bytes_per_row,
            "sync_ms": trial.sync_ms,
            "seconds": found.took_s,
            "database": "sqlite",
        },
        "assumed": {"preview_bytes_each": found.preview_each, "decoders": found.decoders},
        "notes": list(found.notes),
    }


def _store(found: Sizing, one: Any) -> dict[str, Any]:
    seconds = found.seconds_from(one)
    if seconds is None:
        return {"store": one.store, "minutes": None, "note": one.note}
    return {
        "store": one.store,
        "minutes": seconds / 60,
        "objects_per_second": one.keys_per_second,
        "limit": found.limit(one),
    }


def bytes_text(count: int) -> str:
    """Such as ``1.2 GB``; a kilobyte has 1,000 bytes."""
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":  # noqa: PLR2004 - three digits
            break
        value /= 1000
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"  # noqa: PLR2004 - likewise


def time_text(seconds: float) -> str:
    """Such as ``40 s``, ``2.5 min`` or ``3.1 h``."""
    if seconds < 90:  # noqa: PLR2004 - seconds that one counts
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - likewise
