"""`moorage store cors`: what a bucket lets pages of this server do, and making it so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from moorage.cli.exits import Exit
from moorage.cli.options import Json, Url
from moorage.cli.printing import Told, put_json, say, text
from moorage.cli.session import connected
from moorage.model.errors import Invalid

if TYPE_CHECKING:
    from moorage.client import Cors, CorsRule


def cors(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The store's name.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Compare only. This is the default.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Show the difference, ask, and change the bucket.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    mode: Annotated[
        list[str] | None,
        typer.Option(help="What the store is for; repeat it: serve-redirect, direct-upload, public-media."),
    ] = None,
    json: Json = False,
    url: Url = None,
) -> None:
    """Compare the CORS rules of a bucket with what browsers need; exit 4 where something is lacking.

    Only browsers that go to the bucket themselves need them: when a store is served by redirect,
    or for uploads straight into it. Rules of others are kept.
    """
    if check and apply:
        raise Invalid("--check changes nothing, --apply does.", "Give one of them.", field="apply")
    modes = tuple(mode or ())
    with connected(url) as client:
        found = client.cors(name, modes=modes)
        _tell(found)
        if apply and found.rules is None:
            raise Invalid(
                f"The rules of {name} cannot be read, so they are not replaced: those of others would be lost.",
                found.unread,
                field="name",
            )
        if apply and found.changes:
            if not yes:
                if not sys.stdin.isatty():
                    raise Invalid(f"The rules of {name} were left as they are.", "Repeat with --yes.", field="yes")
                typer.confirm(f"Change the CORS rules of {name}?", abort=True, err=True)
            found = client.apply_cors(name, modes=modes)
            say("The bucket has these rules now." if found.applied else "Nothing was changed.")
            _tell_answers(found)
    if json:
        put_json(found)
    if not found.enough:
        raise typer.Exit(Exit.REFUSED)


def _tell(found: Cors) -> None:
    """The comparison and the difference, on stderr."""
    _tell_answers(found)
    for sentence in _lacking(found):
        say(f"lacking: {sentence}")
    if found.unread:
        say(f"The rules cannot be read: {text(Told(found.unread))}")
    for note in found.notes:
        say(text(Told(note)))
    if found.changes:
        say("The difference:")
        before, after = found.rules or (), found.after or ()
        for rule in before:
            say(f"{'  ' if rule in after else '- '}{_line(rule)}")
        for rule in after:
            if rule not in before:
                say(f"+ {_line(rule)}")


def _lacking(found: Cors) -> Iterator[str]:
    for lack in found.lacks:
        if lack.refused:
            yield f"{lack.method} from {text(lack.origin)}"
        if lack.request_headers:
            yield f"pages may not send {', '.join(lack.request_headers)} with {lack.method}"
        if lack.exposed_headers:
            yield f"pages may not read {', '.join(lack.exposed_headers)} of {lack.method}"


def _tell_answers(found: Cors) -> None:
    for one in found.browser:
        say(f"{one.method:<7} from {text(one.origin)}: {'let in' if one.passes else 'refused'}")


def _line(rule: CorsRule) -> str:
    name = f"{text(rule.id)}: " if rule.id else ""
    words = [f"{', '.join(rule.methods)} from {', '.join(map(text, rule.origins))}"]
    words += [f"may send {', '.join(rule.request_headers)}"] if rule.request_headers else []
    words += [f"may read {', '.join(rule.exposed_headers)}"] if rule.exposed_headers else []
    return f"{name}{'; '.join(words)}; kept {rule.max_age_s} s"
