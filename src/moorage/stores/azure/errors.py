"""Errors of Azure in our words: what happened, what to do. Source: Blob service error codes; common error codes."""

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

_FIELD: Final = re.compile(r"<(Code|Message|AuthenticationErrorDetail)>([^<]*)</")
_READER: Final = "Storage Blob Data Reader"
_WRITER: Final = "Storage Blob Data Contributor"
_ACCOUNT: Final = "Storage Account Contributor"
_PERMISSIONS: Final[Mapping[str, tuple[str, str]]] = {
    "list": ("l (list)", _READER),
    "get": ("r (read)", _READER),
    "stat": ("r (read)", _READER),
    "put": ("c (create) and w (write)", _WRITER),
    "block": ("w (write)", _WRITER),
    "blocks": ("r (read)", _READER),
    "copy": ("r (read) and w (write)", _WRITER),
    "delete": ("d (delete)", _WRITER),
    "delegate": ("", "Storage Blob Delegator"),
    "cors": ("r (read), of an account SAS with srt=s", _ACCOUNT),
    "put cors": ("w (write), of an account SAS with srt=s", _ACCOUNT),
}
_PERMISSION_CODES: Final = frozenset({
    "AuthorizationPermissionMismatch", "AuthorizationFailure", "InsufficientAccountPermissions",
    "UnauthorizedBlobOverwrite",
})  # fmt: skip
_CREDENTIALS: Final[Mapping[str, tuple[str, str]]] = {
    "AuthorizationResourceTypeMismatch": (
        "The SAS token is not for this kind of thing (srt).",
        "Make an account SAS with srt=co: containers, to list, and objects.",
    ),
    "AuthorizationServiceMismatch": ("The SAS token is not for blobs (ss).", "Make one with ss=b."),
    "AuthorizationProtocolMismatch": ("The SAS token is for https only (spr).", "Write https:// in the endpoint."),
    "AuthorizationSourceIPMismatch": (
        "The SAS token admits other addresses than this server's (sip).",
        "Make one without sip, or with this server's address.",
    ),
    "InvalidAuthenticationInfo": ("The way to sign in is not understood.", "Check the kind of the credentials."),
    "KeyBasedAuthenticationNotPermitted": (
        "This account admits no account keys, nor SAS tokens made with them.",
        "Use a service principal, or allow key access in the account's configuration.",
    ),
    "AccountIsDisabled": ("The storage account is disabled.", "Ask who pays for it."),
    "AccountRequiresHttps": ("The account answers in https only.", "Write https:// in the endpoint."),
    "PublicAccessNotPermitted": ("The account admits nobody without credentials.", "Give the store credentials."),
    "NoAuthenticationInformation": ("Nobody is let in without credentials.", "Give the store credentials."),
    "BlobArchived": (
        "The object is in the archive tier and must be brought back first.",
        "Set its tier to hot or cool at the provider; that takes hours.",
    ),
    "BlobBeingRehydrated": ("The object is on its way back from the archive tier.", "Try again in some hours."),
    "BlobImmutableDueToPolicy": (
        "An immutability policy holds the object. Nothing was changed.",
        "Wait until the policy ends, or ask who set it.",
    ),
    "LeaseIdMissing": (
        "Another program holds a lease on the object. Nothing was changed.",
        "Wait until it ends, or break the lease at the provider.",
    ),
    "SnapshotsPresent": (
        "The object has snapshots, which would go with it. Nothing was deleted.",
        "Delete it with its snapshots at the provider, where that is meant.",
    ),
    "InvalidBlobType": (
        "The object is a page or append blob, which cannot be replaced by a plain one. Nothing was changed.",
        "Delete it first, or choose another key.",
    ),
}
_GONE: Final = frozenset({"BlobNotFound", "ResourceNotFound", "CannotVerifyCopySource"})
_NO_CONTAINER: Final = frozenset({"ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"})
_UNSTORABLE: Final = frozenset({"InvalidResourceName", "OutOfRangeInput", "InvalidUri", "ResourceTypeMismatch"})
_BROKEN: Final = frozenset({"Md5Mismatch", "InvalidMd5", "RequestBodyTooLarge", "Crc64Mismatch"})
_BUSY: Final = frozenset({"ServerBusy", "OperationTimedOut", "AccountBeingCreated", "TooManyRequests"})
_CLOCK_WORDS: Final = ("date header", "clock")


@dataclass(frozen=True, slots=True)
class Names:
    """What an error names: the store, its container, the endpoint; and how requests were signed."""

    store: str
    bucket: str
    endpoint: str
    way: str
    """``key``, ``sas``, ``token`` or ``nobody``."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The fields of an error document; all empty where the answer is none."""

    code: str = ""
    message: str = ""
    detail: str = ""


