"""What every catalogue promises about jobs; a database's tests subclass ``JobsContract``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.work import WorkContract, new_job
from moorage.model.clock import now_ms
from moorage.model.errors import Conflict, NotFound
from moorage.model.jobs import Cause, Job, JobId, JobState, Question
from moorage.model.transaction import Facts, Transaction

FINAL = [state for state in JobState if state.final]
NO_JOB = JobId(999_999)


class JobsContract(WorkContract):
    """Runs on the fixture ``facts``: an empty catalogue."""

    async def test_a_job_comes_back_as_it_was_added(self, facts: Facts) -> None:
        asked = Job(
            JobId(0),
            "scan",
            2**40,
            JobState.NEEDS_CONFIRMATION,
            "a\x00\udcff b",
            7,
            project=1,
            folder=2**52,
            asked_by=3,
            question=Question("gone?", {"gone": 12}, (("accept", "Yes"), ("keep", "No"))),
            answer="x",
            done=1,
            total=2**41,
            bytes=2**42,
            errors={"denied": Cause(2, "s3://b/\udcff", "ask")},
            outcome={"added": 5},
            message="m\x00",
            started_ms=8,
            progress_ms=9,
            ended_ms=10,
            cancel_asked=True,
            pause_asked=True,
        )
        job = await facts.write(lambda tx: tx.jobs.add(asked))
        assert job == replace(asked, id=job.id)
        assert await facts.read(lambda tx: tx.jobs.get(job.id)) == job
        assert job.id > 0

    async def test_a_job_without_a_time_gets_this_one(self, facts: Facts) -> None:
        job = await facts.write(new_job)
        assert abs(job.created_ms - now_ms()) < 60_000

    async def test_lists_are_newest_first_and_page_by_id(self, facts: Facts) -> None:
        def four(tx: Transaction) -> list[JobId]:
            ids = [new_job(tx, project=number % 2, subject=number, kind="ab"[number // 2]).id for number in range(4)]
            tx.jobs.set_state(ids[0], JobState.RUNNING)
            return ids

        a, b, c, d = await facts.write(four)

        def lists(tx: Transaction) -> list[list[JobId]]:
            jobs = tx.jobs
            found = [
                jobs.all(),
                jobs.all(limit=2),
                jobs.all(before=c),
                jobs.all(states=(JobState.RUNNING,)),
                jobs.all(states=(JobState.RUNNING, JobState.QUEUED)),
                jobs.all(project=1),
                jobs.all(kind="a"),
                jobs.all(kind="b", subject=3),
            ]
            return [[job.id for job in page] for page in found]

        assert await facts.read(lists) == [[d, c, b, a], [d, c], [b, a], [a], [d, c, b, a], [d, b], [b, a], [d]]

    async def test_times_follow_the_states(self, facts: Facts) -> None:
        def life(tx: Transaction) -> list[Job]:
            job = new_job(tx).id
            seen = [tx.jobs.get(job)]
            for state in (JobState.RUNNING, JobState.PAUSED, JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED):
                tx.jobs.set_state(job, state, message=f"now {state}")
                seen.append(tx.jobs.get(job))
            return seen

        queued, running, paused, again, rerun, ended = await facts.write(life)
        assert (queued.started_ms, queued.ended_ms) == (None, None)
        assert running.started_ms is not None
        assert running.started_ms == paused.started_ms == again.started_ms == rerun.started_ms == ended.started_ms
        assert [job.ended_ms for job in (running, paused, again, rerun)] == [None] * 4
        assert ended.ended_ms is not None
        assert ended.message == "now succeeded"

    @pytest.mark.parametrize("final", FINAL)
    async def test_a_final_state_is_left_by_a_retry_only(self, facts: Facts, final: JobState) -> None:
        def end(tx: Transaction) -> Job:
            job = new_job(tx).id
            tx.jobs.ask(job, cancel=True, pause=True, answer="accept")
            tx.jobs.add_progress(job, done=7, errors={"denied": Cause(1, "a")})
            tx.jobs.set_state(job, final, message="over")
            return tx.jobs.get(job)

        job = await facts.write(end)
        for state in set(JobState) - {final, JobState.QUEUED}:
            with pytest.raises(Conflict):
                await facts.write(lambda tx, state=state: tx.jobs.set_state(job.id, state))  # type: ignore[misc] # mypy cannot infer a lambda with a default
        assert await facts.read(lambda tx: tx.jobs.get(job.id)) == job
        await facts.write(lambda tx: tx.jobs.set_state(job.id, final))
        assert await facts.read(lambda tx: tx.jobs.get(job.id)) == job
        await facts.write(lambda tx: tx.jobs.set_state(job.id, JobState.QUEUED))
        retried = await facts.read(lambda tx: tx.jobs.get(job.id))
        assert (retried.state, retried.ended_ms, retried.message) == (JobState.QUEUED, None, "")
        assert (retried.done, dict(retried.errors), retried.answer) == (7, {}, None)
        assert not retried.cancel_asked
        assert not retried.pause_asked

    async def test_a_question_stands_only_while_it_is_asked(self, facts: Facts) -> None:
        question = Question("gone?", {"gone": 12, "live": 50}, (("accept", "Yes"),))

        def ask(tx: Transaction) -> list[Job]:
            job = new_job(tx).id
            tx.jobs.ask(job, answer="old")
            tx.jobs.set_state(job, JobState.NEEDS_CONFIRMATION, question=question)
            seen = [tx.jobs.get(job)]
            tx.jobs.ask(job, answer="accept")
            tx.jobs.set_state(job, JobState.QUEUED)
            return [*seen, tx.jobs.get(job)]

        asked, answered = await facts.write(ask)
        assert (asked.question, asked.answer) == (question, None)
        assert (answered.question, answered.answer) == (None, "accept")

    async def test_wishes_are_noted_and_taken_back(self, facts: Facts) -> None:
        def wish(tx: Transaction) -> list[tuple[bool, bool]]:
            job = new_job(tx).id
            seen = []
            for cancel, pause in ((None, True), (True, None), (None, False), (False, None), (None, None)):
                tx.jobs.ask(job, cancel=cancel, pause=pause)
                held = tx.jobs.get(job)
                seen.append((held.cancel_asked, held.pause_asked))
            return seen

        assert await facts.write(wish) == [(False, True), (True, True), (True, False), (False, False), (False, False)]

    async def test_a_resumed_job_no_longer_wants_to_pause(self, facts: Facts) -> None:
        def resume(tx: Transaction) -> Job:
            job = new_job(tx).id
            tx.jobs.ask(job, pause=True)
            tx.jobs.set_state(job, JobState.PAUSED)
            tx.jobs.set_state(job, JobState.QUEUED)
            return tx.jobs.get(job)

        assert not (await facts.write(resume)).pause_asked

    async def test_progress_adds_up_and_errors_of_a_cause_are_merged(self, facts: Facts) -> None:
        def progress(tx: Transaction) -> Job:
            job = new_job(tx).id
            tx.jobs.add_progress(job, done=10, bytes_=100, total=50)
            tx.jobs.add_progress(job, done=5, errors={"denied": Cause(2, "first", "ask")})
            tx.jobs.add_progress(job, bytes_=1, errors={"denied": Cause(3, "second"), "odd": Cause(1, "k\udcff")})
            tx.jobs.set_outcome(job, {"added": 3})
            return tx.jobs.get(job)

        job = await facts.write(progress)
        assert (job.done, job.bytes, job.total) == (15, 101, 50)
        assert job.errors == {"denied": Cause(5, "first", "ask"), "odd": Cause(1, "k\udcff")}
        assert job.outcome == {"added": 3}
        assert job.progress_ms is not None

    async def test_what_concerns_no_job_is_not_found(self, facts: Facts) -> None:
        def each(tx: Transaction) -> None:
            for act in (
                lambda: tx.jobs.get(NO_JOB),
                lambda: tx.jobs.set_state(NO_JOB, JobState.RUNNING),
                lambda: tx.jobs.set_outcome(NO_JOB, {}),
                lambda: tx.jobs.ask(NO_JOB),
                lambda: tx.jobs.ask(NO_JOB, cancel=True),
                lambda: tx.jobs.add_progress(NO_JOB, errors={"a": Cause(1, "b")}),
                lambda: tx.jobs.add_work(NO_JOB, "list"),
                lambda: tx.jobs.work(999_999),
            ):
                with pytest.raises(NotFound):
                    act()

        await facts.write(each)

    async def test_old_jobs_are_forgotten_with_their_work_and_others_stay(self, facts: Facts) -> None:
        def live(tx: Transaction) -> tuple[list[JobId], int]:
            ids = [new_job(tx).id for _ in range(4)]
            work = [tx.jobs.add_work(job, "list").id for job in ids]
            for job in ids[:3]:
                tx.jobs.set_state(job, JobState.FAILED)
            return ids, work[0]

        ids, work = await facts.write(live)
        later = now_ms() + 10_000
        assert await facts.write(lambda tx: tx.jobs.remove_old(5)) == 0
        assert await facts.write(lambda tx: tx.jobs.remove_old(later, 2)) == 2
        assert await facts.write(lambda tx: tx.jobs.remove_old(later)) == 1
        assert await facts.write(lambda tx: tx.jobs.remove_old(later)) == 0
        assert [job.id for job in await facts.read(lambda tx: tx.jobs.all())] == [ids[3]]
        assert len(await facts.read(lambda tx: tx.jobs.works(ids[3]))) == 1
        with pytest.raises(NotFound):
            await facts.read(lambda tx: tx.jobs.work(work))
