"""The journal: one line and some counts for each answer. Lines are written many at once, a moment later.

A line of its own through all of logging costs a cached preview more than everything else that is done for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from moorage.edge.figures import FIGURES

LATER_S: Final = 0.25
"""How long a line may wait for others."""
_FLOOD: Final = ("authorized", "bytes", "iiif", "static")
"""Faces whose answers come by the hundred for one page: on the console stand those of them that failed."""
_SECRETS: Final = ("seal", "signature", "token", "secret")
_FAILED: Final = 400
log: Final = logging.getLogger("moorage.edge")
_JSON: Final = (
    '{"method": "%s", "path": %s, "query": %s, "status": %d, "ms": %.1f, "bytes": %d, "request": "%s", '
    '"event": "request", "level": "info", "logger": "moorage.edge", "timestamp": "%s"}'
)
_quoted: Final = json.encoder.encode_basestring_ascii


class Line(NamedTuple):
    """What is told of an answer. ``ended_s``: Unix time; ``first_s``: seconds until it began.

    Path and query are as ``shown_path`` and ``redacted`` make them: no secret comes into the journal.
    """

    ended_s: float
    request: str
    method: str
    path: str
    query: str
    status: int
    first_s: float
    bytes: int
    face: str
    at_once: bool = False
    """Answered without waiting for anything."""


class Lines(logging.LogRecord):
    """Many lines as one record, which formatters write as such; see ``written``."""

    def __init__(self, lines: list[Line]) -> None:
        super().__init__(log.name, logging.INFO, "", 0, "requests", (), None)
        self.lines = lines
        self.texts: dict[tuple[bool, bool], str] = {}
        """What ``written`` made of them: a file that is rotated has the text made to measure it, and again to write."""


class Journal:
    """Notes answers. Belongs to the event loop that first notes one."""

    def __init__(self) -> None:
        self._lines: list[Line] = []

    def note(self, line: Line) -> None:
        """Have an answer counted, and its line written."""
        if not self._lines:
            asyncio.get_running_loop().call_later(LATER_S, self.flush)
        self._lines.append(line)

    def flush(self) -> None:
        """Count and write what waits."""
        lines, self._lines = self._lines, []
        for line in lines:
            FIGURES.note(line.face, line.status, line.first_s, line.bytes)
        FIGURES.note_at_once(sum([line.at_once for line in lines]))
        lines = [line for line in lines if line.face != "health"]
        if lines and log.isEnabledFor(logging.INFO):
            log.handle(Lines(lines))


def is_told(line: Line) -> bool:
    """Whether it stands on the console too."""
    return line.face not in _FLOOD or line.status >= _FAILED


def written(record: Lines, *, as_json: bool, quiet: bool) -> str:
    """The lines as text. ``quiet``: those for the console."""
    text = record.texts.get((as_json, quiet))
    if text is None:
        chosen = [line for line in record.lines if is_told(line)] if quiet else record.lines
        text = "\n".join(map(_machine if as_json else _person, chosen))
        record.texts[as_json, quiet] = text
    return text


def face_of(path: str) -> str:
    """Which face a path belongs to: few words, so that counters stay small."""
    if path in ("/healthz", "/readyz", "/metrics"):
        return "health"
    if path.startswith("/api/"):
        if path.startswith("/api/v1/folders/") and path.endswith("/items"):
            return "uploads"
        if path == "/api/v1/authorized":
            return "authorized"
        return "bytes" if path.endswith(("/content", "/preview", "/poster")) else "api"
    if path.startswith("/iiif/"):
        return "iiif"
    return "static" if path.startswith("/static/") else "pages"


def shown_path(path: str) -> str:
    """A path for the log: the secret of a one-time link, and the signature of a IIIF identifier, are left out."""
    before, way, image = path.partition("/iiif/")
    if way:
        name, signed, rest = image.partition("~")
        return f"{before}{way}{name}~…/{rest.partition('/')[2]}" if signed else path
    for way in ("/sign-in/", "/connect/"):
        before, link, _ = path.partition(way)
        if link:
            return f"{before}{link}…"
    return path


def redacted(query: str) -> str:
    """A query string for the log: values that admit somebody are left out."""
    low = query.lower()
    if "%" not in low and "seal" not in low and "signature" not in low and "token" not in low and "secret" not in low:
        return query
    return "&".join([_redacted(part) for part in query.split("&")])


def _redacted(part: str) -> str:
    plain = unquote(part) if "%" in part else part
    name = plain.partition("=")[0]
    return f"{name}=…" if name.lower() in _SECRETS else part


def _machine(line: Line) -> str:
    ended_s, request, method, path, query, status, first_s, sent, _, _ = line
    return _JSON % (method, _quoted(path), _quoted(query), status, first_s * 1000, sent, request, _time(ended_s))


def _person(line: Line) -> str:
    told = (
        f"method={line.method} path={_word(line.path)} "
        f"query={_word(line.query)} status={line.status} ms={line.first_s * 1000:.1f} "
        f"bytes={line.bytes} request={line.request}"
    )
    return f"{_time(line.ended_s)} [info     ] request                        [{log.name}] {told}"


def _word(text: str) -> str:
    """As it is, or quoted where it would not stand as one word, or as another line."""
    return text if text and text.isprintable() and " " not in text else repr(text)


def _time(ended_s: float) -> str:
    whole = int(ended_s)
    return f"{_second(whole)}.{int((ended_s - whole) * 1_000_000):06d}Z"


@lru_cache(8)
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
