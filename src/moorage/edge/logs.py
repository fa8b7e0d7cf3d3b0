"""Logs: one line an event, for people or as JSON, on stderr and in a file."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path
from typing import Final

import structlog

from moorage.edge.journal import Lines, is_told, written
from moorage.settings import Settings

FILE_BYTES: Final = 20 << 20
FILES_KEPT: Final = 5
_QUIET: Final = ("dbos", "alembic", "botocore", "aiohttp.access", "uvicorn.access")


def start_logs(settings: Settings, default_file: Path) -> None:
    """Send structlog and the standard library's loggers to stderr and to a file that is rotated at 20 MiB."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    person = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    machine = structlog.processors.JSONRenderer()
    console = logging.StreamHandler(sys.stderr)
    as_json = settings.log_format == "json"
    console.setFormatter(_Formatter(machine if as_json else person, shared, as_json=as_json, quiet=True))
    console.addFilter(lambda record: not isinstance(record, Lines) or any(map(is_told, record.lines)))
    file = logging.handlers.RotatingFileHandler(
        settings.log_file or default_file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
    )
    file.setFormatter(_Formatter(machine, shared, as_json=True, quiet=False))
    root = logging.getLogger()
    root.handlers = [console, file]
    root.setLevel(settings.log_level.value.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Writes events by structlog, and the journal's lines as they are."""

    def __init__(
        self,
        renderer: structlog.types.Processor,
        shared: list[structlog.types.Processor],
        *,
        as_json: bool,
        quiet: bool,
    ) -> None:
        super().__init__(foreign_pre_chain=shared, processors=[self.remove_processors_meta, renderer])
        self._as_json = as_json
        self._quiet = quiet

    def format(self, record: logging.LogRecord) -> str:
        """The record as text: a line, or several."""
        if isinstance(record, Lines):
            return written(record, as_json=self._as_json, quiet=self._quiet)
        return super().format(record)
