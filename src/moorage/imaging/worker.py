"""The decoder process: confine -> say ready -> (request -> read -> decode -> answer) until the socket closes.

Started as ``python -c`` with an empty environment; its socket is descriptor 0, and it has no other.
"""

from __future__ import annotations

import array
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from moorage.imaging import confinement, frames, reasons
from moorage.imaging.blocks import Blocks, Fetch, from_descriptor, mapped
from moorage.imaging.frames import HEADER, PLACE, RANGE, Frame, Request
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable, Withheld

if TYPE_CHECKING:
    from moorage.imaging.tasks import Decode

_SOCKET: Final = 0


def main(limits_json: str, parent: str) -> None:
    """Serves requests until the other end closes. The arguments are those of the command line."""
    # Ctrl-C in a terminal is the server's to answer. A session of its own would keep the signal away too, but the
    # kernel schedules by session, and under load that cost half of the previews (bench/previews.py).
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limits = Limits(**json.loads(limits_json))
    confinement.limit(limits.memory_bytes)
    network = confinement.leave_network()
    # libvips spills what is large to temporary files, which this process may not write.
    os.environ["VIPS_DISC_THRESHOLD"] = str(limits.memory_bytes)
    from moorage.imaging import stills
    from moorage.imaging.tasks import WAYS

    stills.prepare()
    confined = confinement.give_up(network=network)
    confinement.bind_to_parent(int(parent))
    with socket.socket(fileno=_SOCKET) as line:
        line.sendall(frames.frame(Frame.READY, json.dumps(asdict(confined)).encode()))
        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())  # what libraries say there is of no use to anyone
        while (received := _receive(line)) is not None:
            request, descriptor = received
            confinement.allow_cpu(limits.cpu_seconds)
            way = WAYS[request.task]
            with _opened(line, request.size, descriptor, way.block) as blocks:
                answer = _judged(way.decode, blocks, request, limits)
            line.sendall(answer)


@contextmanager
def _opened(line: socket.socket, size: int, descriptor: int | None, length: int) -> Iterator[Blocks]:
    """The object's bytes; when it ends, nothing of the object is open any more."""
    if descriptor is None:
        yield Blocks(size, _asking(line), length=length, put=_putting(line), fill=_filling(line))
        return
    whole = mapped(descriptor, size)
    try:
        yield Blocks(size, from_descriptor(descriptor), whole, length=length)
    finally:
        os.close(descriptor)
        if whole is not None:
            whole.close()  # its own copy of the descriptor too


def _judged(decode: Decode, blocks: Blocks, request: Request, limits: Limits) -> bytes:
    try:
        rendered = decode(blocks, request.words, limits)
        if len(rendered.data) <= limits.answer_bytes:
            return frames.frame(Frame.RENDERED, frames.pack_rendered(rendered))
        reason = reasons.TOO_LONG
    except Unreadable as exc:
        reason = exc.reason
    except Withheld:
        reason = reasons.TOO_FAR_APART
    except MemoryError:
        reason = reasons.TOO_MUCH_MEMORY
    except Exception:  # noqa: BLE001 - whatever a decoder raises on hostile bytes, the process serves the next request
        reason = reasons.damaged(request.task)
    return frames.frame(Frame.UNREADABLE, reason.encode())


def _receive(line: socket.socket) -> tuple[Request, int | None] | None:
    """The next request and its descriptor; None when the server closed the socket."""
    header, ancillary, _, _ = line.recvmsg(HEADER.size, socket.CMSG_SPACE(array.array("i").itemsize))
    if not header:
        return None
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    _, length = HEADER.unpack(header + _exactly(line, HEADER.size - len(header)))
    return Request.unpack(_exactly(line, length)), descriptors[0] if descriptors else None


def _asking(line: socket.socket) -> Fetch:
    """Reads by asking the server; raises Withheld when it does not hand the bytes out."""

    def fetch(start: int, length: int) -> bytes:
        line.sendall(frames.frame(Frame.READ, RANGE.pack(start, length)))
        kind, size = HEADER.unpack(_exactly(line, HEADER.size))
        if kind != Frame.BYTES:
            raise Withheld
        return _exactly(line, size)

    return fetch


def _filling(line: socket.socket) -> Callable[[int, memoryview], None]:
    """The same into a buffer, without a copy on the way."""

    def fill(start: int, view: memoryview) -> None:
        line.sendall(frames.frame(Frame.READ, RANGE.pack(start, len(view))))
        kind, size = HEADER.unpack(_exactly(line, HEADER.size))
        if kind != Frame.BYTES or size != len(view):
            raise Withheld
        filled = 0
        while filled < size:
            count = line.recv_into(view[filled:], 0, socket.MSG_WAITALL)
            if not count:
                os._exit(0)
            filled += count

    return fill


def _putting(line: socket.socket) -> Callable[[int, bytes], None]:
    """Writes by telling the server, which takes it or ends this process."""

    def put(start: int, data: bytes) -> None:
        line.sendall(frames.frame(Frame.WRITE, PLACE.pack(start) + data))

    return put


def _exactly(line: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = line.recv(length - len(found), socket.MSG_WAITALL)  # all of it at once, but for a signal
        if not part:
            os._exit(0)  # the server is gone in the middle of a request; nobody waits for an answer
        found = found + part if found else part
    return found
