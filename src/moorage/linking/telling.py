"""How jobs tell of lines: causes while they run, and one sentence at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from moorage.linking.judging import Judged
from moorage.model.jobs import Cause, JobId, JobState
from moorage.model.keys import escape
from moorage.model.links import BAD, GOOD, LinkImport, Verdict
from moorage.model.transaction import Transaction

_CAUSES: Final = {
    Verdict.UNKNOWN: "unknown store",
    Verdict.MISSING: "object not found",
    Verdict.REFUSED: "refused",
}
_SHOWN: Final = 120


def causes_of(found: Iterable[Judged]) -> dict[str, Cause]:
    """Lines that somebody has to mend, by cause, each with the first example."""
    causes: dict[str, Cause] = {}
    for one in found:
        if one.verdict in _CAUSES:
            name = _CAUSES[one.verdict]
            example = f"Line {one.line}, '{_short(one)}': {one.reason}"
            first = causes.get(name, Cause(0, example, one.advice))
            causes[name] = Cause(first.count + 1, first.example, first.advice)
    return causes


def _short(one: Judged) -> str:
    text = escape(one.address)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def conclude(tx: Transaction, job: JobId, of: LinkImport, counts: Mapping[Verdict, int], lines: int) -> None:
    """End the job with its figures; partly done where lines are left that somebody has to mend."""
    bad = sum(counts.get(one, 0) for one in BAD)
    tx.jobs.set_outcome(job, {verdict.value: count for verdict, count in counts.items() if count})
    tx.jobs.add_progress(job, total=lines)
    tx.jobs.set_state(job, JobState.PARTIAL if bad else JobState.SUCCEEDED, message=_told(of, counts, bad))


def _told(of: LinkImport, counts: Mapping[Verdict, int], bad: int) -> str:
    good = sum(counts.get(one, 0) for one in GOOD)
    twice = counts.get(Verdict.DUPLICATE, 0)
    parts = [f"{good:,} {'line' if good == 1 else 'lines'} can be linked" if of.dry_run else _linked(good, counts)]
    parts += [f"{twice:,} there already or named twice"] if twice else []
    parts += [f"{bad:,} to mend"] if bad else []
    sentence = ", ".join(parts)
    return f"{sentence}. Nothing was linked: this was a dry run." if of.dry_run else f"{sentence}."


def _linked(good: int, counts: Mapping[Verdict, int]) -> str:
    renamed = counts.get(Verdict.RENAMED, 0)
    told = f"{good:,} linked"
    return f"{told} ({renamed:,} under another name)" if renamed else told
