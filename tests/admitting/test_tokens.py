"""API tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from admitting.conftest import Time, actions
from moorage.admitting import Door, add_token, add_user, list_tokens, principal_of_token, remove_token, set_disabled
from moorage.model.access import SYSTEM, Principal, Role, UserId
from moorage.model.catalogue import ProjectId
from moorage.model.errors import Forbidden, Invalid, NotFound, SignInNeeded


async def test_a_token_admits_as_its_user_until_it_is_removed(door: Door, ada: Principal) -> None:
    new = await add_token(door, ada, " trainer ")
    assert new.text.startswith("mrg_")
    assert len(new.text) == 47
    assert new.token.name == "trainer"
    principal = await principal_of_token(door, new.text)
    assert (principal.user, principal.everywhere, principal.session) == (ada.user, Role.ADMIN, False)
    await remove_token(door, ada, new.token.id)
    with pytest.raises(SignInNeeded):
        await principal_of_token(door, new.text)
    assert (await actions(door))[-2:] == ["token.add", "token.remove"]


async def test_a_token_lives_a_year_or_as_long_as_was_said(door: Door, ada: Principal, time: Time) -> None:
    year, day, ever = [
        await add_token(door, ada, "t"),
        await add_token(door, ada, "t", lives=timedelta(days=1)),
        await add_token(door, ada, "t", lives=None),
    ]
    assert year.token.expires_ms == time.ms + 365 * 24 * 3600 * 1000
    time.pass_s(24 * 3600)
    with pytest.raises(SignInNeeded):
        await principal_of_token(door, day.text)
    await principal_of_token(door, year.text)
    time.pass_s(364 * 24 * 3600)
    with pytest.raises(SignInNeeded):
        await principal_of_token(door, year.text)
    await principal_of_token(door, ever.text)


async def test_a_token_is_narrowed_to_a_role_and_a_project(door: Door, ada: Principal, project: ProjectId) -> None:
    new = await add_token(door, ada, "t", role=Role.EDITOR, project=project)
    principal = await principal_of_token(door, new.text)
    assert (principal.everywhere, dict(principal.roles)) == (None, {project: Role.EDITOR})


async def test_a_token_of_an_admin_makes_tokens_and_a_narrowed_one_none(door: Door, ada: Principal) -> None:
    full = await principal_of_token(door, (await add_token(door, ada, "full")).text)
    await add_token(door, full, "another")
    narrow = await principal_of_token(door, (await add_token(door, ada, "narrow", role=Role.MANAGER)).text)
    with pytest.raises(Forbidden):
        await add_token(door, narrow, "wider")


async def test_a_person_makes_tokens_of_its_own_only(
    door: Door, ada: Principal, mia: Principal, project: ProjectId
) -> None:
    own = await add_token(door, mia, "mine", project=project)
    with pytest.raises(Forbidden):
        await add_token(door, mia, "hers", user=ada.user)
    with pytest.raises(Forbidden):
        await add_token(door, replace(mia, session=False), "by token")
    with pytest.raises(Forbidden):
        await list_tokens(door, mia, user=ada.user)
    with pytest.raises(Forbidden):
        await list_tokens(door, mia, everyone=True)
    hers = await add_token(door, ada, "hers")
    with pytest.raises(NotFound):
        await remove_token(door, mia, hers.token.id)
    assert await list_tokens(door, mia) == [own.token]
    assert await list_tokens(door, ada, user=mia.user) == [own.token]
    assert await list_tokens(door, ada, everyone=True) == [own.token, hers.token]
    await remove_token(door, ada, own.token.id)
    assert await list_tokens(door, mia) == []


async def test_the_server_itself_makes_tokens_of_users_only(door: Door, ada: Principal) -> None:
    new = await add_token(door, SYSTEM, "t", user=ada.user)
    assert (await principal_of_token(door, new.text)).email == ada.email
    with pytest.raises(NotFound):
        await add_token(door, SYSTEM, "t")
    with pytest.raises(NotFound):
        await add_token(door, SYSTEM, "t", user=UserId(999))


async def test_a_token_is_of_a_project_that_its_user_sees(door: Door, ada: Principal, project: ProjectId) -> None:
    eve = await add_user(door, ada, "eve@example.org")
    with pytest.raises(NotFound):
        await add_token(door, ada, "t", user=eve.id, project=project)
    with pytest.raises(NotFound):
        await add_token(door, ada, "t", project=ProjectId(999))


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x00", "x" * 201, "\udcff"])
async def test_a_name_is_printable_and_short(door: Door, ada: Principal, name: str) -> None:
    with pytest.raises(Invalid):
        await add_token(door, ada, name)


async def test_a_token_must_live_for_some_time(door: Door, ada: Principal) -> None:
    with pytest.raises(Invalid):
        await add_token(door, ada, "t", lives=timedelta(0))


async def test_the_last_use_is_noted_once_an_hour(door: Door, ada: Principal, time: Time) -> None:
    new = await add_token(door, ada, "t")
    seen = []
    for pause_s in (0, 1800, 1800):
        time.pass_s(pause_s)
        await principal_of_token(door, new.text)
        seen.append((await list_tokens(door, ada))[0].last_used_ms)
    assert seen == [time.ms - 3_600_000, time.ms - 3_600_000, time.ms]


async def test_the_token_of_who_is_shut_out_admits_nobody(door: Door, ada: Principal, mia: Principal) -> None:
    new = await add_token(door, mia, "t")
    await set_disabled(door, ada, mia.user, disabled=True)
    with pytest.raises(SignInNeeded):
        await principal_of_token(door, new.text)
    with pytest.raises(SignInNeeded):
        await principal_of_token(door, "mrg_made-up")
