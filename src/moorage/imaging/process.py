"""One decoder process as the server sees it: started by spawn, asked over a socket, killed when it fails."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from typing import Final

from moorage.imaging import frames, reasons
from moorage.imaging.confinement import Confinement
from moorage.imaging.frames import HEADER, MAX_NOTE, MAX_READ, PLACE, RANGE, Frame, ProtocolBroken, Request
from moorage.imaging.limits import Limits
from moorage.model.errors import BodyBroken, MoorageError, TryAgain, Undecodable
from moorage.model.variant import Put, Rendered, Source, Task

_BOOT: Final = """
import sys
limits, parent, *sys.path = sys.argv[1:]
from moorage.imaging.worker import main
main(limits, parent)
"""
_LEAST_CHARGED: Final = 64 * 1024
"""A read counts as this many bytes at least, so that a process cannot ask for single bytes for ever."""
_GOODBYE_S: Final = 5.0
"""How long a process that closed its socket may take to end."""


class ProcessFailed(Exception):
    """The process broke the request; it must be killed. ``why``: a reason for people, or somebody else's error.

    ``ended``: how it ended by itself, as subprocess tells it; None for one that is still there.
    """

    def __init__(self, why: str | MoorageError, ended: int | None = None) -> None:
        super().__init__(str(why))
        self.ended = ended
        self._why = why

    def verdict(self, task: Task) -> MoorageError:
        """What the caller is told."""
        return undecodable(task, self._why) if isinstance(self._why, str) else self._why


def undecodable(task: Task, reason: str) -> Undecodable:
    """The error for an object of which that cannot be made; ``reason`` is shown to people."""
    detail = f"{reasons.not_done(task)} {reason}"
    return Undecodable(detail, "The object itself can still be downloaded.", reason=reason)


class DecoderProcess:
    """A process that serves one request at a time. ``served`` counts them."""

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket, limits: Limits) -> None:
        self._process = process
        self._line = line
        self._limits = limits
        self.served = 0
        self.confinement = Confinement(network=False, files=False, capabilities=False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @classmethod
    async def start(cls, limits: Limits) -> DecoderProcess:
        """A process that said that it is ready. Raises TryAgain with what it said before it ended."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        said = json.dumps(asdict(limits)), str(os.getpid()), *filter(None, sys.path)
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-I", "-S", "-B", "-c", _BOOT, *said,
                    stdin=theirs.fileno(), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
                    env={}, cwd="/", close_fds=True,
                )  # fmt: skip
        except OSError as exc:
            ours.close()
            raise _not_started(str(exc)) from exc
        except BaseException:
            ours.close()
            raise
        started = cls(process, ours, limits)
        try:
            await started._become_ready()
        except BaseException:
            await started.kill()
            raise
        return started

    async def render(self, request: Request, source: Source, budget: int, put: Put | None = None) -> Rendered:
        """What ``request`` asks for, without a media type; at most ``budget`` bytes of ``source`` are read by ranges.

        ``put`` takes what a task writes on the way. Raises Undecodable; ProcessFailed when the process must be killed;
        what ``source.read`` raises.
        """
        self.served += 1
        descriptor = source.descriptor
        message = frames.frame(Frame.REQUEST, request.pack())
        left, spent, trouble = self._limits.seconds, 0, None
        await self._send_request(message, descriptor)
        while True:
            began = time.monotonic()
            kind, payload = await self._hear(left)
            left -= time.monotonic() - began
            if kind is Frame.RENDERED:
                return _finished(payload)
            if kind is Frame.UNREADABLE:
                raise trouble or undecodable(request.task, payload.decode("utf-8", "replace"))
            if kind is Frame.WRITE:
                await _put(put, payload)
                continue
            start, length = _wanted(payload, request.size)
            spent += max(length, _LEAST_CHARGED)
            data: bytes | None = None
            if descriptor is None and trouble is None and spent <= budget:
                try:
                    data = await _read(source, start, length)
                except MoorageError as exc:
                    trouble = exc
            await self._reply(data)

    def signal(self) -> None:
        """Kills the process; who waits for its answer hears that it is gone."""
        with suppress(ProcessLookupError):  # it may have ended by itself just now
            self._process.kill()

    async def kill(self) -> str:
        """Ends the process at once and waits until it is gone; returns the last line that it wrote before READY."""
        self.signal()
        self._line.close()
        assert self._process.stderr is not None
        said = (await self._process.stderr.read()).decode("utf-8", "replace").strip()
        await self._process.wait()
        return said.splitlines()[-1].rstrip(".") if said else ""

    def alive(self) -> bool:
        """True while an idle process keeps its socket open and silent."""
        try:
            self._line.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False  # closed, or it speaks without having been asked

    async def _become_ready(self) -> None:
        try:
            _, payload = await asyncio.wait_for(self._receive(), self._limits.start_seconds)
            self.confinement = Confinement(**json.loads(payload))
        except (TimeoutError, OSError, EOFError, ValueError, TypeError, ProtocolBroken) as exc:
            raise _not_started(await self.kill() or repr(exc)) from exc

    async def _send_request(self, message: bytes, descriptor: int | None) -> None:
        # Far smaller than the socket's empty buffer, so that this neither blocks nor is cut in two.
        try:
            socket.send_fds(self._line, [message], [] if descriptor is None else [descriptor])
        except OSError as exc:
            raise await self._gone() from exc

    async def _reply(self, data: bytes | None) -> None:
        """Hand out what was asked for; None: it is withheld."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limits.seconds):
                await loop.sock_sendall(self._line, frames.head(Frame.WITHHELD if data is None else Frame.BYTES, data))
                if data is not None:  # by itself: to put the two together would copy a MiB
                    await loop.sock_sendall(self._line, data)
        except TimeoutError as exc:
            raise ProcessFailed(reasons.TOO_SLOW) from exc
        except OSError as exc:
            raise await self._gone() from exc

    async def _hear(self, seconds: float) -> tuple[Frame, bytes]:
        try:
            async with asyncio.timeout(max(seconds, 0)):
                return await self._receive()
        except TimeoutError as exc:
            raise ProcessFailed(reasons.TOO_SLOW) from exc
        except ProtocolBroken as exc:
            raise ProcessFailed(reasons.CRASHED) from exc
        except (OSError, EOFError) as exc:
            raise await self._gone() from exc

    async def _receive(self) -> tuple[Frame, bytes]:
        code, length = HEADER.unpack(await self._exactly(HEADER.size))
        longest = {
            Frame.READY: MAX_NOTE,
            Frame.READ: RANGE.size,
            Frame.WRITE: PLACE.size + MAX_READ,
            Frame.UNREADABLE: MAX_NOTE,
            Frame.RENDERED: MAX_NOTE + self._limits.answer_bytes,
        }
        if length > longest.get(code, -1):
            raise ProtocolBroken(f"a frame of kind {code} and {length} bytes")
        return Frame(code), await self._exactly(length)

    async def _exactly(self, length: int) -> bytes:
        loop = asyncio.get_running_loop()
        whole, filled = bytearray(length), 0
        while filled < length:
            count = await loop.sock_recv_into(self._line, memoryview(whole)[filled:])
            if count == 0:
                raise EOFError("the process closed its socket")
            filled += count
        return bytes(whole)

    async def _gone(self) -> ProcessFailed:
        """The verdict on a process that ended by itself, by the way it ended."""
        try:
            code = await asyncio.wait_for(self._process.wait(), _GOODBYE_S)
        except TimeoutError:
            code = None
        if code == -signal.SIGKILL:
            return ProcessFailed(
                TryAgain("The decoder process was stopped from outside; nothing was made.", "Try again.")
            )
        if code == -signal.SIGXCPU:
            return ProcessFailed(reasons.TOO_SLOW, code)
        memory = code in (-signal.SIGTRAP, -signal.SIGABRT)  # how GLib and C++ end when no memory is left
        return ProcessFailed(reasons.TOO_MUCH_MEMORY if memory else reasons.CRASHED, code)


def _not_started(said: str) -> TryAgain:
    return TryAgain(
        f"A decoder process for previews did not start: {said}.",
        "It needs pyvips and PyAV: pip install 'moorage[server]'.",
    )


def _finished(payload: bytes) -> Rendered:
    try:
        return frames.unpack_rendered(payload)
    except ProtocolBroken as exc:
        raise ProcessFailed(reasons.CRASHED) from exc


async def _read(source: Source, start: int, length: int) -> bytes:
    data = await source.read(start, length)
    if len(data) != length:
        raise BodyBroken(f"The object gave {len(data)} of {length} bytes for its preview.", "Try again.")
    return data


async def _put(put: Put | None, payload: bytes) -> None:
    """Hand on what was written; who does not take it has the process killed, which would write on."""
    if put is None or len(payload) <= PLACE.size:
        raise ProcessFailed(reasons.CRASHED)
    try:
        await put(PLACE.unpack_from(payload)[0], payload[PLACE.size :])
    except MoorageError as exc:
        raise ProcessFailed(exc) from exc


def _wanted(payload: bytes, size: int) -> tuple[int, int]:
    """The range that the process asks for, when it lies in the object; ProcessFailed when it does not."""
    if len(payload) == RANGE.size:
        start, length = RANGE.unpack(payload)
        if 0 < length <= MAX_READ and start + length <= size:
            return start, length
    raise ProcessFailed(reasons.CRASHED)
