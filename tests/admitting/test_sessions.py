"""Signing in and out."""

from __future__ import annotations

import asyncio
import threading

import pytest

from admitting.conftest import PASSWORD, PLACE, Time, actions
from moorage.admitting import (
    Door,
    SlowPasswords,
    change_password,
    principal_of_session,
    set_disabled,
    set_password,
    sign_in,
    sign_out,
)
from moorage.keyring import Argon2Passwords
from moorage.model.access import SYSTEM, Principal, User
from moorage.model.errors import Busy, Invalid, SignInNeeded, TooManyTries

DAY_S = 24 * 3600


async def _fails(door: Door, email: str = "ada@example.org", address: str = PLACE) -> None:
    with pytest.raises(SignInNeeded):
        await sign_in(door, email, "wrong password", address=address)


async def test_a_password_begins_a_session_of_14_days(door: Door, admin: User, time: Time) -> None:
    signed_in = await sign_in(door, " ADA@example.org ", PASSWORD, address=PLACE)
    principal = await principal_of_session(door, signed_in.text)
    assert (principal.user, principal.session) == (admin.id, True)
    time.pass_s(14 * DAY_S - 1)
    await principal_of_session(door, signed_in.text)
    time.pass_s(1)
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, signed_in.text)


async def test_signing_out_ends_this_session_only(door: Door, admin: User) -> None:
    one = await sign_in(door, admin.email, PASSWORD, address=PLACE)
    two = await sign_in(door, admin.email, PASSWORD, address=PLACE)
    await sign_out(door, one.text)
    await sign_out(door, one.text)
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, one.text)
    await principal_of_session(door, two.text)
    assert (await actions(door))[-3:] == ["session.begin", "session.begin", "session.end"]


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org", "not an address", "", "\udcff\x00@"])
async def test_a_wrong_password_and_an_unknown_account_answer_the_same(door: Door, admin: User, email: str) -> None:
    with pytest.raises(SignInNeeded) as caught:
        await sign_in(door, email, "wrong password", address=PLACE)
    assert caught.value.message == "The e-mail or the password is wrong."


async def test_an_unknown_account_costs_a_hash_too(door: Door, admin: User) -> None:
    asked: list[str] = []

    class Counting(Argon2Passwords):
        def matches(self, hash_: str, password: str) -> bool:
            asked.append(hash_)
            return super().matches(hash_, password)

    passwords = SlowPasswords(Counting(memory_kib=64, rounds=1, lanes=1))
    counting = Door(door.facts, passwords, door.clock)
    await _fails(counting)
    await _fails(counting, "nobody@example.org")
    await passwords.aclose()
    assert [bool(hash_) for hash_ in asked] == [True, False]


async def test_who_is_shut_out_cannot_sign_in(door: Door, ada: Principal, mia: Principal) -> None:
    await set_disabled(door, ada, mia.user, disabled=True)
    with pytest.raises(SignInNeeded):
        await sign_in(door, mia.email, PASSWORD, address=PLACE)
    await set_disabled(door, ada, mia.user, disabled=False)
    await sign_in(door, mia.email, PASSWORD, address=PLACE)


async def test_after_five_failures_an_account_waits_twice_as_long_each_time(
    door: Door, admin: User, time: Time
) -> None:
    for _ in range(5):
        await _fails(door)
    for wait_s in (1, 2, 4, 8):
        with pytest.raises(TooManyTries) as caught:
            await sign_in(door, admin.email, PASSWORD, address=PLACE)
        assert caught.value.retry_after_s == wait_s
        time.pass_s(wait_s - 0.001)
        with pytest.raises(TooManyTries):
            await sign_in(door, admin.email, PASSWORD, address="198.51.100.1")
        time.pass_s(0.001)
        await _fails(door)


async def test_a_success_begins_anew(door: Door, admin: User, time: Time) -> None:
    for _ in range(5):
        await _fails(door)
    time.pass_s(1)
    await sign_in(door, admin.email, PASSWORD, address=PLACE)
    for _ in range(5):
        await _fails(door)


async def test_failures_are_forgotten_after_an_hour(door: Door, admin: User, time: Time) -> None:
    for _ in range(5):
        await _fails(door)
    time.pass_s(3601)
    for _ in range(5):
        await _fails(door)


async def test_an_unknown_account_is_throttled_like_a_known_one(door: Door) -> None:
    for _ in range(5):
        await _fails(door, "nobody@example.org")
    with pytest.raises(TooManyTries):
        await sign_in(door, "nobody@example.org", "x", address=PLACE)


