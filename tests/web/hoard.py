"""Secrets that tests hand out, and the search for them wherever they must not be, in every common spelling."""

from __future__ import annotations

import base64
import html
import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

_SHORTEST: Final = 12
"""A shorter text may stand anywhere by chance."""


class Hoard:
    """Secrets by what they are."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    def add(self, what: str, secret: str) -> str:
        """Remember a secret; it is given back, for use."""
        assert len(secret) >= _SHORTEST, f"{what} is too short to be searched for"
        self._secrets[f"{what} #{len(self._secrets)}"] = secret
        return secret

    def add_pem(self, what: str, pem: str) -> str:
        """Remember a private key by a line in its middle: the first ones are alike in all of them."""
        lines = pem.strip().splitlines()
        self.add(what, lines[len(lines) // 2])
        return pem

    def found_in(self, places: Mapping[str, bytes]) -> list[str]:
        """``what: place`` for each secret that stands in a place."""
        spelled = [(what, spelling) for what, secret in self._secrets.items() for spelling in spellings(secret)]
        found = {f"{what}: {place}" for place, data in places.items() for what, spelling in spelled if spelling in data}
        return sorted(found)


def spellings(secret: str) -> set[bytes]:
    """The secret as it is, in JSON, HTML and URLs, and in base64 wherever in a longer text it begins."""
    plain = {secret, json.dumps(secret)[1:-1], html.escape(secret), quote(secret), quote(secret, safe="")}
    plain |= {quote_plus(secret), quote(quote(secret, safe=""), safe="")}
    return {one.encode() for one in plain} | set(_in_base64(secret.encode()))


def _in_base64(secret: bytes) -> Iterable[bytes]:
    for before in range(3):
        # The letters at both ends depend on what stands there.
        whole = base64.b64encode(b"\0" * before + secret)
        core = whole[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def settled(catalogue: Path) -> None:
    """Everything that a catalogue holds stands in its main file afterwards."""
    with sqlite3.connect(catalogue, timeout=30) as open_:
        open_.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    open_.close()


def files_in(folder: Path, *but: str) -> dict[str, bytes]:
    """All files below a folder by their path in it, but those named."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    named = {str(path.relative_to(folder)): path for path in paths}
    return {name: path.read_bytes() for name, path in named.items() if name not in but}
