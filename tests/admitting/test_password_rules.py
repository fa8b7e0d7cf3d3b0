"""What a password must be."""

from __future__ import annotations

import pytest

from moorage.admitting import check_password
from moorage.model.errors import Invalid


@pytest.mark.parametrize(
    "password",
    [
        "ninechars",
        "x" * 257,
        "aaaaaaaaaaaa",
        "abababababab",
        "grace.hopper@navy.example",
        "Grace.Hopper",
        "navy.example",
        "password123",
        "PasswordPassword",
        "!!moorage2026!!",
        "1234567890",
        "qwertyuiop",
        "abcdefghij",
    ],
)
def test_what_anyone_would_try_is_refused_without_repeating_it(password: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_password(password, "grace.hopper@navy.example")
    assert password not in str(caught.value)
    assert caught.value.field == "password"


@pytest.mark.parametrize(
    "password", ["tide pools", "correct horse battery", "ßtränge wörter", "x9$kQ2!mPz", "y" * 5 + "abcdefg" * 30]
)
def test_anything_else_of_ten_letters_will_do(password: str) -> None:
    check_password(password, "grace.hopper@navy.example")
