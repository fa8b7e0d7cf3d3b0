"""Mirrors and their scans, on every database."""

from __future__ import annotations

from contracts.mirrors import MirrorsContract


class TestMirrors(MirrorsContract):
    """Mirrors, figures of scans, candidates."""
