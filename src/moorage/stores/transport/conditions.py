"""Conditions of writes that do not hold, as errors."""

from __future__ import annotations

from typing import Protocol

from moorage.model.errors import AlreadyExists, Changed
from moorage.model.keys import Key
from moorage.model.store import Condition


class Named(Protocol):
    """What an error names."""

    @property
    def store(self) -> str: ...

    @property
    def bucket(self) -> str: ...


def condition_failed(
    names: Named, key: Key, condition: Condition, advice: str = "Look at it again."
) -> AlreadyExists | Changed:
    """The error for a condition that does not hold."""
    if condition.if_absent:
        return AlreadyExists(
            f"There is an object {key!r} in {names.bucket} already. Nothing was changed.",
            "Choose another key.",
            names.store,
            names.bucket,
            key,
        )
    return Changed(
        f"{key!r} in {names.bucket} is not the version that was named. Nothing was changed.",
        advice,
        names.store,
        names.bucket,
        key,
    )


def condition_headers(condition: Condition) -> dict[str, str]:
    """The headers that ask a server to hold the condition. Source: RFC 9110, 13.1."""
    headers = {"If-Match": f'"{condition.if_match}"'} if condition.if_match else {}
    return headers | ({"If-None-Match": "*"} if condition.if_absent else {})
