"""JSON of the server -> shapes, and shapes -> JSON as the server writes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from moorage.model.errors import MoorageError
from moorage.model.keys import ESCAPED, escape, needs_escape, unescape

T = TypeVar("T")
_ESCAPED_FIELDS: Final = ("name", "key", "path", "address", "prefix", "folder")


def decode(shape: type[T], document: object) -> T:
    """The shape that the document describes; what it does not know is left out. MoorageError where it does not fit."""
    try:
        kind: Any = shape
        checked: T = _adapter(kind).validate_python(_unescaped(document))
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, error["loc"]))
        raise MoorageError(
            f"The server's answer is no {shape.__name__}: {place}: {error['msg']}.",
            "Check that MOORAGE_URL names a Moorage server, and that its version is not older than the client's.",
        ) from exc
    return checked


def encode(value: object) -> Any:
    r"""JSON of a shape: times in UTC with milliseconds, odd keys as ``\xNN`` with ``key_encoding``."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _encoded({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return _encoded(value)
    if isinstance(value, list | tuple):
        return [encode(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _encoded(fields: Mapping[str, object]) -> dict[str, object]:
    keys = {name: value for name, value in fields.items() if name in _ESCAPED_FIELDS and isinstance(value, str)}
    result = {name: encode(value) for name, value in fields.items()}
    if any(map(needs_escape, keys.values())):
        result |= {name: escape(value) for name, value in keys.items()} | {"key_encoding": ESCAPED}
    return result


def _unescaped(document: object) -> object:
    if isinstance(document, list):
        return [_unescaped(part) for part in document]
    if not isinstance(document, dict):
        return document
    result = {name: _unescaped(value) for name, value in document.items()}
    if result.pop("key_encoding", None) == ESCAPED:
        result |= {name: unescape(text) for name in _ESCAPED_FIELDS if isinstance(text := result.get(name), str)}
    return result


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)