def problem_in(answer: Answer) -> Problem:
    """The error that an answer tells of; one to HEAD has it in a header only."""
    text = answer.content.decode("utf-8-sig", "replace")
    told = {name: html.unescape(value) for name, value in _FIELD.findall(text)} if "<Error" in text else {}
    code = answer.headers.get("x-ms-error-code", "") or told.get("Code", "")
    return Problem(code, told.get("Message", "").partition("\n")[0], told.get("AuthenticationErrorDetail", ""))


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
    if code in _NO_CONTAINER:
        return no_container(names)
    if code in _GONE and names.way == "nobody":
        return _not_public(names, code)
    if code in _GONE:
        return ObjectNotFound(f"There is no object {key!r} in {names.bucket}.")
    if code in _CREDENTIALS:
        message, advice = _CREDENTIALS[code]
        return StoreDenied(f"{names.endpoint} refuses: {message}", advice, code=code)
    if code == "AuthenticationFailed":
        return _unauthentic(problem, names)
    if about_object := _about_object(key, status, problem, names):
        return about_object
    if code in _PERMISSION_CODES or status in {401, 403}:
        return _denied(operation, problem, names)
    return _unexpected(status, answer, problem, names)


def _about_object(
    key: str, status: int, problem: Problem, names: Names
) -> Changed | RangeUnsatisfiable | Unstorable | BodyBroken | None:
    code = problem.code
    if status == HTTPStatus.PRECONDITION_FAILED:
        return Changed(
            f"{key!r} in {names.bucket} is not the version that was named. Nothing was changed.", "Look at it again."
        )
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return RangeUnsatisfiable(f"No byte of {key!r} lies in that range.")
    if code in _UNSTORABLE and key:
        return Unstorable(
            f"{names.endpoint} cannot hold the key {key!r}. Nothing was written.",
            "Choose another key.",
            reason=problem.message or code,
        )
    if code in _BROKEN:
        return BodyBroken(
            f"{names.endpoint} did not get the body whole ({code}). No object was made of it.", "Try again."
        )
    return None


def no_container(names: Names) -> StoreUnreachable:
    """The error for a container that does not exist."""
    return StoreUnreachable(
        f"There is no container {names.bucket!r} at {names.endpoint}.",
        "Check the container's name and the account, or create the container.",
        cause="no bucket",
        store=names.store,
        bucket=names.bucket,
    )


def not_azure(names: Names, what: str) -> StoreUnreachable:
    """The error for an answer that no Blob service gives."""
    return StoreUnreachable(
        f"{names.endpoint} does not answer as Azure Blob Storage: {what}.",
        "Check the endpoint: it may be a web page, another service or a proxy.",
        cause="not azure",
        store=names.store,
        bucket=names.bucket,
    )


def _not_public(names: Names, code: str) -> StoreDenied:
    return StoreDenied(
        f"{names.endpoint} shows nothing of {names.bucket} without credentials: it is not public, or not there.",
        "Give the store credentials, or allow public access to the container.",
        permission="public access",
        code=code,
    )


def _unauthentic(problem: Problem, names: Names) -> StoreDenied:
    if any(word in problem.detail.lower() for word in _CLOCK_WORDS):
        message = "This machine's clock differs too much from the server's."
        advice = "Set the clock (NTP) of this machine."
    elif names.way == "key":
        message = "The account key does not fit the account."
        advice = "Copy the key again from Access keys in the portal; it may have been rotated."
    elif names.way == "sas":
        message = "The SAS token is not valid: changed, cut off, expired, or its key was rotated."
        advice = "Copy the whole token again, or make a new one."
    else:
        message = "The credentials are not accepted."
        advice = "Check the credentials of this store."
    return StoreDenied(f"{names.endpoint} refuses: {message}", advice, code=problem.code)


def _denied(operation: str, problem: Problem, names: Names) -> StoreDenied:
    letter, role = _PERMISSIONS.get(operation, ("", ""))
    code = problem.code or "AuthorizationFailure"
    if code == "AuthorizationFailure":  # the network's word, mostly; emulators say so to a wrong signature too
        permission = ""
        advice = (
            "Check the account's firewall (Networking in the portal) and its public access; then whether the key or "
            "token is the right one."
        )
    elif names.way == "sas":
        permission = f"SAS permission {letter}"
        advice = f"Make a token whose sp has {letter}, and replace the credentials of this store."
    elif names.way == "token":
        permission = f"role {role}"
        advice = f"Assign the role {role} on the container to the service principal; it takes effect within minutes."
    else:
        permission = ""
        advice = "Check the credentials of this store."
    return StoreDenied(
        f"{names.endpoint} does not allow {operation} in {names.bucket} ({code}).",
        advice,
        permission=permission,
        code=code,
    )


def _unexpected(status: int, answer: Answer, problem: Problem, names: Names) -> StoreUnreachable:
    if status in {429, 503} or problem.code in _BUSY:
        return StoreUnreachable(f"{names.endpoint} asks for slower requests.", "Try again later.", cause="slow down")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        said = problem.code or status
        return StoreUnreachable(
            f"{names.endpoint} has a fault of its own ({said}).", "Try again later.", cause="server fault"
        )
    if status in {301, 302, 307, 308}:
        to = answer.headers.get("Location", "").partition("?")[0]
        return StoreUnreachable(
            f"{names.endpoint} sends us to another place{f': {to}' if to else ''}.",
            "Set the endpoint of the connection to it.",
            cause="redirect",
        )
    if not problem.code:
        return not_azure(names, f"status {status} without an error code")
    return StoreUnreachable(
        f"{names.endpoint} refuses the request: {problem.code}: {problem.message[:200]}",
        "Check the endpoint and the container.",
        cause=problem.code,
    )
