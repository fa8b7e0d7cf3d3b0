"""What the headers of an answer say of an object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.header import Header
from typing import Final

from moorage.model.errors import Invalid
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.stores.azure.dates import http_ms
from moorage.stores.transport.facts import etag_of, metadata_in

_META: Final = "x-ms-meta-"
_NONE_GIVEN: Final = "application/octet-stream"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FOLDER: Final = "directory"


def info_of(key: Key, headers: Mapping[str, str], size: int) -> ObjectInfo:
    """The object that an answer to HEAD or GET describes.

    ``media_type`` is empty for ``application/octet-stream``: Azure says so where none was given. The generation
    is the version's id where the account keeps versions.
    """
    media_type = headers.get("Content-Type", "")
    return ObjectInfo(
        key,
        size,
        etag_of(headers),
        http_ms(headers.get("Last-Modified")),
        headers.get("x-ms-version-id", ""),
        "" if media_type == _NONE_GIVEN else media_type,
        metadata_in(headers, _META),
    )


def is_folder(headers: Mapping[str, str]) -> bool:
    """True for a directory of a hierarchical namespace, which answers like an empty blob."""
    return headers.get("x-ms-resource-type", "").lower() == _FOLDER


def fact_headers(media_type: str, metadata: Mapping[str, str] | None) -> dict[str, str]:
    """The headers that store media type and metadata. Raises Invalid for what Azure does not hold.

    Source: metadata names are identifiers of C#; values are ASCII, so that others go as encoded words (RFC 2047).
    """
    headers = {"x-ms-blob-content-type": media_type} if media_type else {}
    for name, value in (metadata or {}).items():
        if not _NAME.fullmatch(name):
            raise Invalid(
                f"{name!r} cannot name metadata at Azure.", "Use letters, digits and underscores.", field="metadata"
            )
        if not value.isprintable():
            raise Invalid("Metadata holds no control characters.", "Remove them.", field="metadata")
        headers[_META + name.lower()] = value if value.isascii() else Header(value, "utf-8", maxlinelen=10**6).encode()
    if not (media_type.isascii() and media_type.isprintable()):
        raise Invalid("A media type is printable ASCII.", "Write it as type/subtype.", field="media_type")
    return headers
