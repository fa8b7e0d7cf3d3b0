"""Composes the faces into the one ASGI application, serves it, and runs workers."""

from __future__ import annotations

import asyncio

from moorage.edge.logs import start_logs
from moorage.settings import Settings
from moorage.web.app import make_app
from moorage.web.serving import serve
from moorage.wiring import directory_of
from moorage.wiring.working import work as _work

__all__ = ["make_app", "serve", "work"]


def work(settings: Settings) -> int:
    """Run jobs until a signal comes; 0 when all was closed well."""
    settings.data.mkdir(parents=True, exist_ok=True)
    start_logs(settings, directory_of(settings).log_file)
    asyncio.run(_work(settings))
    return 0
