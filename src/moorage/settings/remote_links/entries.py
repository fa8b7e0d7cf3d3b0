"""The text of remote_links.yml -> its entries, each value with the line that it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from moorage.settings.remote_links.faults import Spot

TEXTS: Final = (
    "provider",
    "endpoint",
    "access_key",
    "secret_key",
    "iam_role",
    "region",
    "credentials_path",
    "root",
)
BUCKETS: Final = "buckets"
PLACEHOLDER: Final = "A placeholder was left in."
FILL_IN: Final = "Put your own value in place of all from < to >."
_LONGEST_NAME: Final = 63
_DEEPEST: Final = 8
_NULL: Final = "tag:yaml.org,2002:null"
_UNQUOTED: Final = re.compile(r"\s*(?:- )?\s*(?P<field>[A-Za-z_]+)\s*:\s+(?P<value>[^\s'\"].*)")
_NAME: Final = re.compile(r"[^\s#:][^:]{0,62}:\s*$")
_SHOWN: Final = re.compile(r"[A-Za-z_-]{1,24}")
_SECRETS: Final = frozenset({"access_key", "secret_key"})
_FAULTS: Final = (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError)
"""All that PyYAML has been seen to raise for text that is no YAML."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value and the line on which it stands."""

    text: str = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the file, checked for its form only."""

    spot: Spot
    values: Mapping[str, Given]
    buckets: tuple[Given, ...] | None
    """None: every bucket."""

    @property
    def name(self) -> str:
        """What the entry is called."""
        return self.spot.entry

    def text(self, name: str) -> str:
        """The value of a field; empty where it is not there."""
        found = self.values.get(name)
        return found.text if found else ""

    def at(self, *names: str) -> Spot:
        """The place of these fields, or of the entry where none of them is there."""
        lines = [self.values[name].line for name in names if name in self.values]
        return self.spot.at(*(lines or self.spot.lines), field=" and ".join(names))


def entries_of(text: str, file: str) -> list[Entry]:
    """All entries, in their order. Raises Invalid, which names file and line and shows no value."""
    root = _root(text, file)
    if root is None or (isinstance(root, ScalarNode) and root.tag == _NULL):
        return []
    top = Spot(file, (_line(root),))
    if not isinstance(root, MappingNode):
        raise top.fault(
            "This is no list of named entries.", "Begin each entry with its name and a colon, its fields indented."
        )
    names = _fields(root, top)
    for name, (line, _) in names.items():
        if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise top.at(line).fault(
                "The name of this entry cannot be shown on a page.",
                f"Use 1 to {_LONGEST_NAME} printable characters, without blanks at the ends.",
            )
    return [_entry(Spot(file, (line,), name), node) for name, (line, node) in names.items()]


def _root(text: str, file: str) -> Node | None:
    _check_depth(text, file)
    with _told(text, file) as loader:
        node: Node | None = loader.get_single_node()
    return node


def _check_depth(text: str, file: str) -> None:
    """Raise Invalid for what is nested deeper than entries are: PyYAML makes its nodes by recursion."""
    depth = 0
    with _told(text, file) as loader:
        while loader.check_event():
            event = loader.get_event()  # type: ignore[no-untyped-call]
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > _DEEPEST:
                line = int(event.start_mark.line) + 1
                raise Spot(file, (line,)).fault("It is nested too deep.", "An entry has fields, and a list of buckets.")


@contextmanager
def _told(text: str, file: str) -> Iterator[yaml.SafeLoader]:
    """A loader of the text, whose errors come out as Invalid."""
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        yield loader
    except _FAULTS as exc:
        if isinstance(exc, yaml.reader.ReaderError):
            line = text.count("\n", 0, exc.position) + 1
        else:
            mark = getattr(exc, "problem_mark", None) or getattr(exc, "context_mark", None)
            line = (mark.line if mark else getattr(loader, "line", 0)) + 1
        raise _unreadable(text, Spot(file, (line,))) from None  # what PyYAML says may quote a secret
    finally:
        if loader is not None:
            loader.dispose()


def _unreadable(text: str, spot: Spot) -> Exception:
    lines = text.split("\n")
    line = lines[spot.lines[0] - 1] if spot.lines[0] <= len(lines) else ""
    above = [one for one in lines[: spot.lines[0]] if _NAME.match(one)]
    if above and line[:1].isspace():
        spot = replace(spot, entry=above[-1].partition(":")[0].strip("'\""))
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return spot.fault("The line is indented with a tab.", "Indent with blanks.")
    found = _UNQUOTED.match(line)
    if found and found["field"] in (*TEXTS, BUCKETS):
        value, told = found["value"].strip(), spot.at(*spot.lines, field=found["field"])
        if value.startswith("<"):
            return told.fault(PLACEHOLDER, FILL_IN)
        if ": " in value or value.endswith(":"):
            return told.fault(
                "The value holds a colon followed by a blank and stands without quotes.",
                "Put the whole value in single quotes: 'value'.",
            )
        return told.fault("The value cannot stand without quotes.", "Put the whole value in single quotes: 'value'.")
    return spot.fault(
        "From here on it is no YAML.", "Check indentation, colons and quotes of this line and the one before."
    )


def _entry(spot: Spot, node: Node) -> Entry:
    if not isinstance(node, MappingNode):
        raise spot.fault("The entry has no fields.", "Write its fields below it, each indented by two blanks.")
    values: dict[str, Given] = {}
    buckets: tuple[Given, ...] | None = None
    for name, (line, value) in _fields(node, spot).items():
        if name == BUCKETS:
            buckets = tuple(_buckets(value, spot.at(line, field=BUCKETS)))
        elif name in TEXTS:
            values[name] = _given(value, spot.at(_line(value), field=name))
        else:
            raise _unknown(name, spot.at(line))
    return Entry(spot, values, buckets)


def _unknown(name: str, spot: Spot) -> Exception:
    near = get_close_matches(name, (*TEXTS, BUCKETS), n=1)
    what = f"{name} is no field of an entry." if _SHOWN.fullmatch(name) else "This is no field of an entry."
    return spot.fault(what, f"Did you mean {near[0]}?" if near else f"Fields are {', '.join((*TEXTS, BUCKETS))}.")


def _fields(node: MappingNode, spot: Spot) -> dict[str, tuple[int, Node]]:
    """Names with their lines and values. Raises Invalid for what is no name, and for a name given twice."""
    found: dict[str, tuple[int, Node]] = {}
    for key, value in node.value:
        line = _line(key)
        if not isinstance(key, ScalarNode):
            raise spot.at(line).fault("A name is expected here, and there is a list or a mapping.", "Correct it.")
        if key.value in found:
            raise _twice(key.value, spot, found[key.value][0], line)
        found[key.value] = (line, value)
    return found


def _twice(name: str, spot: Spot, first: int, second: int) -> Exception:
    where = spot.at(first, second)
    if not spot.entry:
        return where.fault("Two entries have the same name.", "Give each a name of its own.")
    if name in _SECRETS:
        return where.at(first, second, field=name).fault(
            f"{name} is given twice: account key or SAS token, not both.", "Remove one of the two lines."
        )
    what = f"{name} is given twice." if _SHOWN.fullmatch(name) else "A field is given twice."
    return where.fault(what, "Remove one of the two lines.")


def _buckets(node: Node, spot: Spot) -> Iterator[Given]:
    if not isinstance(node, SequenceNode) or not node.value:
        raise spot.fault(
            "A list of buckets is expected.", "Write '- name' for each, or leave buckets out to admit every bucket."
        )
    for one in node.value:
        yield _given(one, spot.at(_line(one)))


def _given(node: Node, spot: Spot) -> Given:
    if not isinstance(node, ScalarNode):
        raise spot.fault("Text is expected, and there is a list or a mapping.", "Write one value on one line.")
    if node.tag == _NULL or not node.value.strip():
        raise spot.fault("The value is empty.", "Fill it in, or remove the line.")
    text = node.value.strip()
    secret = spot.field in _SECRETS
    if re.fullmatch(r"<[^<>]*>", text) or (not secret and re.search(r"<[^<>]*>", text)):
        raise spot.fault(PLACEHOLDER, FILL_IN)
    if not text.isprintable():
        raise spot.fault("The value holds a line break or another control character.", "Write it on one line.")
    return Given(text, _line(node))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