@pytest.mark.parametrize(
    ("address", "neighbour", "stranger"),
    [
        (PLACE, PLACE, "192.0.2.8"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.7", PLACE, "192.0.2.8"),
        ("unix socket", "unix socket", PLACE),
    ],
)
async def test_an_address_that_tries_many_accounts_waits(
    door: Door, admin: User, address: str, neighbour: str, stranger: str
) -> None:
    for number in range(20):
        await _fails(door, f"guess{number}@example.org", address)
    with pytest.raises(TooManyTries):
        await sign_in(door, admin.email, PASSWORD, address=neighbour)
    await sign_in(door, admin.email, PASSWORD, address=stranger)


async def test_an_office_that_signs_in_is_no_attack_and_an_accomplice_does_not_free_its_address(
    door: Door, admin: User
) -> None:
    for _ in range(30):
        await sign_in(door, admin.email, PASSWORD, address=PLACE)
    for number in range(20):
        await _fails(door, f"guess{number}@example.org")
        if number < 19:
            await sign_in(door, admin.email, PASSWORD, address=PLACE)
    with pytest.raises(TooManyTries):
        await sign_in(door, admin.email, PASSWORD, address=PLACE)


async def test_many_guesses_at_once_are_counted_before_they_are_answered(door: Door, admin: User) -> None:
    guesses = [sign_in(door, admin.email, f"guess {number}", address=PLACE) for number in range(30)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(answer, SignInNeeded) for answer in answers) == 5
    assert sum(isinstance(answer, TooManyTries) for answer in answers) == 25


async def test_who_finds_the_door_crowded_has_not_failed(door: Door, admin: User) -> None:
    open_ = threading.Event()

    class Waiting(Argon2Passwords):
        def matches(self, hash_: str, password: str) -> bool:
            open_.wait(10)
            return super().matches(hash_, password)

    passwords = SlowPasswords(Waiting(memory_kib=64, rounds=1, lanes=1))
    crowd = asyncio.gather(*(passwords.matches("", str(number)) for number in range(66)))
    await asyncio.sleep(0)
    for _ in range(10):
        with pytest.raises(Busy):
            await sign_in(Door(door.facts, passwords, door.clock), admin.email, PASSWORD, address=PLACE)
    open_.set()
    await crowd
    await passwords.aclose()
    await sign_in(door, admin.email, PASSWORD, address=PLACE)


async def test_what_was_typed_is_not_kept_in_the_count(door: Door) -> None:
    await _fails(door, "my secret password")
    rows = await door.facts.read(lambda tx: tx.statements.rows("SELECT who FROM sign_in_try"))  # type: ignore[attr-defined] # the test looks below the port
    assert len(rows) == 2
    assert not any("secret" in who for (who,) in rows)


async def test_a_password_is_changed_by_naming_the_present_one(door: Door, ada: Principal) -> None:
    before = await sign_in(door, ada.email, PASSWORD, address=PLACE)
    with pytest.raises(SignInNeeded):
        await change_password(door, ada, "wrong password", "another good one", address=PLACE)
    with pytest.raises(Invalid):
        await change_password(door, ada, PASSWORD, "short", address=PLACE)
    after = await change_password(door, ada, PASSWORD, "another good one", address=PLACE)
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, before.text)
    assert (await principal_of_session(door, after.text)).user == ada.user
    assert (await actions(door))[-1] == "password.change"


async def test_an_outdated_hash_is_made_anew_and_sessions_stay(door: Door, admin: User) -> None:
    kept = await sign_in(door, admin.email, PASSWORD, address=PLACE)
    old = await door.facts.read(lambda tx: tx.people.password_hash(admin.id))
    stronger = SlowPasswords(Argon2Passwords(memory_kib=128, rounds=1, lanes=1))
    await sign_in(Door(door.facts, stronger, door.clock), admin.email, PASSWORD, address=PLACE)
    new = await door.facts.read(lambda tx: tx.people.password_hash(admin.id))
    await stronger.aclose()
    assert "m=64," in old
    assert "m=128," in new
    await principal_of_session(door, kept.text)
    await sign_in(door, admin.email, PASSWORD, address=PLACE)


async def test_a_password_that_changed_meanwhile_admits_nobody(door: Door, admin: User) -> None:
    class Slow(Argon2Passwords):
        def matches(self, hash_: str, password: str) -> bool:
            changed.result()
            return super().matches(hash_, password)

    changed = asyncio.run_coroutine_threadsafe(
        set_password(door, SYSTEM, admin.id, "another good one"), asyncio.get_running_loop()
    )
    slow = SlowPasswords(Slow(memory_kib=64, rounds=1, lanes=1))
    with pytest.raises(SignInNeeded):
        await sign_in(Door(door.facts, slow, door.clock), admin.email, PASSWORD, address=PLACE)
    await slow.aclose()


async def test_at_most_two_hashes_run_at_once_and_a_crowd_is_told_to_come_again() -> None:
    running, most = 0, 0

    class Watched(Argon2Passwords):
        def matches(self, hash_: str, password: str) -> bool:
            nonlocal running, most
            running += 1
            most = max(most, running)
            answer = super().matches(hash_, password)
            running -= 1
            return answer

    passwords = SlowPasswords(Watched(memory_kib=1024, rounds=1, lanes=1))
    asked = [passwords.matches("", str(number)) for number in range(70)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await passwords.aclose()
    assert most <= 2
    assert sum(isinstance(answer, Busy) for answer in answers) == 4
