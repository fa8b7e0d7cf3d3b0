"""Pieces: parts of files sent from the page cache to the socket, without a copy through this process."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from typing import Final

from moorage.model.objects import Piece
from moorage.reading.originals import close_pieces

PATIENCE_S: Final = 600.0
"""A reader that takes nothing for so long is cut off."""
_LOOK: Final = 256 * 1024
"""Bytes between two looks at whether a file is in memory."""


def in_memory(pieces: Sequence[Piece]) -> bool:
    """Whether sending them would not wait for a disk, as far as some looks tell."""
    probe = bytearray(1)
    try:
        for piece in pieces:
            last = piece.start + piece.length - 1
            for place in (*range(piece.start, last, _LOOK), last):
                if os.preadv(piece.descriptor, [probe], place, os.RWF_NOWAIT) != 1:
                    return False
    except OSError:  # not in memory, or a file system that cannot tell
        return False
    return True


class PieceSender:
    """Sends a head and pieces over a socket that nobody else writes to meanwhile.

    It closes the pieces, also where it cannot be made: then it raises OSError.
    ``done`` is called with what was sent of the body, and whether that is all of it, once, maybe before ``start`` ends.
    """

    def __init__(self, line: int, head: bytes, pieces: Sequence[Piece], done: Callable[[int, bool], None]) -> None:
        try:
            self._socket = socket.socket(fileno=os.dup(line))
        except OSError:
            close_pieces(pieces)
            raise
        self._head = memoryview(head)
        self._pieces = list(pieces)
        self._done = done
        self._sent = 0
        self._waiting = False
        self._patience: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Send what the socket takes, and the rest as it takes more."""
        try:
            self._send()
        except BlockingIOError:
            self._wait()
        except OSError:
            self._end(whole=False)
        else:
            self._end(whole=True)

    def stop(self) -> None:
        """Send no more: the reader left. A repeat does nothing."""
        if self._pieces or self._head:
            self._end(whole=False)

    def _send(self) -> None:
        """All that is left. Raises BlockingIOError, and OSError where a file is shorter than it was."""
        while self._head:
            self._head = self._head[self._socket.send(self._head, socket.MSG_MORE) :]
        while self._pieces:
            piece = self._pieces[0]
            count = os.sendfile(self._socket.fileno(), piece.descriptor, piece.start, piece.length)
            if not count:
                raise OSError("the file is shorter than it was")
            self._sent += count
            if count == piece.length:
                os.close(piece.descriptor)
                del self._pieces[0]
            else:
                self._pieces[0] = Piece(piece.descriptor, piece.start + count, piece.length - count)

    def _wait(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._loop.add_writer(self._socket.fileno(), self.start)
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self._loop.call_later(PATIENCE_S, self.stop)

    def _end(self, *, whole: bool) -> None:
        if self._waiting:
            self._loop.remove_writer(self._socket.fileno())
        if self._patience is not None:
            self._patience.cancel()
        for piece in self._pieces:
            os.close(piece.descriptor)
        self._pieces.clear()
        self._head = self._head[:0]
        self._socket.close()
        self._done(self._sent, whole)
