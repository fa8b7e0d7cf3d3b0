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
_LOOK: Final = 512 * 1024
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
    """Sends a head and pieces over a socket that nobody else writes to meanwhile, and closes the pieces."""

    def __init__(self, line: socket.socket, head: bytes, pieces: Sequence[Piece]) -> None:
        self.sent = 0
        """Bytes of the pieces so far."""
        self._line = line
        self._head = head
        self._pieces = list(pieces)
        self._done: Callable[[int, bool], None] | None = None
        self._patience: asyncio.TimerHandle | None = None

    def send(self) -> bool:
        """Send what the socket takes; whether that was all.

        Raises OSError, with the pieces closed, where the reader left or a file is shorter than it was.
        """
        try:
            self._send()
        except BlockingIOError:
            return False
        except OSError:
            self._close()
            raise
        return True

    def go_on(self, done: Callable[[int, bool], None]) -> None:
        """Send the rest as the socket takes more; then, or when the reader leaves, ``done`` is told what was sent.

        That is bytes of the pieces, and whether it is all of them.
        """
        self._done = done
        loop = asyncio.get_running_loop()
        loop.add_writer(self._line.fileno(), self._more)
        self._patience = loop.call_later(PATIENCE_S, self.stop)

    def stop(self) -> None:
        """Send no more: the reader left. A repeat does nothing."""
        self._end(whole=False)

    def _more(self) -> None:
        before = self.sent
        try:
            whole = self.send()
        except OSError:
            self.stop()
            return
        if whole:
            self._end(whole=True)
        elif self.sent > before and self._patience is not None:
            self._patience.cancel()
            self._patience = asyncio.get_running_loop().call_later(PATIENCE_S, self.stop)

    def _send(self) -> None:
        """All that is left. Raises BlockingIOError, and OSError where a file is shorter than it was."""
        while self._head:
            self._head = self._head[self._line.send(self._head, socket.MSG_MORE) :]
        out = self._line.fileno()
        while self._pieces:
            piece = self._pieces[0]
            count = os.sendfile(out, piece.descriptor, piece.start, piece.length)
            if not count:
                raise OSError("the file is shorter than it was")
            self.sent += count
            if count == piece.length:
                os.close(piece.descriptor)
                del self._pieces[0]
            else:
                self._pieces[0] = Piece(piece.descriptor, piece.start + count, piece.length - count)

    def _end(self, *, whole: bool) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        asyncio.get_running_loop().remove_writer(self._line.fileno())
        if self._patience is not None:
            self._patience.cancel()
        self._close()
        done(self.sent, whole)

    def _close(self) -> None:
        close_pieces(self._pieces)
        self._pieces.clear()
