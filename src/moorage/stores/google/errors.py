"""Errors of Google in our words: what happened, what to do.

Sources: Cloud Storage documentation, HTTP status and error codes for JSON and for XML.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from moorage.model.errors import (
    BodyBroken,
    Changed,
    MoorageError,
    ObjectNotFound,
    RangeUnsatisfiable,
    StoreDenied,
    StoreUnreachable,
    Unstorable,
)
from moorage.stores.transport import Answer, retry_after_s

_FIELD: Final = re.compile(r"<(Code|Message|Details)>([^<]*)</")
_PERMISSION: Final = re.compile(r"\b(?:storage|serviceusage)\.\w+\.\w+\b")
_PERMISSIONS: Final = {
    "list": "storage.objects.list", "get": "storage.objects.get", "stat": "storage.objects.get",
    "put": "storage.objects.create", "multipart": "storage.objects.create", "copy": "storage.objects.create",
    "delete": "storage.objects.delete",
    "bucket": "storage.buckets.get", "put cors": "storage.buckets.update",
}  # fmt: skip
_OF_OBJECTS: Final = frozenset({"get", "stat", "copy", "delete"})
_SLOWER: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "SlowDown"})


@dataclass(frozen=True, slots=True)
class Names:
    """What an error names: the store, its bucket, the endpoint."""

    store: str
    bucket: str
    endpoint: str
    anonymous: bool = False

    def unreachable(self, message: str, advice: str, cause: str) -> StoreUnreachable:
        """The error for a store that does not answer as one."""
        return StoreUnreachable(message, advice, cause=cause, store=self.store, bucket=self.bucket)

    def denied(self, message: str, advice: str, code: str, permission: str = "") -> StoreDenied:
        """The error for credentials or permissions that do not suffice."""
        return StoreDenied(message, advice, self.store, self.bucket, permission=permission, code=code)


@dataclass(frozen=True, slots=True)
class Problem:
    """The fields of an error document, JSON or XML; all empty where the answer is none."""

    code: str = ""
    """The reason of the JSON dialect, such as ``notFound``, or the code of the XML one, such as ``NoSuchKey``."""
    message: str = ""
    known: bool = False
    """It has the form that Google gives to errors."""

    def says(self, *words: str) -> bool:
        """True where the message holds one of these words, in any case."""
        said = self.message.lower()
        return any(word in said for word in words)

    @property
    def shows_bucket(self) -> bool:
        """The object is absent, and the bucket is there."""
        return self.code == "NoSuchKey" or self.says("no such object")

    @property
    def wants_payer(self) -> bool:
        """The bucket wants to know whose project pays for the request."""
        return self.code == "UserProjectMissing" or self.says("requester pays bucket but no user project")


def problem_in(answer: Answer) -> Problem:
    """The error that an answer tells of, in the dialect in which it does."""
    text = answer.content.decode("utf-8", "replace")
    if "<Error" in text:
        fields = {name: html.unescape(value) for name, value in reversed(_FIELD.findall(text))}
        message = f"{fields.get('Message', '')} {fields.get('Details', '')}".strip()
        return Problem(fields.get("Code", ""), message, known="Code" in fields)
    try:
        error = json.loads(text)["error"]
        reasons = error.get("errors") or [{}]
        return Problem(str(reasons[0].get("reason", "")), str(error.get("message", "")), known=True)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return Problem(message=text[:200] if answer.headers.get("Content-Type", "").startswith("text/plain") else "")


def error_of(operation: str, key: str, answer: Answer, problem: Problem, names: Names) -> MoorageError:
    """The error to raise for an answer that is no success."""
    error = _error(operation, key, answer, problem, names)
    error.store, error.bucket, error.key = names.store, names.bucket, key
    if isinstance(error, StoreUnreachable):
        error.retry_after_s = retry_after_s(answer.headers.get("Retry-After"))
    return error


def _error(
    operation: str, key: str, answer: Answer, problem: Problem, names: Names
) -> StoreDenied | StoreUnreachable | ObjectNotFound | Changed | RangeUnsatisfiable | Unstorable | BodyBroken:
    status = answer.status
    if problem.code == "NoSuchBucket" or (status == HTTPStatus.NOT_FOUND and problem.says("bucket does not exist")):
        return no_bucket(names)
    if status == HTTPStatus.NOT_FOUND and operation in _OF_OBJECTS:
        return ObjectNotFound(f"There is no object {key!r} in {names.bucket}.")
    if status == HTTPStatus.NOT_FOUND and problem.known:
        return no_bucket(names)
    if status == HTTPStatus.PRECONDITION_FAILED:
        return Changed(
            f"{key!r} in {names.bucket} is not the version that was named. Nothing was changed.", "Look at it again."
        )
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return RangeUnsatisfiable(f"No byte of {key!r} lies in that range.")
    if problem.wants_payer:
        return names.denied(
            f"The bucket {names.bucket} lets those pay who ask, and no project was named to pay.",
            "Give the key of a service account of the project that pays (Google: requester pays).",
            "PayerMissing",
        )
    if status == HTTPStatus.BAD_REQUEST and problem.says("hash", "crc32c", "md5"):
        return BodyBroken(f"{names.endpoint} did not get the body whole. No object was made of it.", "Try again.")
    if status == HTTPStatus.BAD_REQUEST and problem.says("object name", "objectname"):
        return Unstorable(
            f"{names.endpoint} cannot hold the key {key!r}. Nothing was written.",
            "Choose another key.",
            reason=problem.message[:200],
        )
    if status in {401, 403} and problem.code not in _SLOWER:
        return _denied(operation, status, problem, names)
    return _unexpected(status, answer, problem, names)


def no_bucket(names: Names) -> StoreUnreachable:
    """The error for a bucket that does not exist."""
    return names.unreachable(
        f"There is no bucket {names.bucket!r} at {names.endpoint}.",
        "Check the bucket's name and the endpoint, or create the bucket.",
        "no bucket",
    )


def not_google(names: Names, what: str) -> StoreUnreachable:
    """The error for an answer that Google's storage never gives."""
    return names.unreachable(
        f"{names.endpoint} does not answer as Google Cloud Storage: {what}.",
        "Check the endpoint: it may be a web page, a console or a proxy.",
        "not google",
    )


