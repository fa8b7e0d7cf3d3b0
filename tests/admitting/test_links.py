"""One-time links."""

from __future__ import annotations

import asyncio

import pytest

from admitting.conftest import PASSWORD, PLACE, Time, actions
from moorage.admitting import (
    Door,
    SignedIn,
    choose_password,
    enter_by_link,
    first_admin,
    look_at_link,
    make_link,
    may_choose,
    principal_of_session,
    set_disabled,
    sign_in,
)
from moorage.model.access import SYSTEM, Principal, Role, User, UserId
from moorage.model.errors import Conflict, Forbidden, Invalid, NotFound, Refused, SignInNeeded


async def _choose(door: Door, link: str, password: str) -> SignedIn:
    """All that a person does with a link."""
    entered = await enter_by_link(door, link)
    return await choose_password(door, await principal_of_session(door, entered.text), entered.text, password)


async def test_looking_does_no_harm_and_entering_works_once(door: Door, admin: User) -> None:
    link = await make_link(door, SYSTEM, admin.id)
    for _ in range(3):
        assert await look_at_link(door, link.text) == admin
    entered = await enter_by_link(door, link.text)
    principal = await principal_of_session(door, entered.text)
    assert (principal.email, principal.everywhere, principal.session) == ("ada@example.org", Role.ADMIN, True)
    with pytest.raises(SignInNeeded, match="used already"):
        await enter_by_link(door, link.text)
    with pytest.raises(SignInNeeded, match="used already"):
        await look_at_link(door, link.text)
    assert await actions(door) == ["user.add", "grant.set", "link.make", "link.use"]


async def test_of_many_who_use_a_link_at_once_one_gets_in(door: Door, admin: User) -> None:
    link = await make_link(door, SYSTEM, admin.id)
    answers = await asyncio.gather(*(enter_by_link(door, link.text) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(answer, SignInNeeded) for answer in answers) == 5


async def test_who_entered_by_a_link_has_an_hour_to_choose_a_password(door: Door, admin: User, time: Time) -> None:
    entered = await enter_by_link(door, (await make_link(door, SYSTEM, admin.id)).text)
    principal = await principal_of_session(door, entered.text)
    time.pass_s(3599)
    await principal_of_session(door, entered.text)
    time.pass_s(1)
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, entered.text)
    with pytest.raises(SignInNeeded):
        await choose_password(door, principal, entered.text, "another good one")


async def test_a_chosen_password_holds_and_a_normal_session_begins(door: Door, admin: User, time: Time) -> None:
    signed_in = await _choose(door, (await make_link(door, SYSTEM, admin.id)).text, "another good one")
    assert not may_choose(signed_in.text)
    assert signed_in.expires_ms == time.ms + 14 * 24 * 3600 * 1000
    await principal_of_session(door, signed_in.text)
    await sign_in(door, "ada@example.org", "another good one", address=PLACE)
    assert (await actions(door))[-3:] == ["link.use", "password.choose", "session.begin"]


async def test_only_a_session_that_a_link_began_chooses_without_the_present_password(
    door: Door, ada: Principal, mia: Principal
) -> None:
    signed_in = await sign_in(door, ada.email, PASSWORD, address=PLACE)
    hers = await enter_by_link(door, (await make_link(door, SYSTEM, mia.user)).text)
    with pytest.raises(Refused):
        await choose_password(door, ada, signed_in.text, "another good one")
    for session in (f"link_{signed_in.text}", hers.text):
        with pytest.raises(SignInNeeded):
            await choose_password(door, ada, session, "another good one")
    await sign_in(door, ada.email, PASSWORD, address=PLACE)


async def test_a_link_ends_after_15_minutes(door: Door, admin: User, time: Time) -> None:
    link = await make_link(door, SYSTEM, admin.id)
    assert link.expires_ms == time.ms + 15 * 60 * 1000
    time.pass_s(15 * 60 - 1)
    await look_at_link(door, link.text)
    time.pass_s(1)
    with pytest.raises(SignInNeeded, match="expired"):
        await look_at_link(door, link.text)
    with pytest.raises(SignInNeeded, match="expired"):
        await enter_by_link(door, link.text)


async def test_a_bad_password_leaves_the_session_good(door: Door, admin: User) -> None:
    entered = await enter_by_link(door, (await make_link(door, SYSTEM, admin.id)).text)
    principal = await principal_of_session(door, entered.text)
    with pytest.raises(Invalid):
        await choose_password(door, principal, entered.text, "short")
    await choose_password(door, principal, entered.text, "another good one")


async def test_a_chosen_password_ends_other_sessions_and_other_links(door: Door, admin: User) -> None:
    before = await sign_in(door, "ada@example.org", PASSWORD, address=PLACE)
    first, second = [await make_link(door, SYSTEM, admin.id) for _ in range(2)]
    await _choose(door, second.text, "another good one")
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, before.text)
    with pytest.raises(SignInNeeded):
        await enter_by_link(door, first.text)


async def test_an_unknown_link_admits_nobody(door: Door) -> None:
    with pytest.raises(SignInNeeded, match="not known"):
        await enter_by_link(door, "made up")


async def test_only_an_admin_makes_links(door: Door, admin: User, mia: Principal) -> None:
    with pytest.raises(Forbidden):
        await make_link(door, mia, admin.id)
    with pytest.raises(NotFound):
        await make_link(door, SYSTEM, UserId(999))


async def test_who_is_shut_out_gets_no_link_and_keeps_none(door: Door, ada: Principal, mia: Principal) -> None:
    link = await make_link(door, ada, mia.user)
    await set_disabled(door, ada, mia.user, disabled=True)
    with pytest.raises(SignInNeeded):
        await enter_by_link(door, link.text)
    with pytest.raises(Conflict):
        await make_link(door, ada, mia.user)


async def test_the_first_start_makes_an_admin_and_each_start_names_it_until_it_has_a_password(door: Door) -> None:
    first = await first_admin(door, email="Root@Example.org")
    assert first is not None
    assert (first.email, first.has_password) == ("root@example.org", False)
    assert await first_admin(door) == first
    link = await make_link(door, SYSTEM, first.id)
    signed_in = await _choose(door, link.text, "another good one")
    assert (await principal_of_session(door, signed_in.text)).everywhere is Role.ADMIN
    assert await first_admin(door) is None


async def test_the_first_admin_has_a_name_where_none_is_set(door: Door) -> None:
    first = await first_admin(door)
    assert first is not None
    assert first.email == "admin@localhost"
