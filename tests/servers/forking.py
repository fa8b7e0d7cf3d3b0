"""The process that `warm` forks commands from: asked over a socket, it tells of each its pid, and then how it ended."""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import selectors
import socket
import sys
import threading
import traceback
from importlib import import_module
from typing import Any

_FACES = ("moorage.app", "moorage.cli.application")
_LONGEST = 1 << 20


def _serve(line: socket.socket) -> None:
    waiting = selectors.DefaultSelector()
    waiting.register(line, selectors.EVENT_READ)
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for key, _ in waiting.select():
            if key.fileobj is not line:
                waiting.unregister(key.fd)
                os.close(key.fd)
                pid, told = running.pop(key.fd)
                with told:
                    told.send(str(os.waitpid(pid, 0)[1]).encode())
                continue
            said, fds, _, _ = socket.recv_fds(line, _LONGEST, 4)
            if not said:
                return
            end, *streams = fds
            pid = os.fork()
            if pid == 0:
                _become(json.loads(said), streams)
            for fd in streams:
                os.close(fd)
            ended = os.pidfd_open(pid)
            waiting.register(ended, selectors.EVENT_READ)
            running[ended] = (pid, socket.socket(fileno=end))
            running[ended][1].send(str(pid).encode())


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """Be the command: its streams, session, folder, environment and words."""
    os.setsid()
    for here, there in enumerate(streams):
        os.dup2(there, here)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    words = asked["words"]
    sys.argv = words[:1] + words[2:] if words[:1] == ["-c"] else ["moorage", *words]
    for name, fd, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        errors = getattr(sys, name).errors
        lines = 1 if name == "stderr" else -1
        setattr(sys, name, os.fdopen(fd, mode, lines, encoding="utf-8", errors=errors, closefd=False))
    code: int | str | None = 1
    try:
        if sys.argv[0] == "-c":
            exec(words[1], {"__name__": "__main__"})
        else:
            runpy.run_module("moorage", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - what the interpreter itself would print
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the interpreter's own end does
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else code is not None)  # without a second of taking modules apart


if __name__ == "__main__":
    for face in _FACES:
        import_module(face)
    gc.collect()
    gc.freeze()  # a fork shares what nobody looks through
    _serve(socket.socket(fileno=int(sys.argv[1])))
