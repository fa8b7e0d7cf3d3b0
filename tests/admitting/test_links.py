"""One-time links."""

from __future__ import annotations

import asyncio

import pytest

from admitting.conftest import PASSWORD, PLACE, Time, actions
from moorage.admitting import (
    Door,
    first_admin,
    look_at_link,
    make_link,
    principal_of_session,
    set_disabled,
    sign_in,
    use_link,
)
from moorage.model.access import SYSTEM, Principal, Role, User, UserId
from moorage.model.errors import Conflict, Forbidden, Invalid, NotFound, SignInNeeded


async def test_looking_does_no_harm_and_using_works_once(door: Door, admin: User) -> None:
    link = await make_link(door, SYSTEM, admin.id)
    for _ in range(3):
        assert await look_at_link(door, link.text) == admin
    signed_in = await use_link(door, link.text, "another good one")
    principal = await principal_of_session(door, signed_in.text)
    assert (principal.email, principal.everywhere, principal.session) == ("ada@example.org", Role.ADMIN, True)
    with pytest.raises(SignInNeeded, match="used already"):
        await use_link(door, link.text, "a third good one")
    with pytest.raises(SignInNeeded, match="used already"):
        await look_at_link(door, link.text)
    await sign_in(door, "ada@example.org", "another good one", address=PLACE)
    assert await actions(door) == ["user.add", "grant.set", "link.make", "link.use", "session.begin"]


async def test_of_many_who_use_a_link_at_once_one_gets_in(door: Door, admin: User) -> None:
    link = await make_link(door, SYSTEM, admin.id)
    uses = [use_link(door, link.text, f"password number {number}") for number in range(6)]
    answers = await asyncio.gather(*uses, return_exceptions=True)
    assert sum(isinstance(answer, SignInNeeded) for answer in answers) == 5


async def test_a_link_ends_after_15_minutes(door: Door, admin: User, time: Time) -> None:
    link = await make_link(door, SYSTEM, admin.id)
    assert link.expires_ms == time.ms + 15 * 60 * 1000
    time.pass_s(15 * 60 - 1)
    await look_at_link(door, link.text)
    time.pass_s(1)
    with pytest.raises(SignInNeeded, match="expired"):
        await look_at_link(door, link.text)
    with pytest.raises(SignInNeeded, match="expired"):
        await use_link(door, link.text, "another good one")


async def test_a_bad_password_leaves_the_link_good(door: Door, admin: User) -> None:
    link = await make_link(door, SYSTEM, admin.id)
    with pytest.raises(Invalid):
        await use_link(door, link.text, "short")
    assert await look_at_link(door, link.text) == admin


async def test_a_link_ends_other_sessions_and_other_links(door: Door, admin: User) -> None:
    before = await sign_in(door, "ada@example.org", PASSWORD, address=PLACE)
    first, second = [await make_link(door, SYSTEM, admin.id) for _ in range(2)]
    await use_link(door, second.text, "another good one")
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, before.text)
    with pytest.raises(SignInNeeded):
        await use_link(door, first.text, "a third good one")


async def test_an_unknown_link_admits_nobody_and_costs_no_hash(door: Door) -> None:
    await door.passwords.aclose()
    with pytest.raises(SignInNeeded, match="not known"):
        await use_link(door, "made up", "another good one")


async def test_only_an_admin_makes_links(door: Door, admin: User, mia: Principal) -> None:
    with pytest.raises(Forbidden):
        await make_link(door, mia, admin.id)
    with pytest.raises(NotFound):
        await make_link(door, SYSTEM, UserId(999))


async def test_who_is_shut_out_gets_no_link_and_keeps_none(door: Door, ada: Principal, mia: Principal) -> None:
    link = await make_link(door, ada, mia.user)
    await set_disabled(door, ada, mia.user, disabled=True)
    with pytest.raises(SignInNeeded):
        await use_link(door, link.text, "another good one")
    with pytest.raises(Conflict):
        await make_link(door, ada, mia.user)


async def test_the_first_start_makes_an_admin_and_each_start_names_it_until_it_has_a_password(door: Door) -> None:
    first = await first_admin(door, email="Root@Example.org")
    assert first is not None
    assert (first.email, first.has_password) == ("root@example.org", False)
    assert await first_admin(door) == first
    link = await make_link(door, SYSTEM, first.id)
    signed_in = await use_link(door, link.text, "another good one")
    assert (await principal_of_session(door, signed_in.text)).everywhere is Role.ADMIN
    assert await first_admin(door) is None


async def test_the_first_admin_has_a_name_where_none_is_set(door: Door) -> None:
    first = await first_admin(door)
    assert first is not None
    assert first.email == "admin@localhost"
