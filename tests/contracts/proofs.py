"""What every catalogue promises about links, sessions, tokens and failed sign-ins."""

from __future__ import annotations

import asyncio

from moorage.model.access import Role, Token, UserId
from moorage.model.clock import now_ms
from moorage.model.transaction import Facts, Transaction

HOUR = 3_600_000


def _ada(tx: Transaction) -> UserId:
    return tx.people.add("ada@example.org").id


class ProofsContract:
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_a_link_admits_once(self, facts: Facts) -> None:
        later = now_ms() + HOUR

        def use(tx: Transaction) -> list[object]:
            user = _ada(tx)
            tx.people.add_link(user, b"l", later)
            before = tx.people.link(b"l")
            used = [tx.people.use_link(b"l", later - 1) == user, tx.people.use_link(b"l", later - 1)]
            after = tx.people.link(b"l")
            assert before is not None
            assert after is not None
            return [before.user == user, before.used, after.used, *used, tx.people.use_link(b"other", 1)]

        assert await facts.write(use) == [True, False, True, True, None, None]

    async def test_of_many_who_use_a_link_at_once_one_gets_in(self, facts: Facts) -> None:
        later = now_ms() + HOUR
        user = await facts.write(_ada)
        await facts.write(lambda tx: tx.people.add_link(user, b"l", later))
        uses = [facts.write(lambda tx: tx.people.use_link(b"l", later - 1)) for _ in range(8)]
        assert sorted(await asyncio.gather(*uses), key=str) == [user, *[None] * 7]

    async def test_a_link_ends_at_its_time(self, facts: Facts) -> None:
        later = now_ms() + HOUR

        def use(tx: Transaction) -> object:
            tx.people.add_link(_ada(tx), b"l", later)
            return tx.people.use_link(b"l", later)

        assert await facts.write(use) is None

    async def test_a_session_holds_until_its_time_or_its_end(self, facts: Facts) -> None:
        later = now_ms() + HOUR

        def sessions(tx: Transaction) -> list[bool]:
            user = _ada(tx)
            tx.people.add_session(user, b"one", later)
            tx.people.add_session(user, b"two", later)
            held = [tx.people.session(b"one", later - 1) == user, tx.people.session(b"one", later) is None]
            tx.people.remove_session(b"one")
            tx.people.remove_session(b"one")
            return [*held, tx.people.session(b"one", 1) is None, tx.people.session(b"two", 1) == user]

        assert await facts.write(sessions) == [True] * 4

    async def test_a_token_keeps_what_it_was_made_with(self, facts: Facts) -> None:
        def make(tx: Transaction) -> list[Token | None]:
            user = _ada(tx)
            plain = tx.people.add_token(Token(0, user, "plain", 5), b"p")
            narrow = tx.people.add_token(Token(0, user, "narrow", 6, 1000, Role.EDITOR, 7), b"n")
            return [plain, tx.people.token(b"p", 2**50), narrow, tx.people.token(b"n", 999), *tx.people.tokens(user)]

        plain, found_plain, narrow, found_narrow, *listed = await facts.write(make)
        assert plain is not None
        assert narrow is not None
        assert plain == found_plain
        assert narrow == found_narrow
        assert listed == [plain, narrow]
        assert (narrow.expires_ms, narrow.role, narrow.project) == (1000, Role.EDITOR, 7)
        assert await facts.read(lambda tx: tx.people.token(b"n", 1000)) is None
        assert await facts.read(lambda tx: tx.people.token(b"other", 1)) is None

    async def test_a_token_remembers_its_last_use_and_ends_when_removed(self, facts: Facts) -> None:
        def use(tx: Transaction) -> list[object]:
            user = _ada(tx)
            token = tx.people.add_token(Token(0, user, "t", 5), b"t")
            tx.people.note_token_used(token.id, 77)
            tx.people.note_token_used(999_999, 77)
            used = [one.last_used_ms for one in tx.people.tokens()]
            tx.people.remove_token(token.id)
            return [*used, tx.people.token(b"t", 1), tx.people.tokens(user)]

        assert await facts.write(use) == [77, None, []]

    async def test_failures_are_counted_for_each_name_and_window(self, facts: Facts) -> None:
        def count(tx: Transaction) -> list[tuple[int, int]]:
            for at in (100, 200, 300):
                tx.people.note_try("ada", at)
            tx.people.note_try("bob", 300)
            found = [tx.people.tries(*asked) for asked in (("ada", 0), ("ada", 200), ("ada", 301), ("eve", 0))]
            return [*found, tx.people.tries("bob", 0)]

        assert await facts.write(count) == [(3, 300), (2, 300), (0, 0), (0, 0), (1, 300)]

    async def test_a_failure_is_taken_back_one_by_one_or_all(self, facts: Facts) -> None:
        def forget(tx: Transaction) -> list[tuple[int, int]]:
            for at in (100, 200, 200):
                tx.people.note_try("ada", at)
            tx.people.note_try("bob", 200)
            found = []
            for at_ms in (200, 150, None):
                tx.people.forget_tries("ada", at_ms)
                found.append(tx.people.tries("ada", 0))
            return [*found, tx.people.tries("bob", 0)]

        assert await facts.write(forget) == [(2, 200), (2, 200), (0, 0), (1, 200)]

    async def test_old_failures_do_not_pile_up(self, facts: Facts) -> None:
        def pile(tx: Transaction) -> tuple[int, int]:
            tx.people.note_try("ada", 0)
            tx.people.note_try("bob", 48 * HOUR)
            return tx.people.tries("ada", 0)

        assert await facts.write(pile) == (0, 0)
