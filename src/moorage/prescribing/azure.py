"""Azure: the letters of a shared access signature, and roles of an application."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final

from moorage.prescribing.document import Draft, Json, Kind
from moorage.prescribing.modes import Mode, writes
from moorage.prescribing.wish import Wish

READER: Final = "Storage Blob Data Reader"
CONTRIBUTOR: Final = "Storage Blob Data Contributor"
DELEGATOR: Final = "Storage Blob Delegator"
_WHOLE: Final = (
    "A signature for a container reaches all of it: the prefix {} is kept by Moorage alone. Where others' objects lie "
    "beside it, use a container of its own."
)
_NO_PUBLIC: Final = (
    "Azure opens whole containers to the world, never one prefix, so nothing is written for public-media: put public "
    "media into a container of its own."
)


def letters(modes: AbstractSet[Mode], *, append_only: bool) -> str:
    """What a signature for the container may do, in the order that Azure wants. Source: Create a service SAS."""
    if not writes(modes):
        return "rl"
    return "rcl" if append_only else "racwdl"


def account_letters(modes: AbstractSet[Mode], *, append_only: bool) -> str:
    """The same for a signature of the account, which has an order of its own."""
    return {"rl": "rl", "rcl": "rlc", "racwdl": "rwdlac"}[letters(modes, append_only=append_only)]


def signature(wish: Wish, modes: AbstractSet[Mode]) -> Draft:
    """What the shared access signature must hold, for the container or the account."""
    append = wish.options.append_only
    own, whole = letters(modes, append_only=append), account_letters(modes, append_only=append)
    end: dict[str, Json] = {"se": wish.options.expires} if wish.options.expires else {}
    body: Json = {
        "container": {"sr": "c", "sp": own, "spr": "https", **end},
        "or account": {"ss": "b", "srt": "co", "sp": whole, "spr": "https", **end},
    }
    notes = ["Make one of the two; the one for the container opens less."]
    if wish.prefix:
        notes.append(_WHOLE.format(wish.prefix))
    if Mode.PUBLIC_MEDIA in modes:
        notes.append(_NO_PUBLIC)
    if append:
        notes.append("Without w, big files cannot be put together of blocks: the check of the store tells.")
    return Draft(
        Kind.SAS,
        "What the shared access signature must hold",
        body,
        f"Storage account, container {wish.bucket}: generate SAS, HTTPS only.",
        tuple(notes),
    )


def roles(modes: AbstractSet[Mode]) -> tuple[str, ...]:
    """Names of the roles that an application takes; where it signs links, the last is for the account."""
    data = CONTRIBUTOR if writes(modes) else READER
    return (data, DELEGATOR) if modes & {Mode.SERVE_REDIRECT, Mode.DIRECT_UPLOAD, Mode.MULTIPART} else (data,)


def account_scope(wish: Wish) -> str:
    """The storage account, as role assignments name it."""
    told = wish.options
    group = told.resource_group or "RESOURCE-GROUP"
    return (
        f"/subscriptions/{told.subscription or 'SUBSCRIPTION-ID'}/resourceGroups/{group}"
        f"/providers/Microsoft.Storage/storageAccounts/{told.account or 'STORAGE-ACCOUNT'}"
    )


def scope(wish: Wish, role: str) -> str:
    """Where a role is assigned: the container, and for the delegator the account, since keys belong to accounts."""
    whole = account_scope(wish)
    return whole if role == DELEGATOR else f"{whole}/blobServices/default/containers/{wish.bucket}"


def assignment(wish: Wish, modes: AbstractSet[Mode]) -> Draft:
    """The roles of an application that signs in by itself, in place of a signature."""
    who = wish.options.identity or "APPLICATION-ID"
    body: list[Json] = [{"role": role, "assignee": who, "scope": scope(wish, role)} for role in roles(modes)]
    return Draft(
        Kind.ROLE_ASSIGNMENT,
        "Roles of the application, in place of a signature",
        body,
        f"Container {wish.bucket}, access control (IAM): add role assignment.",
        ("Only where Moorage signs in as an application (service principal).",),
    )
