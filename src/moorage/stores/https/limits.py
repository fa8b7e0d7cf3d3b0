"""Limits of reading from servers that anybody may name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpsLimits:
    """Bounds of every exchange with a web server, beside those of the transport."""

    max_bytes: int = 50 << 30
    """Larger objects are not read, whatever part of them is wanted."""
    time_s: float = 600
    """Seconds that are waited for one request in all: its answer, redirects and repeats too, then its bytes."""
    redirects: int = 5
    """Hops of one request from address to address."""
    skip_bytes: int = 16 << 20
    """What is read and thrown away for a range, where a server sends the whole object instead."""
    version_s: float = 600
    """How long what was fetched counts as one version where a server tells neither ETag nor Last-Modified."""
