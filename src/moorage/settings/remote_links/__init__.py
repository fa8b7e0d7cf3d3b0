"""remote_links.yml: file -> entries with their lines -> connections; every fault names file, entry, field and line."""

from moorage.settings.remote_links.connections import connection_of
from moorage.settings.remote_links.entries import Entry, Given, entries_of
from moorage.settings.remote_links.reading import (
    FILE_NAME,
    Links,
    Signature,
    read_links,
    signature_of,
)

__all__ = [
    "FILE_NAME",
    "Entry",
    "Given",
    "Links",
    "Signature",
    "connection_of",
    "entries_of",
    "read_links",
    "signature_of",
]
