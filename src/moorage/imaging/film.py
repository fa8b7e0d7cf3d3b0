"""An mp4 that browsers play, out of any video; its bytes leave over the socket. Runs in a decoder process only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Final

import av

from moorage.imaging import reasons
from moorage.imaging.blocks import BLOCK, Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable
from moorage.imaging.video import duration_ms, first_frame, opened
from moorage.model.variant import Rendered, Words
from moorage.model.video import Made

_SOUNDS: Final = frozenset({"aac", "mp3"})
"""Sound that every browser plays in an mp4; all other is encoded anew, which costs little."""
_ENCODERS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("libx264", {"preset": "veryfast", "crf": "23"}),
    ("libopenh264", {}),
    ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "6", "crf": "33", "b": "0"}),
)
"""In the order of what is played most widely; which of them are there depends on the build of FFmpeg."""
_LONGEST_SIDE: Final = 1920


class Output:
    """A file object whose bytes are handed to ``send`` with their place, at most 1 MiB at a time."""

    def __init__(self, send: Callable[[int, bytes], None]) -> None:
        self._send = send
        self._position = 0
        self._end = 0
        self._start = 0
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        """Takes all of it."""
        if self._position != self._start + len(self._held):
            self.flush()
            self._start = self._position
        self._held += data
        self._position += len(data)
        self._end = max(self._end, self._position)
        while len(self._held) >= BLOCK:
            self._let_go(BLOCK)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves the position; returns it."""
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def flush(self) -> None:
        """Hand out what is held."""
        while self._held:
            self._let_go(min(BLOCK, len(self._held)))

    def _let_go(self, length: int) -> None:
        self._send(self._start, bytes(self._held[:length]))
        del self._held[:length]
        self._start += length


def film(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """Writes the mp4, its index at the end. Raises Unreadable, and Withheld where bytes were not handed out."""
    assert blocks.put is not None
    output = Output(blocks.put)
    with opened(blocks, limits) as (container, stream):
        copies = Made(str(words["made"])) is Made.REMUX
        turned = 0 if copies else _rotation(container, stream)
        with av.open(output, "w", format="mp4") as made:
            lanes = {stream.index: _copied(made, stream) if copies else _drawn(made, stream, turned)}
            if container.streams.audio:
                sound = container.streams.audio[0]
                known = sound.codec.canonical_name in _SOUNDS
                lanes[sound.index] = _copied(made, sound) if known else _voiced(made, sound)
            _mux(container, made, lanes)
        output.flush()
        size = (stream.codec_context.width, stream.codec_context.height)
        return Rendered(b"", "", *size, duration_ms(container, stream))


def _rotation(container: Any, stream: Any) -> int:
    """Only a frame says that it is turned."""
    frame = first_frame(container, stream)
    if frame is None:
        raise Unreadable(reasons.NO_FRAME)
    container.seek(container.start_time or 0)
    return int(frame.rotation)


Lane = Callable[[Any], Iterator[Any]]
"""Makes packets for the mp4 out of one of the source; of an empty one, all that is still held back."""


def _mux(container: Any, made: Any, lanes: dict[int, Lane]) -> None:
    count = 0
    for packet in container.demux([container.streams[index] for index in lanes]):
        for done in lanes[packet.stream_index](packet):
            made.mux(done)
            count += 1
    if not count:
        raise Unreadable(reasons.NO_FRAME)


def _copied(made: Any, stream: Any) -> Lane:
    """Packets as they are. One without a time is shown when it is decoded: no codec here reorders such."""
    target = made.add_stream_from_template(stream)
    latest: int | None = None

    def lane(packet: Any) -> Iterator[Any]:
        nonlocal latest
        if not packet.size or packet.is_corrupt or (packet.dts is None and packet.pts is None):
            return
        if packet.dts is None or (latest is not None and packet.dts <= latest):
            # A container may not go back in time; what does is a fault of the recording.
            packet.dts = packet.pts if latest is None else latest + 1
        if packet.pts is None or packet.pts < packet.dts:
            packet.pts = packet.dts
        latest = packet.dts
        packet.stream = target
        yield packet

    return lane


def _drawn(made: Any, stream: Any, rotation: int) -> Lane:
    """Pictures encoded anew, in 8 bits with halved colours, which is what all browsers decode."""
    target = _encoder(made, stream)
    if rotation:
        target.set_display_rotation(rotation)

    def lane(packet: Any) -> Iterator[Any]:
        for frame in _decoded(packet, stream):
            if frame.pts is not None:
                small = frame.reformat(width=target.width, height=target.height, format="yuv420p", threads=1)
                small.pict_type = 0  # the kinds of frames are the encoder's to choose
                yield from target.encode(small)
        if not packet.size:
            yield from target.encode(None)

    return lane


def _encoder(made: Any, stream: Any) -> Any:
    name, options = next((name, options) for name, options in _ENCODERS if name in av.codecs_available)
    target = made.add_stream(name, rate=stream.average_rate or stream.guessed_rate or 25, options=options)
    source = stream.codec_context
    width, height = source.width * float(stream.sample_aspect_ratio or 1), source.height
    scale = min(1.0, _LONGEST_SIDE / max(width, height))
    target.width, target.height = _even(width * scale), _even(height * scale)
    target.pix_fmt = "yuv420p"
    target.codec_context.time_base = stream.time_base
    target.codec_context.thread_count = 2
    return target


def _even(pixels: float) -> int:
    return max(2, round(pixels / 2) * 2)


def _voiced(made: Any, stream: Any) -> Lane:
    """Sound encoded anew as stereo AAC."""
    target = made.add_stream("aac", rate=min(48_000, stream.codec_context.sample_rate or 48_000))
    target.layout = "stereo"
    fitted = av.AudioResampler(format="fltp", layout="stereo", rate=target.rate)

    def lane(packet: Any) -> Iterator[Any]:
        for frame in _decoded(packet, stream):
            for part in fitted.resample(frame):
                yield from target.encode(part)
        if not packet.size:
            for part in fitted.resample(None):
                yield from target.encode(part)
            yield from target.encode(None)

    return lane


def _decoded(packet: Any, stream: Any) -> list[Any]:
    """The frames of a packet; none of one that is damaged."""
    try:
        return list(packet.decode() if packet.size else stream.codec_context.decode(None))
    except (av.error.InvalidDataError, av.error.EOFError):
        return []
