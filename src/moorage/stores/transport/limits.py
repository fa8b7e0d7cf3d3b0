"""Limits of a transport: time, tries and connections."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a connection is for. Each purpose has its own pool, so that a job never takes a reader's place."""

    READING = "reading"
    JOBS = "jobs"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of every exchange with one store. There is no total timeout: a large body may take its time."""

    connect_s: float = 10
    """Seconds for TCP and TLS together."""
    first_byte_s: float = 30
    """Seconds from the last byte sent to the first one received."""
    idle_s: float = 30
    """Seconds without a byte in either direction."""
    queue_s: float = 60
    """Seconds to wait for a place in the pool (and for the name to be resolved)."""
    long_answer_s: float = 300
    """In place of ``first_byte_s`` where the server works before it answers: copies, ends of multipart uploads."""
    tries: int = 4
    """Of one request, the first included."""
    backoff_s: float = 0.2
    """Upper end of the first pause; it doubles with each try, and the pause is drawn from 0 to it."""
    longest_pause_s: float = 20
    """A server that asks for a longer pause (Retry-After) is not waited for."""
    repeat_share: float = 0.1
    """Repeats allowed per request, over all requests of the store, beyond the first ten."""
    reading: int = 64
    jobs: int = 32
    admin: int = 4
    per_host: int = 0
    """Connections of a pool to one host; 0: as many as the pool has."""

    def connections(self, purpose: Purpose) -> int:
        """Size of the pool for ``purpose``."""
        return {Purpose.READING: self.reading, Purpose.JOBS: self.jobs, Purpose.ADMIN: self.admin}[purpose]
