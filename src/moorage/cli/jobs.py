"""`moorage job`: look at long work, steer it, answer its questions."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from moorage.cli.options import Json, OfProject, Url, Wait
from moorage.cli.printing import Told, put_fields, put_json, put_rows, say
from moorage.cli.session import connected
from moorage.cli.watching import answers, conclude, follow, line
from moorage.model.errors import Invalid

app = typer.Typer(help="Long work: list, watch, steer, answer.", no_args_is_help=True)
JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]


@app.command("ls")
def ls(
    *,
    state: Annotated[str | None, typer.Option(help="Only jobs in this state.")] = None,
    project: OfProject = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest first.", min=1)] = 50,
    json: Json = False,
    url: Url = None,
) -> None:
    """List jobs, the newest first."""
    with connected(url) as client:
        put_rows(
            islice(client.jobs(state=state, project=client.project(project).id if project else None), limit),
            [
                ("job", lambda job: job.id),
                ("state", lambda job: job.state.value),
                ("done", lambda job: job.done),
                ("total", lambda job: job.total),
                ("created", lambda job: job.created),
                ("title", lambda job: Told(job.title)),
            ],
            as_json=json,
        )


@app.command("show")
def show(
    job: JobId,
    *,
    missing: Annotated[int, typer.Option(help="Only list so many of the items that its question is about.", min=0)] = 0,
    json: Json = False,
    url: Url = None,
) -> None:
    """Show one job: progress, errors by cause, and what it asks."""
    with connected(url) as client:
        if missing:
            put_rows(
                islice(client.missing(job), missing),
                [("item", lambda row: row.id), ("address", lambda row: row.address)],
                as_json=json,
            )
            return
        found = client.job(job)
    if json:
        put_json(found)
        return
    put_fields(
        [
            ("job", found.id),
            ("title", Told(found.title)),
            ("state", found.state.value),
            ("done", found.done),
            ("total", found.total),
            ("unit", found.unit),
            ("created", found.created),
            ("started", found.started),
            ("ended", found.ended),
            ("message", Told(found.message) if found.message else None),
            *((f"outcome {name}", value) for name, value in found.outcome.items()),
            *((f"error {cause.cause}", f"{cause.count} x {cause.example}") for cause in found.errors),
        ]
    )
    if found.question is not None:
        conclude(found)


@app.command("watch")
def watch(job: JobId, *, json: Json = False, url: Url = None) -> None:
    """Show a job's progress until it ends or asks."""
    with connected(url) as client:
        code = follow(client, job, as_json=json)
    raise typer.Exit(code)


@app.command("retry")
def retry(job: JobId, *, wait: Wait = False, json: Json = False, url: Url = None) -> None:
    """Run an ended job again from the place that it reached."""
    _steer(job, "retry", wait=wait, json=json, url=url)


@app.command("cancel")
def cancel(job: JobId, *, json: Json = False, url: Url = None) -> None:
    """End a job; what is done stays done."""
    _steer(job, "cancel", wait=False, json=json, url=url)


@app.command("pause")
def pause(job: JobId, *, json: Json = False, url: Url = None) -> None:
    """Let a job rest."""
    _steer(job, "pause", wait=False, json=json, url=url)


@app.command("resume")
def resume(job: JobId, *, wait: Wait = False, json: Json = False, url: Url = None) -> None:
    """Let a resting job go on."""
    _steer(job, "resume", wait=wait, json=json, url=url)


@app.command("confirm")
def confirm(
    job: JobId,
    choice: Annotated[str, typer.Argument(help="The answer, as the question names it.")],
    *,
    figure: Annotated[list[str], typer.Option(help="NAME=NUMBER that the answer accepts; repeat it.")] = [],  # noqa: B006 - typer reads it, nobody changes it
    wait: Wait = False,
    json: Json = False,
    url: Url = None,
) -> None:
    """Answer a job's question. The figures must still hold, else nothing is done."""
    with connected(url) as client:
        asked = client.job(job).question
        if asked is None:
            raise Invalid(f"Job {job} asks nothing.", f"Look at it: moorage job show {job}", field="job")
        figures = _figures(figure)
        if set(figures) != set(asked.figures):
            lines = "\n".join(answers(job, asked))
            raise Invalid("An answer names the figures that it accepts.", f"Write one of:\n{lines}", field="figure")
        answered = client.confirm_job(job, choice, figures)
        if wait:
            raise typer.Exit(follow(client, job, as_json=json))
    if json:
        put_json(answered)
    else:
        say(line(answered))


def _figures(words: list[str]) -> dict[str, int]:
    figures = {}
    for word in words:
        name, equals, number = word.partition("=")
        if not equals or not number.isdecimal():
            raise Invalid(f"{word} is no figure.", "Write it as NAME=NUMBER.", field="figure")
        figures[name] = int(number)
    return figures


def _steer(job: str, verb: str, *, wait: bool, json: bool, url: str | None) -> None:
    with connected(url) as client:
        verbs = {
            "retry": client.retry_job,
            "cancel": client.cancel_job,
            "pause": client.pause_job,
            "resume": client.resume_job,
        }
        now = verbs[verb](job)
        if wait:
            raise typer.Exit(follow(client, job, as_json=json))
    if json:
        put_json(now)
    else:
        say(line(now))
