"""What Moorage shall do with a store, and the rights that each of it takes."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """One use of a store."""

    LINK = "link"
    MIRROR = "mirror"
    SERVE_REDIRECT = "serve-redirect"
    UPLOAD = "upload"
    DIRECT_UPLOAD = "direct-upload"
    MULTIPART = "multipart"
    MIGRATE_TO = "migrate-to"
    EVENTS = "events"
    PUBLIC_MEDIA = "public-media"


MEANING: Final = {
    Mode.LINK: "Link single objects where they lie",
    Mode.MIRROR: "Mirror a prefix as folders",
    Mode.SERVE_REDIRECT: "Send readers straight to the store",
    Mode.UPLOAD: "Take uploads through the server",
    Mode.DIRECT_UPLOAD: "Let browsers upload straight to the store",
    Mode.MULTIPART: "Lend workers a role for uploads above 5 GB",
    Mode.MIGRATE_TO: "Move projects into this store",
    Mode.EVENTS: "Hear of changes at once",
    Mode.PUBLIC_MEDIA: "Let the whole world read one prefix",
}
"""Each in the words of the person who chooses."""

WRITING: Final = frozenset({Mode.UPLOAD, Mode.DIRECT_UPLOAD, Mode.MULTIPART, Mode.MIGRATE_TO})
BROWSING: Final = frozenset({Mode.SERVE_REDIRECT, Mode.DIRECT_UPLOAD, Mode.PUBLIC_MEDIA})
"""Modes in which browsers talk to the store themselves, for which CORS is."""

BUCKET_READ: Final = ("s3:GetBucketLocation",)
BUCKET_WRITE: Final = ("s3:ListBucketMultipartUploads",)
LIST: Final = "s3:ListBucket"
OBJECT_READ: Final = ("s3:GetObject",)
OBJECT_WRITE: Final = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
OBJECT_DELETE: Final = ("s3:DeleteObject",)
QUEUE: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def writes(modes: AbstractSet[Mode]) -> bool:
    """Whether any of the modes writes to the store."""
    return bool(modes & WRITING)


def needs_identity(modes: AbstractSet[Mode]) -> bool:
    """Whether Moorage itself asks the store for anything; for public media alone it does not."""
    return bool(modes - {Mode.PUBLIC_MEDIA})


def bucket_actions(modes: AbstractSet[Mode]) -> tuple[str, ...]:
    """Actions on the bucket itself, apart from listing, which is limited to the prefix."""
    return BUCKET_READ + (BUCKET_WRITE if writes(modes) else ())


def object_actions(modes: AbstractSet[Mode], *, append_only: bool = False) -> tuple[str, ...]:
    """Actions on the objects below the prefix."""
    if not writes(modes):
        return OBJECT_READ
    return OBJECT_READ + OBJECT_WRITE + (() if append_only else OBJECT_DELETE)
