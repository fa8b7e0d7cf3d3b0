"""Signatures by a key: of requests (Shared Key), and of URLs that read one blob (SAS).

Source: Authorize with Shared Key; Create a service SAS; Create a user delegation SAS (Azure Storage REST API).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from moorage.stores.azure.dates import http_date, iso_time
from moorage.stores.azure.place import Place

SAS_VERSION: Final = "2022-11-02"
"""The version whose rules our own SAS follow."""
_SIGNED: Final = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
_EARLIER_S: Final = 300
"""A SAS begins that much earlier, for clocks that are behind."""
_COLLATED: Final = str.maketrans({"-": None, "_": " "})


@dataclass(frozen=True, slots=True)
class DelegationKey:
    """A key that Microsoft Entra ID lends to sign SAS with, for some days."""

    oid: str
    tid: str
    start: str
    expiry: str
    service: str
    version: str
    value: bytes = field(repr=False)


class SharedKey:
    """Signs with the key of an account."""

    def __init__(self, account: str, key: bytes) -> None:
        self._account = account
        self._key = key

    def sign(self, method: str, url: str, headers: Mapping[str, str], length: int, now_s: float) -> dict[str, str]:
        """``headers`` with the time and the signature. ``url`` is percent-encoded, and signed as it is sent."""
        dated = {**headers, "x-ms-date": http_date(now_s)}
        text = self.string_to_sign(method, url, dated, length)
        return {**dated, "Authorization": f"SharedKey {self._account}:{_signature(self._key, text)}"}

    def string_to_sign(self, method: str, url: str, headers: Mapping[str, str], length: int) -> str:
        """What is signed: method, eleven headers, all x-ms headers, the path, the query."""
        named = {name.lower(): value.strip() for name, value in headers.items()}
        named["content-length"] = str(length) if length else ""
        lines = [method, *(named.get(name, "") for name in _SIGNED)]
        # The service sorts these as a dictionary does: hyphens do not count, an underscore stands before digits.
        ours = sorted((name for name in named if name.startswith("x-ms-")), key=lambda name: name.translate(_COLLATED))
        lines += [f"{name}:{named[name]}" for name in ours]
        parts = urlsplit(url)
        lines.append(f"/{self._account}{parts.path}")
        query = sorted((unquote(name).lower(), unquote(value)) for name, value in _pairs(parts.query))
        lines += [f"{name}:{value}" for name, value in query]
        return "\n".join(lines)

    def sas(
        self,
        place: Place,
        key: str,
        *,
        expires_s: int,
        now_s: float,
        disposition: str = "",
        letters: str = "r",
        depth: int = 0,
    ) -> str:
        """The query of a service SAS of one blob; ``letters`` say what it allows, reading where none are given.

        ``depth``: ``key`` is a directory, which only a hierarchical namespace has, and has so many names in its path.
        """
        given = _times(place, expires_s, now_s, letters, depth)
        signed = [
            given["sp"], given["st"], given["se"], f"/blob/{place.account}/{place.bucket}/{key}",
            "", "", given["spr"], SAS_VERSION, given["sr"], "", "", "", disposition, "", "", "",
        ]  # fmt: skip
        return _query(given, disposition, _signature(self._key, "\n".join(signed)))


def delegated_sas(
    key: DelegationKey,
    place: Place,
    blob: str,
    *,
    expires_s: int,
    now_s: float,
    disposition: str = "",
    letters: str = "r",
    depth: int = 0,
) -> str:
    """The query of a user delegation SAS of one blob, or of a directory."""
    given = _times(place, expires_s, now_s, letters, depth)
    signed = [
        given["sp"], given["st"], given["se"], f"/blob/{place.account}/{place.bucket}/{blob}",
        key.oid, key.tid, key.start, key.expiry, key.service, key.version, "", "", "",
        "", given["spr"], SAS_VERSION, given["sr"], "", "", "", disposition, "", "", "",
    ]  # fmt: skip
    lent = {
        "skoid": key.oid, "sktid": key.tid, "skt": key.start, "ske": key.expiry, "sks": key.service,
        "skv": key.version,
    }  # fmt: skip
    return _query(given | lent, disposition, _signature(key.value, "\n".join(signed)))


def _times(place: Place, expires_s: int, now_s: float, letters: str, depth: int) -> dict[str, str]:
    protocol = "https" if place.endpoint.startswith("https") else "https,http"
    directory = {"sdd": str(depth)} if depth else {}
    return directory | {
        "sv": SAS_VERSION, "sr": "d" if depth else "b", "sp": letters, "spr": protocol,
        "st": iso_time(now_s - _EARLIER_S), "se": iso_time(now_s + expires_s),
    }  # fmt: skip


def _query(given: Mapping[str, str], disposition: str, signature: str) -> str:
    words = [*given.items(), *([("rscd", disposition)] if disposition else []), ("sig", signature)]
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in words)


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]


def _signature(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
