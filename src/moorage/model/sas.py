"""Shared access signatures and connection strings of Azure, in the forms in which people paste them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote_plus

_FIELD: Final = re.compile(r"\s*([A-Za-z]+)\s*=(.*)", re.DOTALL)
_FRACTION: Final = re.compile(r"\.\d+")


def connection_fields(value: str) -> dict[str, str]:
    """The parts of a connection string by their names in lower case; empty where it is none."""
    parts = [_FIELD.fullmatch(part) for part in value.strip().split(";") if part.strip()]
    if len(parts) < 2 and not value.strip().lower().startswith("usedevelopmentstorage="):  # noqa: PLR2004 - a pair at least
        return {}
    return {part[1].lower(): part[2].strip() for part in parts if part}


def query_of(text: str) -> str:
    """The query of a signature without ``?``, out of a token, a whole URL or a connection string."""
    signature = connection_fields(text).get("sharedaccesssignature", text)
    return (
        signature.strip().partition("://")[2].partition("?")[2] if "://" in signature else signature.strip().lstrip("?")
    )


def sas_fields(text: str) -> dict[str, str]:
    """The fields of a signature, decoded: ``sp``, ``se``, ``sr``, ``sig``...

    A ``+`` is kept: signatures pasted without percent-encoding hold them.
    """
    pairs = (part.partition("=") for part in query_of(text).split("&") if part)
    return {name: unquote_plus(value.replace("+", "%2B")) for name, _, value in pairs}


def expiry_ms(text: str) -> int | None:
    """When the signature ends (Unix milliseconds); None where it does not say, or not readably."""
    return time_ms(sas_fields(text).get("se", ""))


def time_ms(text: str) -> int | None:
    """A time as signatures write it, ``2026-01-02``, with hours and minutes, or with seconds too; None: it is none."""
    try:
        told = datetime.fromisoformat(_FRACTION.sub("", text.strip()))
    except ValueError:
        return None
    return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1000)
