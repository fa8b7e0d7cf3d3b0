"""What a decoder process gives up before it opens the first byte that others wrote.

Always: limits of address space, processor time, core dumps and files written, and new privileges.
Where the kernel lets it, as each step finds out: the network (a namespace of its own, empty),
every file (Landlock, Linux 5.13 and later), every capability of root.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
# The numbers of the calls are the same on every architecture: Landlock came after they were unified.
_LANDLOCK_CREATE: Final = 444
_LANDLOCK_RESTRICT: Final = 446
_LANDLOCK_VERSION: Final = 1
# Rights over files that each version of Landlock knows; asking for one that the kernel lacks is an error.
_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_FILE_RIGHTS_LATER: Final = (1 << 16) - 1
_CAPABILITY_VERSION_3: Final = 0x20080522
_OOM_FIRST: Final = b"1000"


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the kernel really took away; the limits of memory, time and privileges always hold."""

    network: bool
    """No network: the process has a namespace of its own with nothing in it."""
    files: bool
    """No file can be opened, nor listed, nor made."""
    capabilities: bool
    """Nothing is left of what root may do."""


def bind_to_parent(parent: int) -> None:
    """Ends this process when its parent does. ``parent`` is its process id, in case it ended just now."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def leave_network() -> bool:
    """Moves into an empty network namespace. True when it did. Call it while there is one thread only."""
    libc = _libc()
    return any(libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))


def limit(memory_bytes: int) -> None:
    """Limits address space, cores and files written, and offers this process first when memory ends."""
    with suppress(OSError):  # a container may forbid it; the limits below hold anyway
        Path("/proc/self/oom_score_adj").write_bytes(_OOM_FIRST)
    for which, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hard = resource.getrlimit(which)
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (least, least))


def allow_cpu(seconds: int) -> None:
    """Lets this process use ``seconds`` of processor time from now on; then the kernel kills it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = used + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def give_up(*, network: bool) -> Confinement:
    """Gives up new privileges, files and capabilities, for every thread that starts from now on."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    return Confinement(network=network, files=_leave_files(), capabilities=_leave_capabilities())


def _leave_files() -> bool:
    libc = _libc()
    version = libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    rights = ctypes.c_uint64(_FILE_RIGHTS.get(version, _FILE_RIGHTS_LATER))
    ruleset = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(rights), ctypes.sizeof(rights), 0)
    if ruleset < 0:
        return False
    try:
        return bool(libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _leave_capabilities() -> bool:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    return bool(_libc().capset(ctypes.byref(header), ctypes.byref(nothing)) == 0)


def _prctl(option: int, value: int) -> None:
    if _libc().prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) is refused by the kernel")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
