"""Problems: the one table from errors to HTTP statuses, and their RFC 9457 documents."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any, Final

from moorage.edge.times import iso
from moorage.model import errors
from moorage.model.errors import MoorageError
from moorage.model.probe import ProbeReport

STATUS: Final[dict[type[MoorageError], int]] = {
    errors.KeyReused: 422,
    errors.TooLarge: 413,
    errors.WrongMethod: 405,
    errors.Unsupported: 501,
    errors.Invalid: 400,
    errors.SignInNeeded: 401,
    errors.Forbidden: 403,
    errors.StoreDenied: 403,
    errors.ReadOnly: 403,
    errors.ProbeFailed: 422,
    errors.TooManyTries: 429,
    errors.Refused: 403,
    errors.ObjectNotFound: 404,
    errors.NotFound: 404,
    errors.Changed: 409,
    errors.AlreadyExists: 409,
    errors.InUse: 409,
    errors.Conflict: 409,
    errors.Unstorable: 422,
    errors.RangeUnsatisfiable: 416,
    errors.StoreUnreachable: 503,
    errors.Busy: 503,
    errors.TryAgain: 503,
    errors.BodyBroken: 502,
    errors.SealBroken: 500,
    errors.Undecodable: 422,
    MoorageError: 500,
}
"""An error's status is that of its nearest class here."""

TITLES: Final = {
    "sign-in-needed": "Sign in first",
    "probe-failed": "The store's check failed",
    "store-denied": "The store refused",
    "store-unreachable": "The store cannot be reached",
    "in-use": "Still in use",
}
MEDIA_TYPE: Final = "application/problem+json"


def slug_of(kind: type) -> str:
    """The class name in kebab case: ``StoreDenied`` is ``store-denied``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def status_of(error: MoorageError) -> int:
    """The HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def document(error: MoorageError) -> dict[str, Any]:
    """The problem document of an error: its message, its advice and its fields that are set."""
    slug = slug_of(type(error))
    shown: dict[str, Any] = {
        "type": f"/problems/{slug}",
        "title": TITLES.get(slug, slug.replace("-", " ").capitalize()),
        "status": status_of(error),
        "detail": error.message,
        "advice": error.advice,
    }
    for one in fields(error):
        value = getattr(error, one.name)
        if one.name in ("message", "advice") or value in ("", None, ()):
            continue
        shown[one.name] = report_of(value) if isinstance(value, ProbeReport) else value
    return shown


def headers(error: MoorageError) -> list[tuple[str, str]]:
    """Headers that belong to an error's answer."""
    extra = []
    wait = getattr(error, "retry_after_s", None)
    if wait:
        extra.append(("retry-after", str(max(1, round(wait)))))
    if isinstance(error, errors.SignInNeeded):
        extra.append(("www-authenticate", 'Bearer realm="moorage"'))
    if isinstance(error, errors.WrongMethod) and error.allowed:
        extra.append(("allow", error.allowed))
    if isinstance(error, errors.RangeUnsatisfiable):
        extra.append(("content-range", f"bytes */{error.size}"))
    return extra


def body(error: MoorageError) -> bytes:
    """The problem document as bytes; undecodable bytes of keys are shown as question marks."""
    return json.dumps(document(error), ensure_ascii=False).encode("utf-8", "replace")


def report_of(report: ProbeReport) -> dict[str, Any]:
    """A probe report in its JSON shape."""
    return {
        "passed": report.passed,
        "checked": iso(report.checked_ms),
        "lines": [
            {
                "permission": line.permission.value,
                "finding": line.finding.value,
                "required": line.required,
                "detail": line.detail,
                "advice": line.advice,
            }
            for line in report.lines
        ],
        "warnings": list(report.warnings),
        "left_behind": report.left_behind,
    }
