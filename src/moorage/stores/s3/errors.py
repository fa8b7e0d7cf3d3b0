"""Errors of S3 in our words: what happened, what to do. Source: Amazon S3 API reference, error responses."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
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

_FIELD: Final = re.compile(r"<(Code|Message|Region|Endpoint)>([^<]*)</")
_PERMISSIONS: Final = {
    "list": "s3:ListBucket", "get": "s3:GetObject", "stat": "s3:GetObject", "put": "s3:PutObject",
    "copy": "s3:PutObject",
    "multipart": "s3:PutObject", "parts": "s3:ListMultipartUploadParts", "abort": "s3:AbortMultipartUpload",
    "delete": "s3:DeleteObject", "erase": "s3:DeleteObjectVersion",
    "location": "s3:GetBucketLocation", "cors": "s3:GetBucketCORS", "put cors": "s3:PutBucketCORS",
    "versioning": "s3:GetBucketVersioning", "versions": "s3:ListBucketVersions",
    "lifecycle": "s3:GetLifecycleConfiguration", "notification": "s3:GetBucketNotification",
    "uploads": "s3:ListBucketMultipartUploads",
}  # fmt: skip
_SAID: Final = re.compile(r"not authorized to perform: ([a-z0-9-]{1,40}:[A-Za-z]{1,80})\b")
"""AWS names what is missing itself, such as the right to use a key: ``kms:GenerateDataKey``."""
_AT_GOOGLE: Final = {
    "s3:ListBucket": "storage.objects.list", "s3:GetObject": "storage.objects.get",
    "s3:PutObject": "storage.objects.create", "s3:DeleteObject": "storage.objects.delete",
    "s3:ListMultipartUploadParts": "storage.multipartUploads.listParts",
    "s3:AbortMultipartUpload": "storage.multipartUploads.abort",
    "s3:ListBucketMultipartUploads": "storage.multipartUploads.list",
    "s3:GetBucketLocation": "storage.buckets.get", "s3:GetBucketVersioning": "storage.buckets.get",
    "s3:GetLifecycleConfiguration": "storage.buckets.get", "s3:ListBucketVersions": "storage.objects.list",
    "s3:DeleteObjectVersion": "storage.objects.delete",
}  # fmt: skip
_DOINGS: Final = {
    "list": "list the bucket", "get": "read from the bucket", "stat": "read from the bucket",
    "put": "write to the bucket", "copy": "write to the bucket", "multipart": "write to the bucket",
    "delete": "delete from the bucket", "erase": "delete versions from the bucket",
    "parts": "list the parts of uploads to the bucket", "abort": "abort uploads to the bucket",
    "location": "ask for the region of the bucket", "cors": "read the CORS rules of the bucket",
    "put cors": "change the CORS rules of the bucket", "versioning": "ask whether versions are kept in the bucket",
    "versions": "list versions in the bucket", "lifecycle": "read the lifecycle rules of the bucket",
    "notification": "ask who hears of changes in the bucket", "uploads": "list open uploads to the bucket",
}  # fmt: skip
_CLOCK: Final = ("This machine's clock differs too much from the server's.", "Set the clock (NTP) of this machine.")
_EXPIRED: Final = ("The session token has expired.", "Enter new temporary credentials.")
_CREDENTIALS: Final[Mapping[str, tuple[str, str]]] = {
    "InvalidAccessKeyId": (
        "The access key is not known there.",
        "Check the access key and that it belongs to this endpoint.",
    ),
    "SignatureDoesNotMatch": (
        "The secret key does not fit the access key.",
        "Enter the secret key again; look for blanks at its ends.",
    ),
    "ExpiredToken": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": (
        "The session token is not valid.",
        "Enter access key, secret and token of one and the same session.",
    ),
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "AuthorizationHeaderMalformed": (
        "The request was signed for another region than the bucket's.",
        "Name the region of the bucket, such as eu-west-1, and check the access key.",
    ),
    "AccountProblem": ("The account at the provider has a problem.", "Ask the provider."),
    "InvalidObjectState": (
        "The object is archived (Glacier) and must be restored first.",
        "Restore it at the provider.",
    ),
}
_ROLE: Final = {
    "ExpiredToken": "The role's keys are taken for ended, though they were new.",
    "TokenRefreshRequired": "The role's keys are taken for ended, though they were new.",
    "InvalidToken": "The session of the role's keys is not valid there.",
    "InvalidAccessKeyId": "The keys of the role are not known there.",
    "SignatureDoesNotMatch": "The keys of the role are not taken there.",
}
_WHOM: Final = {"nobody": "everybody", "keys": "these keys", "role": "this role"}
_UNSTORABLE: Final = frozenset({
    "KeyTooLongError", "KeyTooLong", "InvalidObjectName",
    "XMinioInvalidObjectName", "XMinioObjectExistsAsDirectory", "XMinioParentIsObject",
})  # fmt: skip
_BROKEN: Final = frozenset({
    "BadDigest", "IncompleteBody", "InvalidDigest", "RequestTimeout",
    "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What an error names: the store, its bucket, the endpoint."""

    store: str
    bucket: str
    endpoint: str
    google: bool = False
    """Permissions have Google's names."""
    who: str = "keys"
    """Who asks: ``nobody``, ``keys``, or a ``role`` whose keys are not a person's to mend."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The fields of an error document; all empty where the answer is none."""

    code: str = ""
    message: str = ""
    region: str = ""
    endpoint: str = ""


