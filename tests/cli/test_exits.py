"""The table from errors to exit codes is whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from moorage.cli.exits import CODES, MEANINGS, Exit, code_of
from moorage.model import errors
from moorage.model.errors import MoorageError


def every(kind: type[MoorageError]) -> Iterator[type[MoorageError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from every(below)


@pytest.mark.parametrize("kind", [*every(MoorageError)])
def test_every_error_has_a_code_and_only_the_root_is_unexpected(kind: type[MoorageError]) -> None:
    code = code_of(kind("x"))
    assert (code is Exit.UNEXPECTED) == (kind in (MoorageError, errors.StoreError))


def test_codes_are_those_that_are_promised() -> None:
    promised = {
        errors.Invalid: 2, errors.ObjectNotFound: 3, errors.StoreDenied: 4, errors.ProbeFailed: 4,
        errors.StoreUnreachable: 5, errors.BodyBroken: 7, errors.AlreadyExists: 8, errors.InUse: 8,
    }  # fmt: skip
    assert {kind: int(code_of(kind("x"))) for kind in promised} == promised


def test_every_code_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Exit)
    assert set(CODES.values()) <= set(Exit)
