"""What is wrong with one statement, whatever the others say."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from moorage.prescribing.actions import LISTS_ALL, ON_BUCKETS, ON_OBJECTS, SAFE_EXTRAS
from moorage.prescribing.arn import bucket_arn
from moorage.prescribing.findings import Code, Finding, Weight
from moorage.prescribing.modes import LIST, Mode, bucket_actions, object_actions
from moorage.prescribing.pasted import Node
from moorage.prescribing.statement import Statement, covers, matches, texts
from moorage.prescribing.wish import Wish


def judge(statement: Statement, *, modes: AbstractSet[Mode], wish: Wish | None) -> Iterator[Finding]:
    """The findings of this statement. One that denies is judged for its form only: it opens nothing."""
    yield from _negations(statement)
    if not statement.allows:
        return
    yield from _public(statement, modes)
    yield from _actions(statement, modes)
    yield from _resources(statement, wish)
    yield from _misplaced(statement)


def _negations(statement: Statement) -> Iterator[Finding]:
    for name, line in statement.negated:
        what, right = {
            "NotAction": (Code.NOT_ACTION, "Action, with the actions that are meant"),
            "NotPrincipal": (Code.NOT_PRINCIPAL, "Principal, with those who are meant"),
            "NotResource": (Code.NOT_RESOURCE, "Resource, with the ARNs that are meant"),
        }[name]
        why = "With Allow it opens all else, also what AWS invents later."
        if not statement.allows:
            why = "It denies all else; who is forgotten is shut out, and roles are easily forgotten."
        weight = Weight.DANGER if statement.allows else Weight.ADVICE
        yield _finding(what, weight, statement, line, f"It uses {name}.", why, f"Write {right}.")


def _public(statement: Statement, modes: AbstractSet[Mode]) -> Iterator[Finding]:
    node = statement.public
    if node is None or statement.narrowed:
        return
    reads = all(one in {"s3:getobject", "s3:getobjectversion"} for one in map(str.lower, texts(statement.actions)))
    below = bool(statement.resources) and all(_below_a_prefix(one) for one in texts(statement.resources))
    if Mode.PUBLIC_MEDIA in modes and reads and below and statement.actions:
        yield _finding(
            Code.PUBLIC,
            Weight.ADVICE,
            statement,
            node.line,
            f"The whole world may read {', '.join(texts(statement.resources))[:200]}.",
            "You asked for public media. Everything that is put there later is public too.",
            "Leave it if that is meant.",
        )
        return
    what = "read every object" if reads else "use these rights"
    yield _finding(
        Code.PUBLIC,
        Weight.DANGER,
        statement,
        node.line,
        f"The whole world may {what}: the principal is everybody, and no condition narrows that.",
        "Whoever has or guesses a name gets the bytes, at your cost. New buckets refuse such a policy by Block Public "
        "Access, so that it does not even work.",
        "Remove the statement: Moorage gives readers signed addresses, or sends the bytes itself. To publish one "
        "prefix, choose the mode public-media.",
    )


def _actions(statement: Statement, modes: AbstractSet[Mode]) -> Iterator[Finding]:
    needed = {*bucket_actions(modes), LIST, *object_actions(modes)} if modes else set[str]()
    for node, action in _pairs(statement.actions):
        if action.lower() in {"*", "*:*", "s3:*", "s3*"}:
            yield _finding(
                Code.ALL_ACTIONS,
                Weight.DANGER,
                statement,
                node.line,
                f"{action} allows every action.",
                "Deleting the bucket, opening it to others and changing this policy are among them.",
                "Name the actions that are used; the document for your modes has them.",
            )
        elif matches(action.lower(), LISTS_ALL.lower()):
            yield _finding(
                Code.LISTS_ALL,
                Weight.ADVICE,
                statement,
                node.line,
                f"{action} shows the names of all buckets of the account.",
                "Moorage asks for one bucket by its name and never lists them.",
                "Remove it.",
            )
        elif needed and action.lower().startswith("s3:"):
            more = [one for one in _meant(action) if one not in needed and one not in SAFE_EXTRAS]
            if more:
                yield _finding(
                    Code.MORE_THAN_NEEDED,
                    Weight.ADVICE,
                    statement,
                    node.line,
                    f"{action} allows {_some(more)}, which these modes do not use.",
                    "Whoever gets hold of the keys can do it too.",
                    "Remove it, or choose the mode that needs it.",
                )


def _resources(statement: Statement, wish: Wish | None) -> Iterator[Finding]:
    own = None if wish is None else bucket_arn(wish.bucket, wish.partition)
    takes = any(one != LISTS_ALL.lower() for one in map(str.lower, texts(statement.actions)))
    for node, resource in _pairs(statement.resources):
        if resource in {"*", "arn:aws:s3:::*", "arn:aws:s3:::*/*"} and takes:
            yield _finding(
                Code.ALL_RESOURCES,
                Weight.DANGER,
                statement,
                node.line,
                f"{resource} means every bucket of the account.",
                "The keys of one store open all others.",
                f"Name the bucket: {own or 'arn:aws:s3:::BUCKET'} and {own or 'arn:aws:s3:::BUCKET'}/PREFIX*.",
            )
        elif own is not None and resource.startswith("arn:") and ":s3:" in resource and not _of(own, resource):
            yield _finding(
                Code.OTHER_BUCKET,
                Weight.FAULT,
                statement,
                node.line,
                f"{resource[:200]} is not the bucket of this store.",
                "The statement does nothing for it.",
                f"Write {own}, and {own}/PREFIX* for objects.",
            )


def _misplaced(statement: Statement) -> Iterator[Finding]:
    """Actions on resources that they are not for. Where the right resource stands beside it, it is only untidy."""
    resources = [one for one in texts(statement.resources) if one.startswith("arn:") and ":s3:" in one]
    buckets = [one for one in resources if "/" not in one and not one.endswith("*")]
    objects = [one for one in resources if "/" in one]
    loose = len(buckets) + len(objects) < len(statement.resources)
    for node, action in _pairs(statement.actions):
        if action.lower() in {"*", "s3:*"}:
            continue
        meant = _meant(action)
        is_object = bool(meant) and all(one in ON_OBJECTS for one in meant)
        is_bucket = bool(meant) and all(one in ON_BUCKETS for one in meant)
        for wrong, right, code, words in (
            (buckets if is_object else [], objects, Code.OBJECT_ON_BUCKET, ("objects", "bucket", "{}/PREFIX*")),
            (objects if is_bucket else [], buckets, Code.BUCKET_ON_OBJECT, ("the bucket", "objects", "{}")),
        ):
            if not wrong:
                continue
            works = bool(right) or loose
            bucket = wrong[0].partition("/")[0]
            yield _finding(
                code,
                Weight.ADVICE if works else Weight.FAULT,
                statement,
                node.line,
                f"{action} is for {words[0]}, but {wrong[0][:200]} names {words[1]}.",
                "It works by the other resource of this statement, which hides mistakes."
                if works
                else "It has no effect: the request is refused.",
                f"Write a statement of its own for it, with the resource {words[2].format(bucket)}.",
            )


def _meant(action: str) -> list[str]:
    """The known actions that a word stands for."""
    if "*" not in action and "?" not in action:
        return [one for one in (*ON_OBJECTS, *ON_BUCKETS) if one.lower() == action.lower()]
    return [one for one in (*ON_OBJECTS, *ON_BUCKETS) if matches(action.lower(), one.lower())]


def _below_a_prefix(resource: str) -> bool:
    key = resource.partition("/")[2]
    return bool(key.rstrip("*")) and "/" in key


def _of(bucket: str, resource: str) -> bool:
    return covers([resource.partition("/")[0]], bucket)


def _pairs(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, str]]:
    yield from zip(nodes, texts(nodes), strict=True)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown  # noqa: PLR2004 - three are enough to see


def _finding(code: Code, weight: Weight, statement: Statement, line: int, what: str, why: str, write: str) -> Finding:
    return Finding(code, weight, line, statement.number, statement.sid, what, why, write)
