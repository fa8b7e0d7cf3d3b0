"""Pages of a listing: XML to objects, read strictly as Azure writes it.

Read as text, not by an XML parser: names must come out byte for byte, also where XML would change a carriage
return or refuse a character that the service left as it is. Whatever has another form is refused, never repaired.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from moorage.model.keys import ETag, Key
from moorage.model.objects import Listed
from moorage.stores.azure.dates import http_ms

_ROOT: Final = "EnumerationResults"
_ENTRY: Final = re.compile(r"<Blob>(.*?)</Blob>|<BlobPrefix>(.*?)</BlobPrefix>", re.DOTALL)
_NAME: Final = re.compile(r"<Name( Encoded=\"true\")?>([^<]*)</Name>")
_FIELD: Final = re.compile(r"<(Content-Length|Etag|Last-Modified|ResourceType)>([^<]*)</\1>")
_MARKER: Final = re.compile(r"<NextMarker(?:\s*/>|>([^<]*)</NextMarker>)")
_BLOBS: Final = re.compile(r"<Blobs\s*/>|<Blobs>(.*)</Blobs>", re.DOTALL)
_REFERENCE: Final = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]+));")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


class Unreadable(Exception):
    """The page is not the XML of a listing."""


@dataclass(slots=True)
class Page:
    """What one answer says, in the server's own order."""

    objects: list[Listed]
    prefixes: list[Key]
    marker: str
    """What to ask the next page with; empty: this is the last."""
    hierarchical: bool
    """The account has directories of its own, which it lists too; here they are left out."""

    @property
    def empty(self) -> bool:
        """True where the page names nothing."""
        return not self.objects and not self.prefixes


def parse(document: bytes) -> Page:
    """The page in ``document``. Raises Unreadable where a key might be lost or wrong."""
    try:
        text = document.decode("utf-8-sig").rstrip()
    except UnicodeDecodeError as error:
        raise Unreadable("It is not UTF-8.") from error
    markers, blobs = _MARKER.findall(text), _BLOBS.search(text)
    if f"<{_ROOT}" not in text[:1000] or not text.endswith(f"</{_ROOT}>") or "<!" in text:
        raise Unreadable("The page is not whole.")
    if blobs is None or len(markers) > 1:
        raise Unreadable("The page has not the parts of a listing.")
    page = Page([], [], _decoded(markers[0]) if markers else "", hierarchical=False)
    rest = _ENTRY.sub(lambda entry: _take(page, entry), blobs.group(1) or "")
    if rest.strip():
        raise Unreadable("Something stands between the names.")
    return page


def _take(page: Page, entry: re.Match[str]) -> str:
    inner = entry.group(1) if entry.group(1) is not None else entry.group(2)
    names = _NAME.findall(inner)
    if len(names) != 1 or not names[0][1]:
        raise Unreadable("An entry has not one name.")
    encoded, text = names[0]
    key = _key(_decoded(text), encoded=bool(encoded))
    if entry.group(1) is None:
        page.prefixes.append(key)
        return ""
    told = dict(_FIELD.findall(inner))
    if "ResourceType" in told:
        page.hierarchical = True
        if told["ResourceType"].lower() == "directory":
            return ""
    if not told.get("Content-Length", "").isdigit():
        raise Unreadable("An entry has no length.")
    etag = ETag(_decoded(told.get("Etag", "")).strip('"'))
    page.objects.append(Listed(key, int(told["Content-Length"]), etag, http_ms(told.get("Last-Modified"))))
    return ""


def _key(text: str, *, encoded: bool) -> Key:
    try:
        return Key(unquote(text, errors="strict") if encoded else text)
    except UnicodeDecodeError as error:
        raise Unreadable("An encoded name is not UTF-8.") from error


def _decoded(text: str) -> str:
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    try:
        return _NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
    except (KeyError, ValueError, OverflowError) as error:
        raise Unreadable("A name holds a reference that XML does not know.") from error
