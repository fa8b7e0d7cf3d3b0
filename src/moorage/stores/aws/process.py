"""Keys that a program prints: hardware tokens, key stores, ``aws_signing_helper``. No shell, 30 seconds, checked.

Source: AWS SDKs and Tools reference guide, process credential provider. Only the settings name programs.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from typing import Final

from moorage.model.errors import StoreDenied, StoreUnreachable
from moorage.stores.aws.minted import Minted, document, minted

LIMIT_S: Final = 30.0
_LONGEST: Final = 64 * 1024
_ADVICE: Final = (
    "Run its line of MOORAGE_CREDENTIAL_PROCESSES by hand, as the user that runs Moorage. What it says on stderr is "
    "not repeated here, because it may be secret."
)


async def program_keys(name: str, programs: Mapping[str, tuple[str, ...]], *, limit_s: float = LIMIT_S) -> Minted:
    """The keys that the program of that name prints. Raises StoreDenied or StoreUnreachable."""
    words = programs.get(name)
    if not words:
        raise StoreDenied(
            f"There is no program {name!r} for keys. Nothing was started.",
            "Name it in MOORAGE_CREDENTIAL_PROCESSES, which is read at the start, or choose another.",
            code="NoProgram",
        )
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise StoreDenied(
            f"The program {name!r} for keys does not start ({error.strerror or type(error).__name__}).",
            "Check the path in MOORAGE_CREDENTIAL_PROCESSES, and that the user that runs Moorage may run it.",
            code="ProgramFailed",
        ) from error
    try:
        async with asyncio.timeout(limit_s):
            said = await _read(process)
            code = await process.wait()
    except TimeoutError as error:
        await _end(process)
        raise StoreUnreachable(
            f"The program {name!r} for keys took more than {limit_s:.0f} s and was ended.", _ADVICE, cause="program"
        ) from error
    except BaseException:
        await _end(process)
        raise
    if code != 0:
        raise StoreDenied(f"The program {name!r} for keys ended with {code}.", _ADVICE, code="ProgramFailed")
    fields = document(said)
    if fields.get("Version") != 1:
        raise StoreDenied(
            f"What the program {name!r} prints is not the JSON of temporary keys, version 1.",
            _ADVICE,
            code="ProgramFailed",
        )
    return minted(fields, f"The program {name!r}")


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """All that it prints, cut: a program that waits for room in a full pipe would never end."""
    assert process.stdout is not None
    said = b""
    while block := await process.stdout.read(_LONGEST):
        said = (said + block)[:_LONGEST]
    return said


async def _end(process: asyncio.subprocess.Process) -> None:
    """What it started ends with it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
