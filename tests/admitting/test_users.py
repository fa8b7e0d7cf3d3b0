"""Users and roles."""

from __future__ import annotations

import asyncio

import pytest

from admitting.conftest import PASSWORD, PLACE, actions
from moorage.admitting import (
    Door,
    add_user,
    find_user,
    list_users,
    normal_email,
    principal_of_session,
    remove_user,
    set_disabled,
    set_password,
    set_role,
    sign_in,
)
from moorage.model.access import SYSTEM, Grant, Principal, Role, User, UserId
from moorage.model.catalogue import ProjectId
from moorage.model.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound, SignInNeeded

NO_PROJECT = ProjectId(999)


async def test_users_are_listed_with_what_they_may_do(door: Door, ada: Principal, project: ProjectId) -> None:
    bob = await add_user(door, ada, " Bob@Example.org ", role=Role.EDITOR, project=project)
    await set_role(door, ada, bob.id, Role.VIEWER)
    members = await list_users(door, ada)
    assert [member.user.email for member in members] == ["ada@example.org", "bob@example.org"]
    assert members[1].grants == (Grant(bob.id, Role.VIEWER), Grant(bob.id, Role.EDITOR, project))
    assert not members[1].user.has_password
    assert await find_user(door, ada, "BOB@example.org") == members[1].user
    assert (await actions(door))[-3:] == ["user.add", "grant.set", "grant.set"]


async def test_an_email_is_taken_once_whatever_its_case(door: Door, ada: Principal) -> None:
    with pytest.raises(AlreadyExists):
        await add_user(door, ada, "ADA@example.org")


async def test_a_user_that_could_not_be_made_whole_is_not_made(door: Door, ada: Principal) -> None:
    with pytest.raises(NotFound):
        await add_user(door, ada, "bob@example.org", role=Role.EDITOR, project=NO_PROJECT)
    with pytest.raises(Invalid):
        await add_user(door, ada, "bob@example.org", password="short")
    with pytest.raises(NotFound):
        await find_user(door, ada, "bob@example.org")
    assert await actions(door) == ["user.add", "grant.set"]


async def test_only_an_admin_has_to_do_with_users(door: Door, admin: User, mia: Principal) -> None:
    for attempt in (
        list_users(door, mia),
        find_user(door, mia, "ada@example.org"),
        add_user(door, mia, "eve@example.org"),
        remove_user(door, mia, admin.id),
        set_disabled(door, mia, admin.id, disabled=True),
        set_password(door, mia, admin.id, "another good one"),
        set_role(door, mia, mia.user, Role.ADMIN),
    ):
        with pytest.raises(Forbidden):
            await attempt


async def test_a_manager_grants_on_its_project_up_to_its_own_role(
    door: Door, ada: Principal, mia: Principal, project: ProjectId
) -> None:
    bob = (await add_user(door, ada, "bob@example.org")).id
    await set_role(door, mia, bob, Role.MANAGER, project=project)
    await set_role(door, mia, bob, None, project=project)
    with pytest.raises(Forbidden):
        await set_role(door, mia, bob, Role.ADMIN, project=project)
    await set_role(door, ada, bob, Role.ADMIN, project=project)
    with pytest.raises(Forbidden):
        await set_role(door, mia, bob, Role.VIEWER, project=project)
    other = (await door.facts.write(lambda tx: tx.projects.add("other"))).id
    with pytest.raises(NotFound):
        await set_role(door, mia, bob, Role.VIEWER, project=other)


async def test_an_editor_grants_nothing(door: Door, ada: Principal, project: ProjectId) -> None:
    bob = await add_user(door, ada, "bob@example.org", role=Role.EDITOR, project=project)
    principal = await door.facts.read(lambda tx: tx.people.principal(bob.id))
    with pytest.raises(Forbidden):
        await set_role(door, principal, bob.id, Role.VIEWER, project=project)


async def test_the_last_admin_stays(door: Door, ada: Principal) -> None:
    for attempt in (
        remove_user(door, ada, ada.user),
        set_disabled(door, ada, ada.user, disabled=True),
        set_role(door, ada, ada.user, None),
        set_role(door, SYSTEM, ada.user, Role.MANAGER),
    ):
        with pytest.raises(Conflict, match="last admin"):
            await attempt
    await set_role(door, ada, ada.user, Role.ADMIN)
    bob = await add_user(door, ada, "bob@example.org", role=Role.ADMIN)
    await set_disabled(door, ada, bob.id, disabled=True)
    with pytest.raises(Conflict, match="last admin"):
        await remove_user(door, ada, ada.user)
    await set_disabled(door, ada, bob.id, disabled=False)
    await remove_user(door, ada, ada.user)


async def test_two_admins_who_remove_each_other_leave_one(door: Door, ada: Principal) -> None:
    bob = await add_user(door, ada, "bob@example.org", role=Role.ADMIN)
    both = await asyncio.gather(
        remove_user(door, SYSTEM, ada.user), remove_user(door, SYSTEM, bob.id), return_exceptions=True
    )
    assert sorted(map(str, map(type, both))) == sorted(map(str, [Conflict, type(None)]))


async def test_a_removed_user_is_out_at_once(door: Door, ada: Principal, mia: Principal) -> None:
    session = await sign_in(door, mia.email, PASSWORD, address=PLACE)
    await remove_user(door, ada, mia.user)
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, session.text)
    with pytest.raises(NotFound):
        await remove_user(door, ada, mia.user)


async def test_a_password_that_an_admin_sets_ends_all_sessions(door: Door, ada: Principal, mia: Principal) -> None:
    session = await sign_in(door, mia.email, PASSWORD, address=PLACE)
    await set_password(door, ada, mia.user, "another good one")
    with pytest.raises(SignInNeeded):
        await principal_of_session(door, session.text)
    await sign_in(door, mia.email, "another good one", address=PLACE)
    with pytest.raises(NotFound):
        await set_password(door, ada, UserId(999), "another good one")


@pytest.mark.parametrize("text", ["", "ada", "a@b@c", "a b@c", "a@", "@b", "a@b\x00", "\udcff@b", "a" * 250 + "@b.org"])
def test_what_is_no_email_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        normal_email(text)
