"""A docker-compose.override.yml: ``environment:`` and ``volumes:`` of the services ``http-storage`` and ``proxy``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from moorage.settings.importing.dotenv import text_of
from moorage.settings.importing.lines import Line, Plan, Verdict
from moorage.settings.importing.links import add_folder, add_links

SERVICES: Final = ("http-storage", "proxy")
LINKS: Final = "/remote_links.yml"
_STORE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_MOUNT: Final = 2


def services_in(path: Path) -> bool:
    """Whether the file has services, as those of docker compose have."""
    node = _root(path)
    return isinstance(node, MappingNode) and any(_text(key) == "services" for key, _ in node.value)


def read_compose(plan: Plan, path: Path) -> None:
    """Judge every line of the two services; other services are named as ignored."""
    for name, key, service in _pairs(_child(_root(path), "services")):
        if name not in SERVICES:
            _ignore(plan, path, key, name, f"Only {' and '.join(SERVICES)} hold settings of a storage.")
            continue
        for part, at, value in _pairs(service):
            if part == "environment":
                for line, variable, given in _environment(value):
                    plan.take(path, line, variable, given)
            elif part == "volumes":
                _volumes(plan, path, value)
            else:
                _ignore(plan, path, at, f"{name}: {part}", "It concerns the container, and there is none here.")


def _volumes(plan: Plan, path: Path, node: Node) -> None:
    found = list(_mounts(node))
    for _, source, target in found:
        plan.mounts[target] = path.parent.absolute() / Path(source).expanduser()
    for line, source, target in sorted(found, key=lambda one: one[2] != LINKS):
        place = plan.mounts[target]
        one = Line(str(path), line, target, Verdict.RENAMED, value=source)
        plan.lines.append(one)
        if target == LINKS:
            one.becomes = "remote_links.yml in the data directory"
            if not plan.links:
                add_links(plan, place)
        elif place.is_dir():
            name = Path(target).name
            if _STORE.fullmatch(name):
                add_folder(plan, name, place)
                one.becomes = f"the entry {name} of remote_links.yml: fs://{name}/ is {place}"
            else:
                one.verdict, one.reason = Verdict.IGNORED, "Its last part cannot be the name of a store."
        elif place.is_file():
            one.reason = "There is no container here: files are named by their own paths."
            one.becomes = str(place)
        else:
            one.verdict, one.reason, one.faulty = Verdict.IGNORED, f"{place} is not there.", True


def _environment(node: Node) -> Iterator[tuple[int, str, str]]:
    """``NAME: value`` and ``- NAME=value``."""
    if isinstance(node, SequenceNode):
        for one in node.value:
            name, equals, given = _text(one).partition("=")
            if equals:
                yield _line(one), name, given
    else:
        for variable, key, value in _pairs(node):
            yield _line(key), variable, _text(value)


def _mounts(node: Node) -> Iterator[tuple[int, str, str]]:
    """``- source:target[:ro]``, and the long form with ``source`` and ``target``."""
    for one in node.value if isinstance(node, SequenceNode) else ():
        if isinstance(one, MappingNode):
            source, target = _text(_child(one, "source")), _text(_child(one, "target"))
        else:
            parts = _text(one).split(":")
            source, target = (parts[0], parts[1]) if len(parts) >= _MOUNT else ("", "")
        if source and target:
            yield _line(one), source, target


def _root(path: Path) -> Node | None:
    text = text_of(path)
    try:
        node: Node | None = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return None  # read as links, whose faults name line and entry
    return node


def _pairs(node: Node | None) -> Iterator[tuple[str, Node, Node]]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield _text(key), key, value


def _child(node: Node | None, name: str) -> Node | None:
    return next((value for called, _, value in _pairs(node) if called == name), None)


def _text(node: Node | None) -> str:
    return str(node.value) if isinstance(node, ScalarNode) and node.tag != "tag:yaml.org,2002:null" else ""


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _ignore(plan: Plan, path: Path, node: Node, name: str, reason: str) -> None:
    plan.lines.append(Line(str(path), _line(node), name, Verdict.IGNORED, reason, value=""))
