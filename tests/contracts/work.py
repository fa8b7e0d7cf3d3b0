"""What every catalogue promises about work rows: of many who want to move one on, one does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moorage.model.jobs import Job, JobId, JobState, Work
from moorage.model.transaction import Facts, Transaction


def new_job(tx: Transaction, *, kind: str = "scan", subject: int = 1, project: int = 1) -> Job:
    """A queued job."""
    return tx.jobs.add(Job(JobId(0), kind, subject, JobState.QUEUED, "title", 0, project=project))


def _work(tx: Transaction, *, after: bytes | None = None, upto: bytes | None = None) -> Work:
    return tx.jobs.add_work(new_job(tx).id, "list", after=after, upto=upto)


class WorkContract:
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_a_work_row_comes_back_as_it_was_added(self, facts: Facts) -> None:
        def add(tx: Transaction) -> Work:
            return tx.jobs.add_work(new_job(tx).id, "list", after=b"a\x00\xff", upto=b"z", runnable_ms=77)

        work = await facts.write(add)
        assert (work.kind, work.step, work.epoch, work.tries, work.done) == ("scan", "list", 1, 0, False)
        assert (work.after, work.upto, work.cursor, work.runnable_ms) == (b"a\x00\xff", b"z", None, 77)
        assert await facts.read(lambda tx: tx.jobs.work(work.id)) == work
        assert work.workflow == f"{work.id}:1"

    async def test_rows_of_a_job_are_listed_by_step_and_openness(self, facts: Facts) -> None:
        def add(tx: Transaction) -> list[list[int]]:
            job = new_job(tx).id
            rows = [tx.jobs.add_work(job, step) for step in ("plan", "list", "list")]
            tx.jobs.add_work(new_job(tx).id, "list")
            assert tx.jobs.advance(rows[1], None, done=True)
            found = [
                tx.jobs.works(job),
                tx.jobs.works(job, step="list"),
                tx.jobs.works(job, step="list", open_only=True),
            ]
            return [[work.id - rows[0].id for work in works] for works in found]

        assert await facts.write(add) == [[0, 1, 2], [1, 2], [2]]

    async def test_open_rows_of_moving_jobs_are_runnable_oldest_job_first(self, facts: Facts) -> None:
        def add(tx: Transaction) -> list[int]:
            old, new, paused = (new_job(tx).id for _ in range(3))
            rows = [
                tx.jobs.add_work(job, "list", runnable_ms=at) for job, at in ((new, 0), (old, 5), (old, 6), (old, 0))
            ]
            tx.jobs.add_work(paused, "list")
            tx.jobs.set_state(paused, JobState.PAUSED)
            tx.jobs.set_state(new, JobState.RUNNING)
            assert tx.jobs.advance(rows[3], b"x", done=True)
            return [work.id for work in rows]

        new, five, six, _ = await facts.write(add)

        def runnable(tx: Transaction) -> list[list[int]]:
            return [[work.id for work in tx.jobs.runnable(*asked)] for asked in ((5,), (6,), (4,), (9, 2))]

        assert await facts.read(runnable) == [[five, new], [five, six, new], [new], [five, six]]

    async def test_a_cursor_moves_from_what_was_known_only(self, facts: Facts) -> None:
        def move(tx: Transaction) -> list[bool]:
            work = _work(tx)
            first = tx.jobs.advance(work, b"k", done=False)
            stale = tx.jobs.advance(work, b"l", done=False)
            current = replace(work, cursor=b"k")
            other_epoch = tx.jobs.advance(replace(current, epoch=2), b"l", done=False)
            second = tx.jobs.advance(current, b"l", done=True)
            after_the_end = tx.jobs.advance(replace(work, cursor=b"l"), b"m", done=False)
            held = tx.jobs.work(work.id)
            return [first, stale, other_epoch, second, after_the_end, (held.cursor, held.done) == (b"l", True)]

        assert await facts.write(move) == [True, False, False, True, False, True]

    async def test_a_row_is_held_while_its_epoch_holds_it_is_open_and_its_job_runs(self, facts: Facts) -> None:
        def hold(tx: Transaction) -> list[Work | None]:
            work = _work(tx, after=b"a", upto=b"z")
            seen = [tx.jobs.held(work)]
            tx.jobs.set_state(work.job, JobState.RUNNING)
            tx.jobs.advance(work, b"k", done=False)
            seen += [tx.jobs.held(work), tx.jobs.held(replace(work, epoch=2))]
            tx.jobs.advance(replace(work, cursor=b"k"), b"l", done=True)
            seen.append(tx.jobs.held(work))
            return [found and replace(found, id=0, job=JobId(0)) for found in seen]

        row = Work(0, JobId(0), "scan", "list", 1, b"a", b"z", b"k")
        assert await facts.write(hold) == [None, row, None, None]

    async def test_a_row_is_done_once_though_its_cursor_never_moved(self, facts: Facts) -> None:
        def move(tx: Transaction) -> list[bool]:
            work = _work(tx)
            return [tx.jobs.advance(work, None, done=True) for _ in range(2)]

        assert await facts.write(move) == [True, False]

    @pytest.mark.parametrize("cursor", [None, b"", b"key"])
    async def test_of_workers_that_race_on_one_row_exactly_one_wins(self, facts: Facts, cursor: bytes | None) -> None:
        work = await facts.write(_work)
        if cursor is not None:
            assert await facts.write(lambda tx: tx.jobs.advance(work, cursor, done=False))
        known = replace(work, cursor=cursor)

        def race(tx: Transaction, number: int) -> bool:
            tx.jobs.add_progress(work.job, done=1)
            if tx.jobs.advance(known, b"next %d" % number, done=False):
                return True
            raise LookupError

        runs = [facts.write(partial(race, number=number)) for number in range(6)]
        answers = await asyncio.gather(*runs, return_exceptions=True)
        assert [answer for answer in answers if answer is True] == [True]
        assert sum(isinstance(answer, LookupError) for answer in answers) == 5
        assert (await facts.read(lambda tx: tx.jobs.get(work.job))).done == 1
        winner = b"next %d" % answers.index(True)
        assert (await facts.read(lambda tx: tx.jobs.work(work.id))).cursor == winner

    async def test_of_dispatchers_that_raise_one_epoch_exactly_one_does(self, facts: Facts) -> None:
        work = await facts.write(_work)
        raised = await asyncio.gather(*(facts.write(lambda tx: tx.jobs.raise_epoch(work.id, 1)) for _ in range(6)))
        assert sorted(raised) == [False] * 5 + [True]
        assert (await facts.read(lambda tx: tx.jobs.work(work.id))).epoch == 2

    async def test_tries_count_failures_in_a_row(self, facts: Facts) -> None:
        def fail(tx: Transaction) -> list[tuple[int, int, int]]:
            work = _work(tx)
            seen = []
            for epoch, at, failed in ((1, 500, True), (2, None, True), (3, 900, False)):
                assert tx.jobs.raise_epoch(work.id, epoch, runnable_ms=at, failed=failed)
                held = tx.jobs.work(work.id)
                seen.append((held.epoch, held.runnable_ms, held.tries))
            assert tx.jobs.advance(tx.jobs.work(work.id), b"k", done=False)
            return [*seen, (4, 900, tx.jobs.work(work.id).tries)]

        assert await facts.write(fail) == [(2, 500, 1), (3, 500, 2), (4, 900, 2), (4, 900, 0)]

    async def test_a_done_row_gets_no_new_epoch(self, facts: Facts) -> None:
        def finish(tx: Transaction) -> bool:
            work = _work(tx)
            tx.jobs.advance(work, None, done=True)
            return tx.jobs.raise_epoch(work.id, 1)

        assert await facts.write(finish) is False

    async def test_a_tail_is_given_away_where_nobody_has_been(self, facts: Facts) -> None:
        def narrow(tx: Transaction) -> list[bool]:
            work = _work(tx, after=b"b", upto=b"x")
            tx.jobs.advance(work, b"f", done=False)
            now = replace(work, cursor=b"f")
            asked = [(now, b"z"), (now, b"x"), (now, b"e"), (now, b"a"), (replace(now, epoch=2), b"m"), (now, b"m")]
            answers = [tx.jobs.narrow(row, upto) for row, upto in asked]
            return [*answers, tx.jobs.work(work.id).upto == b"m"]

        assert await facts.write(narrow) == [False, False, False, False, False, True, True]

    async def test_a_page_on_its_way_into_a_tail_that_was_given_away_is_not_committed(self, facts: Facts) -> None:
        def narrow(tx: Transaction) -> list[bool]:
            work = _work(tx)
            assert tx.jobs.narrow(work, b"m")
            late = tx.jobs.advance(work, b"n", done=False)
            return [late, tx.jobs.advance(work, b"m", done=True)]

        assert await facts.write(narrow) == [False, True]

    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3)), max_size=30))
    async def test_whatever_the_order_a_row_moves_as_one_owner_would_move_it(
        self, facts: Facts, moves: list[tuple[bool, int, int]]
    ) -> None:
        """A model of the row, beside the database: raise or advance, with what may be out of date."""
        cursors = [None, b"a", b"b", b"c"]

        def play(tx: Transaction) -> None:
            work = _work(tx)
            epoch, cursor = 1, None
            for raises, behind, number in moves:
                if raises:
                    won = tx.jobs.raise_epoch(work.id, epoch - behind)
                    assert won == (behind == 0)
                    epoch += won
                    continue
                known = cursors[behind]
                won = tx.jobs.advance(replace(work, epoch=epoch, cursor=known), cursors[number], done=False)
                assert won == (known == cursor)
                cursor = cursors[number] if won else cursor
            held = tx.jobs.work(work.id)
            assert (held.epoch, held.cursor) == (epoch, cursor)

        await facts.write(play)
