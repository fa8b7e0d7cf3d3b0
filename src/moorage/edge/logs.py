"""Logs: one line an event, for people or as JSON, on stderr and in a file."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path
from typing import Final

import structlog

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
    console.setFormatter(_formatter(machine if settings.log_format == "json" else person, shared))
    file = logging.handlers.RotatingFileHandler(
        settings.log_file or default_file, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"
    )
    file.setFormatter(_formatter(machine, shared))
    root = logging.getLogger()
    root.handlers = [console, file]
    root.setLevel(settings.log_level.value.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _formatter(
    renderer: structlog.types.Processor, shared: list[structlog.types.Processor]
) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    )
