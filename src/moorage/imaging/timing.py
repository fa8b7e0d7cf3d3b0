"""The table of a video's frames: when each is shown. Nothing is decoded. Runs in a decoder process only."""

from __future__ import annotations

from typing import Any

import av

from moorage.imaging import reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.moov import indexed_times
from moorage.imaging.reasons import Unreadable
from moorage.imaging.video import duration_ms, opened
from moorage.model.variant import Rendered, Words
from moorage.model.video import FrameTable


def timing(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """A ``FrameTable`` as data; of an mp4 by its index alone, of all else by every packet.

    Raises Unreadable, and Withheld where bytes were not handed out.
    """
    del words  # there is one table
    with opened(blocks, limits) as (container, stream):
        size = (stream.codec_context.width, stream.codec_context.height)
        length = duration_ms(container, stream)
        found = indexed_times(blocks, stream.id) if container.format.name.startswith("mov") else None
        start = (container.start_time or 0) / av.time_base
        table = FrameTable(sorted(round(time - start, 6) for time in found)) if found else _counted(container, stream)
        if not table.times:
            raise Unreadable(reasons.NO_FRAME)
        return Rendered(table.written(), "", *size, length)


def _counted(container: Any, stream: Any) -> FrameTable:
    """By the packets: their times where all tell them, else their number at the declared rate."""
    shown: list[int] = []
    decoded: list[int | None] = []
    for packet in container.demux(stream):
        if not packet.size or packet.is_discard:
            continue
        if packet.pts is not None:
            shown.append(packet.pts)
        decoded.append(packet.dts)
    base = float(stream.time_base)
    start = (container.start_time or 0) / av.time_base
    if shown and len(shown) == len(decoded):
        return FrameTable(sorted(round(pts * base - start, 6) for pts in shown))
    # AVI and bare streams tell only when a frame is decoded: in the same order, each is shown at one of these times.
    known = [dts for dts in decoded if dts is not None]
    if known and len(known) == len(decoded):
        first = min(known)
        return FrameTable(sorted(round((dts - first) * base, 6) for dts in known))
    rate = float(stream.average_rate or stream.guessed_rate or stream.base_rate or 25)
    return FrameTable([round(number / rate, 6) for number in range(len(decoded))], counted=False)