def problem_in(answer: Answer) -> Problem:
    """The error that an answer tells of. A 200 may hold one as well (copies, ends of multipart uploads)."""
    text = answer.content.decode("utf-8", "replace")
    if "<Error" not in text:
        return Problem()
    fields = {name.lower(): html.unescape(value) for name, value in reversed(_FIELD.findall(text))}
    return Problem(**fields)


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
    code, status = problem.code, answer.status
    if code == "NoSuchBucket":
        return no_bucket(names)
    if code in _CREDENTIALS:
        message, advice = _of_role(code) if names.who == "role" and code in _ROLE else _CREDENTIALS[code]
        return StoreDenied(f"{names.endpoint} refuses: {message}", advice, code=code)
    if code in {"NoSuchKey", "NoSuchVersion"} or (status == HTTPStatus.NOT_FOUND and operation == "stat" and not code):
        return ObjectNotFound(f"There is no object {key!r} in {names.bucket}.")
    if status == HTTPStatus.PRECONDITION_FAILED:
        return Changed(
            f"{key!r} in {names.bucket} is not the version that was named. Nothing was changed.", "Look at it again."
        )
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return RangeUnsatisfiable(f"No byte of {key!r} lies in that range.")
    if code in _UNSTORABLE:
        return Unstorable(
            f"{names.endpoint} cannot hold the key {key!r}. Nothing was written.",
            "Choose another key.",
            reason=problem.message or code,
        )
    if code in _BROKEN:
        return BodyBroken(
            f"{names.endpoint} did not get the body whole ({code}). No object was made of it.", "Try again."
        )
    if status in {401, 403}:
        return _denied(operation, problem, names)
    return _unexpected(status, answer, problem, names)


def _of_role(code: str) -> tuple[str, str]:
    advice = "Check the clocks of both machines (NTP), and that the role is one of this server: AWS's are AWS's only."
    return _ROLE[code], advice


def no_bucket(names: Names) -> StoreUnreachable:
    """The error for a bucket that does not exist."""
    return StoreUnreachable(
        f"There is no bucket {names.bucket!r} at {names.endpoint}.",
        "Check the bucket's name and the endpoint, or create the bucket.",
        cause="no bucket",
        store=names.store,
        bucket=names.bucket,
    )


def not_s3(names: Names, what: str) -> StoreUnreachable:
    """The error for an answer that no S3 server gives."""
    return StoreUnreachable(
        f"{names.endpoint} does not answer as S3: {what}.",
        "Check host and port: this may be a web page, the server's own console or a proxy.",
        cause="not s3",
        store=names.store,
        bucket=names.bucket,
    )


def _denied(operation: str, problem: Problem, names: Names) -> StoreDenied:
    said = _SAID.search(problem.message)
    permission = said[1] if said else _named(_PERMISSIONS.get(operation, ""), names)
    listing = _named("s3:ListBucket", names)
    hint = f" Without {listing} the answer for an absent object is the same." if operation in {"get", "stat"} else ""
    whom = _WHOM[names.who]
    code = problem.code or "AccessDenied"
    advice = {
        "nobody": "The bucket is not public: give the access key and secret key of somebody who may read it.",
        "role": f"Let the role's policy, and that of the bucket where it has one, allow {permission or 'it'}.",
        "keys": "Check that access key and secret key are whole and belong to this server; if they are, let whoever "
        f"owns the bucket grant them {permission or 'it'}.",
    }[names.who]
    return StoreDenied(
        f"{names.endpoint} does not let {whom} {_DOINGS.get(operation, operation)} {names.bucket} ({code}).",
        f"{advice}{hint}",
        permission=permission,
        code=code,
    )


def _named(permission: str, names: Names) -> str:
    return _AT_GOOGLE.get(permission, permission) if names.google else permission


def _unexpected(status: int, answer: Answer, problem: Problem, names: Names) -> StoreUnreachable:
    if status in {429, 503} or problem.code in {"SlowDown", "ServiceUnavailable", "TooManyRequests"}:
        return StoreUnreachable(f"{names.endpoint} asks for slower requests.", "Try again later.", cause="slow down")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        said = problem.code or status
        return StoreUnreachable(
            f"{names.endpoint} has a fault of its own ({said}).", "Try again later.", cause="server fault"
        )
    if status in {301, 302, 307, 308}:
        to = problem.endpoint or answer.headers.get("Location", "")
        return StoreUnreachable(
            f"{names.endpoint} says that the bucket {names.bucket} is at another place{f': {to}' if to else ''}.",
            "Name that endpoint, or the region of the bucket, such as eu-west-1.",
            cause="redirect",
        )
    if b"HTTPS" in answer.content and status == HTTPStatus.BAD_REQUEST and not problem.code:
        return StoreUnreachable(
            f"{names.endpoint} answers in https only, not in plain http.",
            "Write https:// in place of http://.",
            cause="https only",
        )
    if not problem.code:
        return not_s3(names, f"status {status} without an error code")
    return StoreUnreachable(
        f"{names.endpoint} refuses the request: {problem.code}: {problem.message[:200]}",
        "Check endpoint, region and bucket.",
        cause=problem.code,
    )
