"""Composes the faces into the one ASGI application, and serves it."""

from __future__ import annotations

from moorage.web.app import make_app
from moorage.web.serving import serve

__all__ = ["make_app", "serve"]
