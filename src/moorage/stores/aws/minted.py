"""Temporary keys, as every source of them gives them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from moorage.model.credentials import Keys
from moorage.model.errors import StoreUnreachable
from moorage.stores.transport import Clock

_SKEWED_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Minted:
    """Keys that are good until ``ends_s`` (Unix seconds by this machine's clock; infinity: no end was told)."""

    keys: Keys
    ends_s: float


def minted(fields: Mapping[str, object], whom: str, clock: Clock | None = None) -> Minted:
    """The keys in an answer of ``whom``.

    An end by a clock that is far from ours is told by ours. Raises StoreUnreachable where the answer holds no keys.
    """
    token = fields.get("SessionToken", fields.get("Token", ""))
    words = [fields.get("AccessKeyId", ""), fields.get("SecretAccessKey", ""), token]
    if not all(map(_sendable, words)) or not words[0] or not words[1]:
        raise no_keys(whom)
    ends_s = end_of(fields.get("Expiration"), whom)
    if clock is not None and abs(clock.offset_s) > _SKEWED_S:
        ends_s -= clock.offset_s
    return Minted(Keys(str(words[0]), str(words[1]), str(words[2])), ends_s)


def end_of(text: object, whom: str) -> float:
    """Unix seconds of an ISO 8601 time; infinity for none. Raises StoreUnreachable for what is no time."""
    if text in (None, ""):
        return math.inf
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise no_keys(whom) from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def document(content: bytes) -> Mapping[str, object]:
    """The JSON object of an answer; empty where it is none."""
    try:
        told = json.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def no_keys(whom: str) -> StoreUnreachable:
    """The error for an answer without keys; what it holds is not repeated."""
    return StoreUnreachable(
        f"{whom} answers, but its answer holds no temporary keys.",
        "Check what really answers there: a proxy or another server may.",
        cause="no keys",
    )


def _sendable(word: object) -> bool:
    return isinstance(word, str) and (not word or (word.isascii() and word.isprintable() and " " not in word))
