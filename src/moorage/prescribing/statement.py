"""One statement of a pasted policy, made plain: lists in place of single words, missing parts empty."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from moorage.prescribing.pasted import Node

_NARROWING: Final = frozenset(
    {
        "aws:sourcearn",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpcsourceip",
        "aws:principalarn",
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:userid",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
"""Keys that say who asks or from where. A referer is not among them: anybody can send one."""
_ESCAPED: Final = re.compile(r"\$\{[*?$]\}|.", re.DOTALL)
_EVERYWHERE: Final = frozenset({"*", "0.0.0.0/0", "::/0"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and where it stands."""

    number: int
    line: int
    sid: str
    allows: bool
    actions: tuple[Node, ...]
    resources: tuple[Node, ...]
    principals: tuple[Node, ...]
    """Texts of all kinds of principals; ``*`` for everybody."""
    has_principal: bool
    negated: tuple[tuple[str, int], ...]
    """NotAction, NotPrincipal and NotResource with their lines."""
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """Operator, key and values; operator and key in small letters."""

    @property
    def public(self) -> Node | None:
        """The principal that is everybody."""
        return next((one for one in self.principals if _text(one).strip() == "*"), None)

    @property
    def narrowed(self) -> bool:
        """Whether a condition says who may ask, or from where, and does not name everybody again."""
        return any(
            key in _NARROWING
            and operator.startswith(("stringequals", "stringlike", "arnequals", "arnlike", "ipaddress"))
            and not operator.endswith("ifexists")
            and bool(values)
            and not _EVERYWHERE & set(values)
            for operator, key, values in self.conditions
        )

    @property
    def refuses_plain_http(self) -> bool:
        """Whether it denies all that comes without TLS."""
        return not self.allows and any(
            operator in {"bool", "boolifexists"} and (key, values) == ("aws:securetransport", ("false",))
            for operator, key, values in self.conditions
        )

    @property
    def needs_tls(self) -> bool:
        """Whether it allows nothing without TLS."""
        return ("bool", "aws:securetransport", ("true",)) in self.conditions


def statement_of(number: int, node: Node) -> Statement | None:
    """The statement; None where it is no object."""
    if not isinstance(node.value, dict):
        return None
    members = node.value
    principal = members.get("Principal")
    sid = members.get("Sid")
    return Statement(
        number=number,
        line=node.line,
        sid=_text(sid) if sid else "",
        allows=_text(members["Effect"]).lower() == "allow" if "Effect" in members else False,
        actions=_several(members.get("Action")),
        resources=_several(members.get("Resource")),
        principals=_principals(principal),
        has_principal=principal is not None or "NotPrincipal" in members,
        negated=tuple(
            (name, members[name].line) for name in ("NotAction", "NotPrincipal", "NotResource") if name in members
        ),
        conditions=tuple(_conditions(members.get("Condition"))),
    )


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of a policy fits: ``*`` any letters, ``?`` one, ``${*}`` the letter itself.

    Only the last star is tried again, so the time is that of both lengths multiplied, whatever the pattern.
    """
    parts = _ESCAPED.findall(pattern)
    at = star = 0
    behind = -1
    for_star = 0
    while at < len(text):
        part = parts[star] if star < len(parts) else ""
        if part == "*":
            behind, for_star = star, at
            star += 1
        elif part == "?" or (part and part[2:3] == text[at]) or part == text[at]:
            at, star = at + 1, star + 1
        elif behind >= 0:
            for_star += 1
            at, star = for_star, behind + 1
        else:
            return False
    return all(part == "*" for part in parts[star:])


def covers(patterns: Iterable[str], text: str) -> bool:
    """Whether any of the patterns fits."""
    return any(matches(one, text) for one in patterns)


def texts(nodes: Iterable[Node]) -> list[str]:
    """The texts alone."""
    return [_text(one) for one in nodes]


def _several(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    whole = node.value if isinstance(node.value, list) else [node]
    return tuple(one for one in whole if one.text)


def _principals(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    if isinstance(node.value, dict):
        return tuple(one for member in node.value.values() for one in _several(member))
    return _several(node)


def _conditions(node: Node | None) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    if node is None or not isinstance(node.value, dict):
        return
    for operator, keys in node.value.items():
        if isinstance(keys.value, dict):
            for key, values in keys.value.items():
                whole = values.value if isinstance(values.value, list) else [values]
                yield operator.lower(), key.lower(), tuple(_text(one).lower() for one in whole)


def _text(node: Node) -> str:
    return node.value if isinstance(node.value, str) else ""
