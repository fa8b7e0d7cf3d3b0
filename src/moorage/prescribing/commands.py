"""Commands as text: words that a shell takes as they are, whatever a prefix holds."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from moorage.prescribing.document import Json, minified


@dataclass(frozen=True, slots=True)
class Command:
    """One line. ``to_file``: its output goes there; ``comment``: it is shown, not run."""

    words: tuple[str, ...]
    to_file: str = ""
    comment: str = ""

    @property
    def text(self) -> str:
        """The line; words are quoted so that a shell gets exactly these."""
        line = shlex.join(self.words)
        if self.to_file:
            line = f"{line} > {shlex.quote(self.to_file)}"
        return f"# {self.comment} {line}".rstrip() if self.comment else line


def command(*words: str) -> Command:
    """A command of these words; empty ones are left out."""
    return Command(tuple(word for word in words if word))


def saved(body: Json, name: str) -> Command:
    """Writes a document into a file of the directory that the person is in."""
    return Command(("printf", "%s\\n", minified(body)), to_file=name)


def remark(text: str) -> Command:
    """A sentence between commands."""
    return Command((), comment=text)


def script(commands: Iterable[Command]) -> str:
    """All lines, with a final line break."""
    return "".join(f"{one.text}\n" for one in commands)


def pasteable(text: str) -> bool:
    """Whether a text may stand in a command as it is: a terminal acts on control characters before any shell quotes."""
    return text.isprintable()
