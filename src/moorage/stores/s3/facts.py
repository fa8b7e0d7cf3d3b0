"""What the headers of an answer say of an object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from moorage.model.errors import Invalid
from moorage.model.keys import Key
from moorage.model.objects import ObjectInfo
from moorage.stores.s3.dates import http_ms
from moorage.stores.transport.facts import etag_of, metadata_in

_META: Final = "x-amz-meta-"
_NONE_GIVEN: Final = "binary/octet-stream"
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_PLAIN_MD5: Final = re.compile(r"[0-9a-f]{32}")


def info_of(key: Key, headers: Mapping[str, str], size: int) -> ObjectInfo:
    """The object that an answer to HEAD, GET or PUT describes.

    ``media_type`` is empty for ``binary/octet-stream``: S3 says so where none was given.
    """
    media_type = headers.get("Content-Type", "")
    return ObjectInfo(
        key,
        size,
        etag_of(headers),
        http_ms(headers.get("Last-Modified")),
        headers.get("x-amz-version-id", ""),
        "" if media_type == _NONE_GIVEN else media_type,
        metadata_in(headers, _META),
    )


def is_md5(etag: str, headers: Mapping[str, str]) -> bool:
    """True where the ETag of an object put in one part is the MD5 of its bytes."""
    encrypted = headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
    customer = "x-amz-server-side-encryption-customer-algorithm" in headers
    return bool(_PLAIN_MD5.fullmatch(etag)) and not encrypted and not customer


def meta_headers(media_type: str, metadata: Mapping[str, str] | None) -> dict[str, str]:
    """The headers that store media type and metadata. Raises Invalid for what no header can hold."""
    headers = {"Content-Type": media_type} if media_type else {}
    for name, value in (metadata or {}).items():
        if not _NAME.fullmatch(name):
            raise Invalid(f"{name!r} cannot name metadata.", "Use letters, digits and hyphens.", field="metadata")
        headers[_META + name.lower()] = value
    for value in headers.values():
        if not value.isprintable():
            raise Invalid("Media types and metadata hold no control characters.", "Remove them.", field="metadata")
    return headers
