"""Password hashes."""

from __future__ import annotations

import argon2

from moorage.keyring import Argon2Passwords
from moorage.keyring.passwords import LANES, MEMORY_KIB, ROUNDS


def test_a_password_matches_its_own_hash_only() -> None:
    passwords = Argon2Passwords()
    hash_ = passwords.hash("correct horse")
    assert passwords.matches(hash_, "correct horse")
    assert not passwords.matches(hash_, "correct  horse")
    assert "correct" not in hash_
    assert passwords.hash("correct horse") != hash_


def test_the_same_letters_composed_otherwise_are_the_same_password() -> None:
    passwords = Argon2Passwords()
    assert passwords.matches(passwords.hash("caf\u00e9 au lait"), "cafe\u0301 au lait")


def test_an_empty_hash_is_no_password_but_costs_a_whole_hash() -> None:
    passwords = Argon2Passwords()
    assert not passwords.matches("", "")
    assert not passwords.matches("", "anything")
    parameters = argon2.extract_parameters(passwords._nobody)
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (MEMORY_KIB, ROUNDS, LANES)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)
    assert not passwords.outdated(passwords._nobody)


def test_a_broken_hash_matches_nothing() -> None:
    assert not Argon2Passwords().matches("not a hash", "x")


def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("x")
    passwords = Argon2Passwords()
    assert passwords.matches(weak, "x")
    assert passwords.outdated(weak)
    assert not passwords.outdated(passwords.hash("x"))


def test_letters_that_are_no_unicode_do_no_harm() -> None:
    passwords = Argon2Passwords()
    assert passwords.matches(passwords.hash("\ud800 lone"), "\ud800 lone")
