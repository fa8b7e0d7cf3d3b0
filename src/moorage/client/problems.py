"""Problem documents -> the errors of ``moorage.model.errors``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from moorage.client.codec import decode
from moorage.client.shapes import Report
from moorage.model.errors import MoorageError, ProbeFailed, Refused, SignInNeeded, StoreError, TryAgain
from moorage.model.probe import Permission, ProbeLine, ProbeReport

MEDIA_TYPE: Final = "application/problem+json"
_PASSING: Final = frozenset({429, 502, 503, 504})


def error_of(status: int, document: object, *, retry_after_s: float | None = None) -> MoorageError:
    """The error that the server raised; the nearest one to the status where it sent no problem document of ours."""
    if isinstance(document, Mapping):
        kind = _KINDS.get(str(document.get("type", "")).rpartition("/")[2])
        if kind is not None:
            return _error(kind, document)
    return _foreign(status, document, retry_after_s)


def _error(kind: type[MoorageError], document: Mapping[str, Any]) -> MoorageError:
    known = {field.name for field in fields(kind)} - {"message", "advice", "report"}
    facts = {name: document[name] for name in known if name in document}
    if "users" in facts:
        facts["users"] = tuple(map(str, facts["users"]))
    if kind is ProbeFailed and isinstance(document.get("report"), Mapping):
        facts["report"] = _report(decode(Report, document["report"]))
    return kind(str(document.get("detail", "")), str(document.get("advice", "")), **facts)


def _report(report: Report) -> ProbeReport:
    return ProbeReport(
        tuple(
            ProbeLine(Permission(line.permission), line.finding, line.required, line.detail, line.advice)
            for line in report.lines
        ),
        report.warnings,
        _milliseconds(report.checked),
        report.left_behind,
    )


def _milliseconds(time: datetime | None) -> int:
    return round(time.timestamp() * 1000) if time else 0


def _foreign(status: int, document: object, retry_after_s: float | None) -> MoorageError:
    """An answer that is not ours: a proxy in between, or another server."""
    said = f": {document['detail']}" if isinstance(document, Mapping) and document.get("detail") else ""
    if status in _PASSING:
        return TryAgain(f"The server answered {status}{said}.", "Try again in a moment.", retry_after_s)
    if status == 401:  # noqa: PLR2004 - the one status with a meaning of its own
        return SignInNeeded(f"The server answered 401{said}.", "Set MOORAGE_TOKEN to a token that is valid.")
    if status == 403:  # noqa: PLR2004
        return Refused(f"The server answered 403{said}.", "Something between here and Moorage may refuse.")
    return MoorageError(f"The server answered {status}{said}.", "Look at the server's log for this time.")


def _all(kind: type[MoorageError]) -> Iterator[type[MoorageError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _all(below)


_KINDS: Final = {
    re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower(): kind
    for kind in _all(MoorageError)
    if kind not in (MoorageError, StoreError)
}
"""Each error by the slug of its problem type: ``StoreDenied`` is ``store-denied``."""
