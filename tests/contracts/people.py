"""What every catalogue promises about people; a database's tests subclass ``PeopleContract``."""

from __future__ import annotations

import asyncio

import pytest

from contracts.proofs import ProofsContract
from moorage.model.access import Grant, Principal, Role, Token, User, UserId
from moorage.model.errors import AlreadyExists, Forbidden, NotFound, SignInNeeded
from moorage.model.transaction import Facts, Transaction

NOBODY = UserId(999_999)


def _token(user: User, *, role: Role | None = None, project: int | None = None) -> Token:
    return Token(0, user.id, "t", 1, role=role, project=project)


class PeopleContract(ProofsContract):
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_a_user_is_found_by_id_and_by_email(self, facts: Facts) -> None:
        user = await facts.write(lambda tx: tx.people.add("ada@example.org"))
        assert (user.email, user.has_password, user.disabled) == ("ada@example.org", False, False)
        assert await facts.read(lambda tx: tx.people.get(user.id)) == user
        assert await facts.read(lambda tx: tx.people.named("ada@example.org")) == user
        assert await facts.read(lambda tx: tx.people.named("bob@example.org")) is None
        assert await facts.read(lambda tx: tx.people.all()) == [user]

    async def test_an_email_is_taken_once(self, facts: Facts) -> None:
        def twice(tx: Transaction) -> int:
            tx.people.add("ada@example.org")
            with pytest.raises(AlreadyExists):
                tx.people.add("ada@example.org")
            return len(tx.people.all())

        assert await facts.write(twice) == 1

    async def test_the_id_of_a_removed_user_never_comes_back(self, facts: Facts) -> None:
        first = await facts.write(lambda tx: tx.people.add("ada@example.org"))
        await facts.write(lambda tx: tx.people.remove(first.id))
        second = await facts.write(lambda tx: tx.people.add("ada@example.org"))
        assert second.id > first.id

    async def test_a_removed_user_leaves_no_way_in(self, facts: Facts) -> None:
        def arrive(tx: Transaction) -> User:
            user = tx.people.add("ada@example.org")
            tx.people.set_grant(user.id, Role.ADMIN)
            tx.people.add_session(user.id, b"s", 2**45)
            tx.people.add_link(user.id, b"l", 2**45)
            tx.people.add_token(_token(user), b"t")
            return user

        user = await facts.write(arrive)
        await facts.write(lambda tx: tx.people.remove(user.id))

        def ways(tx: Transaction) -> list[object]:
            people = tx.people
            return [people.session(b"s", 1), people.link(b"l"), people.token(b"t", 1), *people.grants(), *people.all()]

        assert await facts.read(ways) == [None, None, None]
        with pytest.raises(SignInNeeded):
            await facts.read(lambda tx: tx.people.principal(user.id))

    async def test_what_concerns_nobody_is_not_found(self, facts: Facts) -> None:
        def each(tx: Transaction) -> None:
            with pytest.raises(NotFound):
                tx.people.get(NOBODY)
            with pytest.raises(NotFound):
                tx.people.remove(NOBODY)
            with pytest.raises(NotFound):
                tx.people.password_hash(NOBODY)
            with pytest.raises(NotFound):
                tx.people.set_password_hash(NOBODY, "x")
            with pytest.raises(NotFound):
                tx.people.set_disabled(NOBODY, disabled=True)
            with pytest.raises(NotFound):
                tx.people.set_grant(NOBODY, Role.ADMIN)
            with pytest.raises(NotFound):
                tx.people.remove_token(999_999)
            with pytest.raises(SignInNeeded):
                tx.people.principal(NOBODY)

        await facts.write(each)

    async def test_another_password_ends_sessions_and_links(self, facts: Facts) -> None:
        def change(tx: Transaction) -> list[object]:
            user = tx.people.add("ada@example.org")
            tx.people.add_session(user.id, b"s", 2**45)
            tx.people.add_link(user.id, b"l", 2**45)
            tx.people.set_password_hash(user.id, "one", keep_sessions=True)
            kept = tx.people.session(b"s", 1)
            tx.people.set_password_hash(user.id, "two")
            known = tx.people.get(user.id).has_password, tx.people.password_hash(user.id)
            return [kept == user.id, tx.people.session(b"s", 1), tx.people.use_link(b"l", 1), known]

        assert await facts.write(change) == [True, None, None, (True, "two")]

    async def test_who_is_shut_out_has_no_way_in_until_let_in_again(self, facts: Facts) -> None:
        def shut(tx: Transaction) -> User:
            user = tx.people.add("ada@example.org")
            tx.people.add_token(_token(user), b"t")
            tx.people.add_session(user.id, b"s", 2**45)
            tx.people.set_disabled(user.id, disabled=True)
            return tx.people.get(user.id)

        user = await facts.write(shut)
        assert user.disabled
        assert await facts.read(lambda tx: (tx.people.token(b"t", 1), tx.people.session(b"s", 1))) == (None, None)
        with pytest.raises(SignInNeeded):
            await facts.read(lambda tx: tx.people.principal(user.id))
        await facts.write(lambda tx: tx.people.set_disabled(user.id, disabled=False))
        token = await facts.read(lambda tx: tx.people.token(b"t", 1))
        assert token is not None
        assert await facts.read(lambda tx: tx.people.session(b"s", 1)) is None

    async def test_grants_are_set_changed_and_withdrawn(self, facts: Facts) -> None:
        def grant(tx: Transaction) -> list[list[Grant]]:
            user = tx.people.add("ada@example.org").id
            tx.people.set_grant(user, Role.VIEWER, 7)
            tx.people.set_grant(user, Role.MANAGER, 7)
            tx.people.set_grant(user, Role.EDITOR)
            both = tx.people.grants(user)
            tx.people.set_grant(user, None, 7)
            tx.people.set_grant(user, None, 8)
            other = tx.people.add("bob@example.org").id
            tx.people.set_grant(other, Role.VIEWER, 7)
            return [both, tx.people.grants(user), tx.people.grants()]

        both, left, all_ = await facts.write(grant)
        assert [(one.role, one.project) for one in both] == [(Role.EDITOR, None), (Role.MANAGER, 7)]
        assert left == both[:1]
        assert [(one.role, one.project) for one in all_] == [(Role.EDITOR, None), (Role.VIEWER, 7)]

    async def test_a_principal_has_the_roles_that_were_granted(self, facts: Facts) -> None:
        def principal(tx: Transaction) -> Principal:
            user = tx.people.add("ada@example.org").id
            tx.people.set_grant(user, Role.VIEWER)
            tx.people.set_grant(user, Role.MANAGER, 7)
            return tx.people.principal(user, session=True)

        found = await facts.write(principal)
        assert (found.email, found.session, found.everywhere, dict(found.roles)) == (
            "ada@example.org",
            True,
            Role.VIEWER,
            {7: Role.MANAGER},
        )

    async def test_a_token_narrows_and_never_widens(self, facts: Facts) -> None:
        def narrowed(tx: Transaction) -> list[Principal]:
            user = tx.people.add("ada@example.org")
            tx.people.set_grant(user.id, Role.EDITOR)
            tx.people.set_grant(user.id, Role.MANAGER, 7)
            tokens = [
                _token(user),
                _token(user, role=Role.ADMIN),
                _token(user, role=Role.VIEWER),
                _token(user, project=7),
                _token(user, project=8, role=Role.ADMIN),
                _token(user, project=7, role=Role.VIEWER),
            ]
            return [tx.people.principal(user.id, token=token) for token in tokens]

        found = await facts.write(narrowed)
        assert [(one.everywhere, dict(one.roles)) for one in found] == [
            (Role.EDITOR, {7: Role.MANAGER}),
            (Role.EDITOR, {7: Role.MANAGER}),
            (Role.VIEWER, {7: Role.VIEWER}),
            (None, {7: Role.MANAGER}),
            (None, {8: Role.EDITOR}),
            (None, {7: Role.VIEWER}),
        ]
        with pytest.raises(NotFound):
            found[3].need(Role.VIEWER, 8)
        with pytest.raises(Forbidden):
            found[3].need_everywhere(Role.VIEWER)

    async def test_a_token_on_a_project_that_its_user_may_not_see_reaches_nothing(self, facts: Facts) -> None:
        def narrowed(tx: Transaction) -> Principal:
            user = tx.people.add("ada@example.org")
            tx.people.set_grant(user.id, Role.EDITOR, 8)
            return tx.people.principal(user.id, token=_token(user, project=7))

        found = await facts.write(narrowed)
        assert (found.everywhere, dict(found.roles), found.visible) == (None, {}, frozenset())

    async def test_only_admins_on_everything_who_are_let_in_count_as_admins(self, facts: Facts) -> None:
        def people(tx: Transaction) -> tuple[list[UserId], list[UserId], list[bool]]:
            ids = [tx.people.add(f"{name}@example.org").id for name in "abcd"]
            tx.people.set_grant(ids[0], Role.MANAGER)
            tx.people.set_grant(ids[1], Role.ADMIN, 7)
            tx.people.set_grant(ids[2], Role.ADMIN)
            tx.people.set_grant(ids[3], Role.ADMIN)
            tx.people.set_disabled(ids[3], disabled=True)
            has = []
            for one in (0, 1, 3, 2):
                tx.people.set_password_hash(ids[one], "x")
                has.append(tx.people.admin_has_password())
            return ids, tx.people.admins(), has

        ids, admins, has = await facts.write(people)
        assert admins == [ids[2]]
        assert has == [False, False, False, True]

    async def test_two_admins_cannot_demote_each_other_at_the_same_time(self, facts: Facts) -> None:
        def both(tx: Transaction) -> list[UserId]:
            ids = [tx.people.add(f"{name}@example.org").id for name in "ab"]
            for one in ids:
                tx.people.set_grant(one, Role.ADMIN)
            return ids

        first, second = await facts.write(both)

        def demote(tx: Transaction, whom: UserId) -> bool:
            if tx.people.admins() == [whom]:
                return False
            tx.people.set_grant(whom, None)
            return True

        done = await asyncio.gather(
            facts.write(lambda tx: demote(tx, first)), facts.write(lambda tx: demote(tx, second))
        )
        assert sorted(done) == [False, True]
        assert len(await facts.write(lambda tx: tx.people.admins())) == 1
