"""What all groups of calls share: the transport and names in paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from moorage.client.transport import Query, Transport


class Calls:
    """A group of calls to one server."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport


def part(name: str) -> str:
    """An id or name as one segment of a path."""
    return quote(name, safe="")


def given(**fields: Any) -> Mapping[str, object]:
    """The fields that were given: those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def query_of(**fields: str | int | bool | None) -> Query:
    """A query; what is None is left out."""
    return fields
