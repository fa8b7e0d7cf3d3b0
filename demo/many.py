"""Kills the demo's server in the middle of an index, and shows that nothing is lost and nothing comes twice.

    . demo-data/env
    python demo/many.py [--files 20000] demo-data

Makes the files below the demo's directory, shows them as the project Many, kills the server with kill -9 when some
thousands are in, waits until ``make demo`` has started it again, follows the job to its end, and counts.
"""

from __future__ import annotations

import argparse
import os
import signal
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Final

from home import Home
from moorage.client import Client, Job
from moorage.model.errors import MoorageError, NotFound, TryAgain
from moorage.wiring.directory import Directory

PROJECT: Final = "Many"
PER_FOLDER: Final = 1000
SIDE: Final = 32
BACK_S: Final = 60.0
KILL_AT: Final = 0.2


def main() -> int:
    """0 when every file is there exactly once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--files", type=int, default=20_000)
    arguments = parser.parse_args()
    home, files = Home(arguments.home.absolute()), arguments.files
    server = Directory(home.data)
    if "MOORAGE_TOKEN" not in os.environ or server.holder() is None:
        print(f"Start the demo first (make demo), then ready this terminal: . {home.environment}")
        return 1
    began = time.monotonic()
    _fill(home.many, files)
    print(f"{files:,} files lie in {home.many} ({time.monotonic() - began:.1f} s).", flush=True)
    with Client(os.environ["MOORAGE_URL"], os.environ["MOORAGE_TOKEN"]) as client:
        job = _begin(client, home)
        seen = _kill(client, server, job, at=round(files * KILL_AT))
        ended = _follow(client, server, job, seen)
        return _count(client, files, seen, ended)


def _fill(folder: Path, files: int) -> None:
    """Small pictures, a thousand a folder; those that are there stay."""
    for first in range(0, files, PER_FOLDER):
        here = folder / f"{first // PER_FOLDER:03}"
        here.mkdir(parents=True, exist_ok=True)
        there = {entry.name for entry in os.scandir(here)}
        for number in range(min(PER_FOLDER, files - first)):
            if (name := f"{first + number:06}.png") not in there:
                (here / name).write_bytes(_picture(first + number))


def _picture(number: int) -> bytes:
    """A square of one colour, as PNG. Source: ISO/IEC 15948, section 11.2."""
    colour = bytes((number * 7 % 200 + 40, number * 13 % 160 + 60, number * 29 % 180 + 60))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + colour * SIDE) * SIDE, 1)
    parts = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def _begin(client: Client, home: Home) -> str:
    """Show the folder as a project of its own, anew where it was shown before; the job that indexes it."""
    try:
        client.remove_project(PROJECT)
        print(f"The project {PROJECT} of the last time is removed; its files stay.")
    except NotFound:
        pass
    return client.add_mirror(address=str(home.many), store_name="many", project=PROJECT).job


def _kill(client: Client, server: Directory, job: str, *, at: int) -> Job:
    """Kill the server once so many are in; the job as it was seen last."""
    print(f"The index has begun. Waiting until {at:,} are in ...", flush=True)
    while (seen := client.job(job)).done < at and not seen.state.final:
        pass
    if seen.state.final:
        raise SystemExit(
            f"The index had ended before it could be disturbed. Take more: --files {10 * max(seen.done, 1000)}"
        )
    process = server.holder()
    assert process is not None
    os.kill(process, signal.SIGKILL)
    print(f"kill -9 {process}: the server is gone, in the middle of the job, at {seen.done:,}.", flush=True)
    return seen


def _follow(client: Client, server: Directory, job: str, seen: Job) -> Job:
    """Wait until somebody has started the server again, then until the job has ended. SystemExit when work was lost."""
    began, told = time.monotonic(), False
    while server.served() is None:
        if time.monotonic() - began > BACK_S:
            raise SystemExit("Nobody started the server again. Does make demo still run?")
        time.sleep(0.1)
    while True:
        try:
            now = client.job(job)
        except TryAgain:
            if time.monotonic() - began > BACK_S:
                raise
            continue
        if not told:
            print(f"It is back after {time.monotonic() - began:.1f} s. The job stands at {now.done:,}.", flush=True)
            told = True
            if now.done < seen.done:
                raise SystemExit("That is less than before: something was lost.")
        if now.state.final:
            print(
                f"Job {now.id} {now.state.value} at {now.done:,}, {now.done - seen.done:,} since the kill.", flush=True
            )
            return now
        time.sleep(0.2)


def _count(client: Client, files: int, seen: Job, ended: Job) -> int:
    keys = [item.key for item in client.items(PROJECT)]
    once = len(set(keys))
    print(f"Killed at {seen.done:,}, went on from there. {once:,} of {files:,} files are in the catalogue, ", end="")
    print("none twice." if once == len(keys) else f"{len(keys) - once:,} of them more than once.")
    return 0 if once == len(keys) == files == ended.done else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MoorageError as error:
        sys.exit(str(error))
