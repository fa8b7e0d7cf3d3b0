"""Where adapters meet flows: settings -> key -> database -> flows -> services."""

from moorage.wiring.directory import directory_of
from moorage.wiring.health import health, places
from moorage.wiring.once import PENDING, Pending, known_answer, request_hash
from moorage.wiring.opening import Offline, open_offline, open_server
from moorage.wiring.resetting import Reset, reset_secrets
from moorage.wiring.rotating import Rotated, rotate_keys
from moorage.wiring.services import Services

__all__ = [
    "PENDING",
    "Offline",
    "Pending",
    "Reset",
    "Rotated",
    "Services",
    "directory_of",
    "health",
    "known_answer",
    "open_offline",
    "open_server",
    "places",
    "request_hash",
    "reset_secrets",
    "rotate_keys",
]
