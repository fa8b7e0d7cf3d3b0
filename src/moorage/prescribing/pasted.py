"""Pasted JSON with the line of each part: a reader for small documents of people, bounded in length and depth."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from moorage.model.errors import Invalid

LONGEST: Final = 64 * 1024
"""Characters. Policies of AWS have 20,480 at most."""
DEEPEST: Final = 24
MOST: Final = 1000
"""Values in all: more than AWS takes, and few enough to be checked in a moment."""
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_STRING: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_PLAIN: Final = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,4})?|true|false|null")


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line on which it begins. Numbers, true, false and null are kept as they are written."""

    value: str | list[Node] | dict[str, Node]
    line: int
    text: bool = False
    """Whether it stood in quotation marks."""


class _Reader:
    """Reads one document from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._values = 0

    def document(self) -> Node:
        """The whole document."""
        found = self._value(0)
        self._skip()
        if self._at < len(self._text):
            self._broken("there is something behind its end")
        return found

    def _value(self, depth: int) -> Node:
        self._skip()
        if depth > DEEPEST:
            self._broken(f"it is nested deeper than {DEEPEST} levels")
        self._values += 1
        if self._values > MOST:
            self._broken(f"there are more than {MOST:,} values in it")
        line, letter = self._here(), self._text[self._at : self._at + 1]
        if letter == "{":
            return Node(self._object(depth), line)
        if letter == "[":
            return Node(self._array(depth), line)
        if letter == '"':
            return Node(self._string(), line, text=True)
        found = _PLAIN.match(self._text, self._at)
        if found is None:
            self._broken("a value is missing" if letter in ("", ",", "}", "]") else f"{letter!r} begins no value")
        self._at = found.end()
        return Node(found[0], line)

    def _object(self, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        self._at += 1
        while True:
            self._skip()
            if self._take("}") and not members:
                return members
            if self._text[self._at : self._at + 1] != '"':
                self._broken("a name in quotation marks is missing")
            name = self._string()
            if name in members:
                self._broken(f"{name[:40]!r} stands twice in one object, and only one of them would count")
            self._skip()
            if not self._take(":"):
                self._broken(f"a ':' is missing after {name[:40]!r}")
            members[name] = self._value(depth + 1)
            self._skip()
            if self._take("}"):
                return members
            if not self._take(","):
                self._broken("a ',' or '}' is missing")

    def _array(self, depth: int) -> list[Node]:
        members: list[Node] = []
        self._at += 1
        while True:
            self._skip()
            if not members and self._take("]"):
                return members
            members.append(self._value(depth + 1))
            self._skip()
            if self._take("]"):
                return members
            if not self._take(","):
                self._broken("a ',' or ']' is missing")

    def _string(self) -> str:
        found = _STRING.match(self._text, self._at)
        try:
            told = json.loads(found[0]) if found else None
        except ValueError:
            told = None
        if found is None or not isinstance(told, str):
            self._broken("a text has no end, or an escape that JSON does not know")
        self._at = found.end()
        return told

    def _take(self, letter: str) -> bool:
        there = self._text.startswith(letter, self._at)
        self._at += there
        return there

    def _skip(self) -> None:
        found = _BLANK.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _broken(self, why: str) -> NoReturn:
        raise Invalid(
            f"Line {self._here()}: {why}. Nothing was checked.",
            "Paste the policy whole, as JSON, from its first { to its last }.",
            field="policy",
        )


def read_pasted(text: str) -> Node:
    """The document. Raises Invalid, which names the line, for anything else than one JSON document of sane size."""
    if len(text) > LONGEST:
        raise Invalid(
            f"The policy has {len(text):,} characters, more than the {LONGEST:,} that are read. Nothing was checked.",
            "Paste one policy alone; those of AWS have 20,480 characters at most.",
            field="policy",
        )
    return _Reader(text.lstrip("\ufeff")).document()
