"""Jobs and their work rows, on every database."""

from __future__ import annotations

from contracts.jobs import JobsContract


class TestJobs(JobsContract):
    """States, progress, questions; cursors and epochs."""
