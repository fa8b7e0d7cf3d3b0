"""Pages of a listing: XML to objects. A fast reader for the uniform case, a strict one for all others.

Keys are percent-encoded by the server (``encoding-type=url``). Only then may XML that is broken elsewhere,
such as a continuation token with a control character, be repaired: a repaired raw key would be another key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final
from urllib.parse import unquote_plus

from lxml import etree

from moorage.model.keys import ETag, Key
from moorage.model.objects import Listed
from moorage.stores.s3.dates import iso_ms, second_ms

_ROOT: Final = "ListBucketResult"
_BLOCK: Final = re.compile(
    r"<Contents><Key>([^<&\n]+)</Key>"
    r"<LastModified>(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z</LastModified>"
    r"<ETag>(?:&quot;|\")?([^<&\"]*)(?:&quot;|\")?</ETag>"
    r"(?:<ChecksumAlgorithm>[^<&]*</ChecksumAlgorithm><ChecksumType>[^<&]*</ChecksumType>)?"
    r"<Size>(\d+)</Size>"
    r"(?:<(?:StorageClass|Type)>[^<&]*</(?:StorageClass|Type)>)*"
    r"</Contents>",
    re.ASCII,
)
_PREFIX: Final = re.compile(r"<CommonPrefixes><Prefix>([^<&]+)</Prefix></CommonPrefixes>", re.ASCII)
_CARRIAGE_RETURN: Final = re.compile(rb"<(?:Key|Prefix)>[^<\r]*\r")
_LISTED: Final = Listed._make


class Unreadable(Exception):
    """The page is not the XML of a listing, or not as many keys as it says.

    ``by_key``: the keys came raw, so that one of them may be what breaks the XML.
    """

    def __init__(self, why: str, *, by_key: bool) -> None:
        super().__init__(why)
        self.by_key = by_key


@dataclass(slots=True)
class Page:
    """What one answer says. ``encoded``: keys came percent-encoded, so that every key can be named."""

    objects: list[Listed]
    prefixes: list[Key] = field(default_factory=list)
    truncated: bool = False
    encoded: bool = True


def parse(document: bytes) -> Page:
    """The page in ``document``. Raises Unreadable where a key might be lost or wrong."""
    return parse_fast(document) or parse_strict(document)


def parse_fast(document: bytes) -> Page | None:
    """The page, where every part of it has the plain form that S3 servers write; None: do not know.

    Takes about a microsecond per key. Each block must match whole, and blocks, prefixes and KeyCount must
    agree, so that nothing is passed over.
    """
    try:
        text = document.decode("ascii")
    except UnicodeDecodeError:
        return None
    if not text.rstrip().endswith(f"</{_ROOT}>") or "<!" in text or text.count("<EncodingType>url</EncodingType>") != 1:
        return None
    truncated = _one(text, "IsTruncated")
    blocks = _BLOCK.findall(text)
    prefixes = _PREFIX.findall(text) if "<CommonPrefixes" in text else []
    if (
        truncated not in {"true", "false"}
        or len(blocks) != text.count("<Contents")
        or len(prefixes) != text.count("<CommonPrefixes")
    ):
        return None
    count = _one(text, "KeyCount")
    if count is not None and count != str(len(blocks) + len(prefixes)):
        return None
    try:
        return Page(_objects(blocks), [Key(_decoded(prefix)) for prefix in prefixes], truncated == "true")
    except ValueError:  # a date such as 2024-02-30
        return None


def _objects(blocks: list[tuple[str, str, str, str]]) -> list[Listed]:
    if not blocks:
        return []
    keys: Iterable[str]
    keys, dates, etags, sizes = zip(*blocks, strict=True)
    # Most keys are odd by their slashes only: those are put right all at once.
    joined = "\n".join(keys).replace("%2F", "/")
    keys = joined.split("\n")
    if "%" in joined or "+" in joined:
        keys = [_decoded(key) for key in keys]
    return list(map(_LISTED, zip(keys, map(int, sizes), etags, map(second_ms, dates), repeat(""))))


def parse_strict(document: bytes) -> Page:
    """The page, read by an XML parser. Raises Unreadable."""
    encoded = b"<EncodingType>url</EncodingType>" in document
    complete = document.rstrip().endswith(f"</{_ROOT}>".encode())
    if b"<!DOCTYPE" in document:
        raise Unreadable("It declares entities, as no S3 server does.", by_key=False)
    parser = etree.XMLParser(recover=encoded, resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(document, parser)
        if root is None or _name(root) != _ROOT or not complete:
            raise Unreadable("The page is not whole.", by_key=False)
        if not encoded and _CARRIAGE_RETURN.search(document):
            raise Unreadable("A key holds a raw carriage return, which XML makes a line feed.", by_key=True)
        page = _page(root, encoded=encoded)
    except etree.XMLSyntaxError as error:
        raise Unreadable(str(error), by_key=complete and not encoded) from error
    except (KeyError, ValueError) as error:
        raise Unreadable(f"A field is missing: {error}.", by_key=False) from error
    counted = [child.text for child in root if _name(child) == "KeyCount"]
    held = document.count(b"<Contents>") if encoded else len(page.objects)
    if (counted and counted != [str(len(page.objects) + len(page.prefixes))]) or len(page.objects) != held:
        raise Unreadable("There are not as many keys as it says.", by_key=False)
    return page


def _page(root: etree._Element, *, encoded: bool) -> Page:
    page = Page([], encoded=encoded)
    truncated = None
    for child in root:
        match _name(child):
            case "Contents":
                page.objects.append(_listed({_name(part): part.text or "" for part in child}, encoded=encoded))
            case "CommonPrefixes":
                page.prefixes += [_key(part.text or "", encoded=encoded) for part in child if _name(part) == "Prefix"]
            case "IsTruncated":
                truncated = {"true": True, "false": False}[(child.text or "").strip().lower()]
            case _:
                pass
    if truncated is None:
        raise KeyError("IsTruncated")
    page.truncated = truncated
    return page


def _listed(parts: dict[str, str], *, encoded: bool) -> Listed:
    key = _key(parts["Key"], encoded=encoded)
    if not key:
        raise KeyError("Key")
    return Listed(
        key, int(parts["Size"]), ETag(parts.get("ETag", "").strip('"')), iso_ms(parts.get("LastModified", ""))
    )


def _key(text: str, *, encoded: bool) -> Key:
    return Key(_decoded(text) if encoded else text)


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="surrogateescape") if "%" in text or "+" in text else text


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _one(text: str, tag: str) -> str | None:
    """The text of a tag that occurs once; None where it does not."""
    before, found, rest = text.partition(f"<{tag}>")
    del before
    return rest.partition("<")[0] if found else None
