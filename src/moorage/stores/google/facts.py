"""What answers say of an object. The ETag of the model is Google's generation.

Google has two ETags for one object: that of the JSON dialect changes with every change of the metadata, that
of the XML dialect is an MD5 for some objects only. Neither can be named in a write. The generation is one
number for these very bytes in both dialects, and the number that ``ifGenerationMatch`` takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final

from moorage.model.errors import Invalid
from moorage.model.keys import ETag, Key
from moorage.model.objects import Listed, ObjectInfo

FIELDS: Final = "name,size,generation,timeCreated,contentType,metadata,md5Hash"
"""The fields of an object that are asked for."""
LISTED: Final = "nextPageToken,prefixes,items(name,size,generation,timeCreated)"
_META: Final = "x-goog-meta-"
_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_GENERATION: Final = re.compile(r"[0-9]{1,19}")


def info_of(key: Key, resource: Mapping[str, Any]) -> ObjectInfo:
    """The object that a JSON document describes. Raises KeyError, TypeError or ValueError where it does not."""
    generation = _generation(resource["generation"])
    return ObjectInfo(
        key,
        int(resource["size"]),
        ETag(generation),
        iso_ms(resource["timeCreated"]),
        generation,
        str(resource.get("contentType", "")),
        {str(name).lower(): str(value) for name, value in (resource.get("metadata") or {}).items()},
    )


def listed_of(resource: Mapping[str, Any]) -> Listed:
    """One object of a listing; raises as ``info_of`` does."""
    generation = _generation(resource["generation"])
    size = int(resource["size"])
    return Listed(Key(resource["name"]), size, ETag(generation), iso_ms(resource["timeCreated"]), generation)


def info_of_headers(key: Key, headers: Mapping[str, str], size: int) -> ObjectInfo:
    """The object whose bytes come with these headers. Raises ValueError where they name no version."""
    generation = _generation(headers.get("x-goog-generation", ""))
    return ObjectInfo(
        key,
        size,
        ETag(generation),
        http_ms(headers.get("Last-Modified")),
        generation,
        headers.get("Content-Type", ""),
        {name[len(_META) :].lower(): value for name, value in headers.items() if name.lower().startswith(_META)},
    )


def generation_of(etag: ETag | None) -> str | None:
    """The generation that an ETag names; None where it can be none, so that no object matches it."""
    return etag if etag and _GENERATION.fullmatch(etag) else None


def described(key: Key, media_type: str, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """The document that describes an object to be written. Raises Invalid for what no answer could carry."""
    for name in metadata or {}:
        if not _NAME.fullmatch(name):
            raise Invalid(f"{name!r} cannot name metadata.", "Use letters, digits and hyphens.", field="metadata")
    for value in (media_type, *(metadata or {}).values()):
        if not value.isprintable():
            raise Invalid("Media types and metadata hold no control characters.", "Remove them.", field="metadata")
    document: dict[str, Any] = {"name": key}
    if media_type:
        document["contentType"] = media_type
    if metadata:
        document["metadata"] = {name.lower(): value for name, value in metadata.items()}
    return document


def iso_ms(text: str) -> int:
    """``2024-05-06T07:08:09.123Z`` in Unix milliseconds, cut to whole seconds as headers have them."""
    if not text.endswith("Z"):
        raise ValueError(text)
    return _second_ms(text[:19])


@lru_cache(maxsize=4096)
def _second_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def http_ms(text: str | None) -> int:
    """A ``Last-Modified`` header in milliseconds; 0 where it is absent or unreadable."""
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 1000 if text else 0
    except ValueError:
        return 0


def _generation(value: object) -> str:
    if not isinstance(value, str) or not _GENERATION.fullmatch(value):
        raise ValueError(f"a generation that is no number: {str(value)[:40]!r}")
    return value
