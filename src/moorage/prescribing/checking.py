"""The checker of a pasted policy of AWS: read -> statements -> findings, in the order of its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from moorage.prescribing.findings import Code, Finding, Weight
from moorage.prescribing.judging import judge
from moorage.prescribing.modes import Mode
from moorage.prescribing.needing import lacking
from moorage.prescribing.pasted import Node, read_pasted
from moorage.prescribing.statement import Statement, statement_of
from moorage.prescribing.wish import Wish

_ORDER: Final = tuple(Weight)


def check_policy(text: str, *, modes: AbstractSet[Mode] = frozenset(), wish: Wish | None = None) -> tuple[Finding, ...]:
    """What is wrong with a policy, by line and weight; empty: nothing.

    With ``modes`` it is asked whether they are all allowed, and whether more is; with ``wish`` for which bucket and
    prefix. Raises Invalid for what is no JSON of sane size.
    """
    document = read_pasted(text)
    statements = tuple(_statements(document))
    if not statements:
        return (_no_policy(document.line),)
    found = [*_whole(document, statements)]
    for statement in statements:
        found += judge(statement, modes=modes, wish=wish)
    found += lacking(statements, modes=modes, wish=wish)
    return tuple(sorted(found, key=lambda one: (one.line, _ORDER.index(one.weight))))


def _statements(document: Node) -> Iterator[Statement]:
    if not isinstance(document.value, dict):
        return
    given = document.value.get("Statement")
    if given is None:
        return
    for number, node in enumerate(given.value if isinstance(given.value, list) else [given], 1):
        found = statement_of(number, node)
        if found is not None:
            yield found


def _whole(document: Node, statements: Iterable[Statement]) -> Iterator[Finding]:
    assert isinstance(document.value, dict)
    version = document.value.get("Version")
    if version is None or version.value != "2012-10-17":
        line = document.line if version is None else version.line
        yield Finding(
            Code.NO_VERSION,
            Weight.FAULT,
            line,
            0,
            "",
            "There is no Version." if version is None else f"The Version is {str(version.value)[:40]}.",
            "The rules of 2008 hold then, in which escapes such as ${*} and variables are plain letters.",
            'Write "Version": "2012-10-17" before the statements.',
        )
    on_bucket = [one for one in statements if one.has_principal and _about_s3(one)]
    if on_bucket and not any(one.refuses_plain_http or one.needs_tls for one in on_bucket):
        yield Finding(
            Code.NO_TLS,
            Weight.ADVICE,
            on_bucket[0].line,
            0,
            "",
            "The bucket takes requests without TLS.",
            "By plain http everybody on the way reads the bytes, and signed addresses can be used again.",
            'Add a statement with "Effect": "Deny" and "Condition": {"Bool": {"aws:SecureTransport": "false"}}.',
        )


def _about_s3(statement: Statement) -> bool:
    words = [one.value for one in statement.actions]
    return any(isinstance(one, str) and (one == "*" or one.lower().startswith("s3:")) for one in words)


def _no_policy(line: int) -> Finding:
    return Finding(
        Code.NO_POLICY,
        Weight.FAULT,
        line,
        0,
        "",
        "This is JSON, but no policy: it has no Statement.",
        "Nothing is allowed by it.",
        'Paste the whole policy; it begins with {"Version": "2012-10-17", "Statement": [.',
    )