def _denied(operation: str, status: int, problem: Problem, names: Names) -> StoreDenied:
    told = _PERMISSION.search(problem.message)
    permission = told[0] if told else _PERMISSIONS.get(operation, "")
    if not told and status == HTTPStatus.UNAUTHORIZED and not names.anonymous:
        return names.denied(
            f"{names.endpoint} refuses the access token.",
            "Check the service account: was it deleted or disabled, or is it one of another cloud?",
            "InvalidToken",
            permission,
        )
    if problem.says("billing account", "account is disabled", "account has been disabled"):
        return names.denied(
            f"{names.endpoint} refuses: {problem.message[:200]}",
            "Ask whoever pays for the project at Google: its billing is closed or disabled.",
            "AccountDisabled",
        )
    if problem.says("insufficient authentication scopes"):
        return names.denied(
            f"{names.endpoint} refuses: this machine's tokens may not do that, whatever its account may.",
            "Give the machine the scope storage-rw (or storage-ro), or give the key of a service account.",
            "ScopeMissing",
            permission,
        )
    if problem.says("retention policy", "object hold", "temporary hold", "event-based hold"):
        return names.denied(
            f"{names.endpoint} keeps the object: {problem.message[:200]}",
            "Wait until its retention ends, or ask whoever set it.",
            "Retained",
        )
    if problem.says("prohibited by organization"):
        return names.denied(
            f"{names.endpoint} refuses: {problem.message[:200]}",
            "Ask the organization's administrators to let this server in (VPC Service Controls).",
            "Perimeter",
        )
    if permission == "serviceusage.services.use":
        return names.denied(
            f"{names.endpoint} does not let these credentials bill the project that is to pay.",
            f"Grant {permission} on that project (role Service Usage Consumer).",
            "AccessDenied",
            permission,
        )
    whom = "allUsers, or give credentials" if names.anonymous else "these credentials"
    hint = (
        " Without storage.objects.list the answer for an absent object is the same."
        if permission == "storage.objects.get"
        else ""
    )
    return names.denied(
        f"{names.endpoint} does not allow {operation} in {names.bucket}"
        f"{f': {permission} is missing' if permission else ''}.",
        f"Grant {permission or 'it'} on the bucket to {whom}.{hint}",
        "AccessDenied",
        permission,
    )


def _unexpected(status: int, answer: Answer, problem: Problem, names: Names) -> StoreUnreachable:
    if status in {429, 503} or problem.code in _SLOWER:
        return names.unreachable(f"{names.endpoint} asks for slower requests.", "Try again later.", "slow down")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return names.unreachable(
            f"{names.endpoint} has a fault of its own ({status}).", "Try again later.", "server fault"
        )
    if status in {301, 302, 303, 307, 308}:
        to = answer.headers.get("Location", "").partition("?")[0]
        return names.unreachable(
            f"{names.endpoint} sends us to another place{f': {to}' if to else ''}.",
            "Set the endpoint of the connection to it.",
            "redirect",
        )
    if not problem.known:
        return not_google(names, f"status {status} without an error of its form")
    return names.unreachable(
        f"{names.endpoint} refuses the request: {problem.code or status}: {problem.message[:200]}",
        "Check endpoint and bucket.",
        problem.code or str(status),
    )
