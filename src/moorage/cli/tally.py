"""The tally of a copy: files, bytes, what failed; shown while it grows, summed up at the end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, Self

from moorage.cli.exits import Exit, code_of
from moorage.cli.printing import put_json, say
from moorage.model.errors import MoorageError
from moorage.model.keys import ESCAPED, escape, needs_escape

if TYPE_CHECKING:
    from rich.progress import Progress

EVERY_S: Final = 5.0
TOLD: Final = 50
"""So many failures are told one by one; the rest is counted."""


class Named(Protocol):
    """A file to copy, by where it is and where it goes."""

    @property
    def source(self) -> str: ...

    @property
    def target(self) -> str: ...


class Tally:
    """Counts, from any thread. ``as_json``: each file is a document on stdout."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()
        self._began_s = time.monotonic()
        self._first: MoorageError | None = None
        self.files = self.bytes = self.skipped = self.failures = self._whole = 0

    def add(self, count: int) -> None:
        """So many bytes more were copied."""
        with self._lock:
            self.bytes += count

    def copied(self, one: Named, size: int) -> None:
        """A file is where it shall be."""
        with self._lock:
            self.files += 1
            self._whole += size
        self._tell(one, "copied", bytes=size)

    def skip(self, one: Named, why: str = "") -> None:
        """A file was left out, as wished, or because it is no file that can be copied."""
        with self._lock:
            self.skipped += 1
        if why:
            say(f"{escape(one.source)}: {why}")
        self._tell(one, "skipped")

    def fail(self, one: Named, error: MoorageError) -> None:
        """A file was not copied; the rest goes on."""
        with self._lock:
            self.failures += 1
            self._first = self._first or error
            told = self.failures <= TOLD
        if told:
            say(f"{escape(one.source)}: {error}")
        self._tell(one, "failed", error=str(error))

    def line(self) -> str:
        """How far it is."""
        rate = self.bytes / max(time.monotonic() - self._began_s, 0.001)
        return f"{_files(self.files)}, {amount(self.bytes)}, {amount(rate)}/s"

    def conclude(self) -> Exit:
        """Sum up on stderr; the exit code."""
        took_s = time.monotonic() - self._began_s
        parts = [f"Copied {_files(self.files)}, {amount(self._whole)}, in {took_s:.1f} s."]
        if self.skipped:
            parts.append(f"{self.skipped:,} skipped.")
        if self.failures:
            parts.append(f"{self.failures:,} not copied{', see above' if self.failures <= TOLD else ''}.")
        say(" ".join(parts))
        if self._first is None:
            return Exit.OK
        alone = self.failures == 1 and not self.files and not self.skipped
        return code_of(self._first) if alone else Exit.PARTLY

    def _tell(self, one: Named, outcome: str, **more: object) -> None:
        if not self._as_json:
            return
        names = {"source": one.source, "target": one.target}
        if any(map(needs_escape, names.values())):
            names = {name: escape(text) for name, text in names.items()} | {"key_encoding": ESCAPED}
        with self._lock:
            put_json({**names, "outcome": outcome, **more})


class Shown:
    """The tally on stderr: a line that is redrawn on a terminal, else one every 5 s."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._next_s = time.monotonic() + EVERY_S
        self._bar = _bar(tally) if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def beat(self) -> None:
        """Some time went by."""
        now_s = time.monotonic()
        if self._bar is None and now_s >= self._next_s:
            say(self._tally.line())
            self._next_s = now_s + EVERY_S

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing moves meanwhile."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()


def amount(count: float) -> str:
    """Bytes for people, in powers of 1,000."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:  # noqa: PLR2004 - the next unit
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _bar(tally: Tally) -> Progress:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task
    from rich.text import Text

    class Line(ProgressColumn):
        def render(self, task: Task) -> Text:
            del task
            return Text(tally.line())

    bar = Progress(SpinnerColumn(), Line(), console=Console(stderr=True), transient=True, redirect_stdout=False)
    bar.add_task("", total=None)
    return bar
