"""The reference page of all commands, written from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from typer import Context
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from moorage.cli.exits import CODES, MEANINGS

_INTRODUCTION: Final = """# Commands

Data goes to stdout, progress and complaints to stderr. On a terminal lists are tables, in a pipe tab-separated lines.
With `--json` they are JSON as the REST API writes it: one document, or for lists one document a line.

Commands that talk to a server find it by `--url`, `MOORAGE_URL`, else on this machine, and sign in with
`MOORAGE_TOKEN`. `user`, `token`, `doctor`, `where` and `config` work on the data directory (`--data`, `MOORAGE_DATA`),
whether a server runs or not. No secret is ever an argument: it comes from a prompt, stdin, a file or the environment.

| exit code | meaning | errors |
|---|---|---|
"""


def reference() -> str:
    """The page docs/reference/cli.md."""
    from moorage.cli.application import app

    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return _INTRODUCTION + "".join(f"{line}\n" for line in (*_codes(), "", *_commands(root, "moorage")))


def _codes() -> Iterator[str]:
    for code, meaning in MEANINGS.items():
        errors = ", ".join(kind.__name__ for kind, its in CODES.items() if its is code)
        yield f"| {int(code)} | {meaning} | {errors} |"


def _commands(group: TyperGroup, name: str) -> Iterator[str]:
    for word in group.list_commands(Context(group)):
        command = group.commands[word]
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{name} {word}")
        elif isinstance(command, TyperCommand):
            yield from _command(command, f"{name} {word}")


def _command(command: TyperCommand, name: str) -> Iterator[str]:
    arguments = [parameter for parameter in command.params if isinstance(parameter, TyperArgument)]
    options = [parameter for parameter in command.params if isinstance(parameter, TyperOption) and not parameter.hidden]
    yield f"## {' '.join([name, *(_metavar(argument) for argument in arguments)])}"
    yield ""
    yield command.help or ""
    yield ""
    if arguments or options:
        yield "| | |"
        yield "|---|---|"
        for argument in arguments:
            yield f"| `{_metavar(argument)}` | {argument.help} |"
        for option in options:
            yield f"| {_names(option)} | {option.help}{' *Required.*' if option.required else ''} |"
        yield ""


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _names(option: TyperOption) -> str:
    value = "" if option.is_flag else f" {option.metavar or 'VALUE'}"
    return ", ".join(f"`{word}{value}`" for word in (*option.opts, *option.secondary_opts))
