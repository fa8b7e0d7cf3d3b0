"""Where adapters meet flows: settings -> key -> database -> flows -> services.

What a command line needs of it (who holds the data directory) must not cost the import of all adapters, so a name
is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from moorage.wiring.directory import directory_of
    from moorage.wiring.doctor import health, places
    from moorage.wiring.once import PENDING, Pending, known_answer, request_hash
    from moorage.wiring.opening import Offline, open_offline, open_server
    from moorage.wiring.resetting import Reset, reset_secrets
    from moorage.wiring.rotating import Rotated, rotate_keys
    from moorage.wiring.services import Services
    from moorage.wiring.sizing import Sizing, check_objects, size_here

_HOMES: Final = {
    "directory": ("directory_of",),
    "doctor": ("health", "places"),
    "once": ("PENDING", "Pending", "known_answer", "request_hash"),
    "opening": ("Offline", "open_offline", "open_server"),
    "resetting": ("Reset", "reset_secrets"),
    "rotating": ("Rotated", "rotate_keys"),
    "services": ("Services",),
    "sizing": ("Sizing", "check_objects", "size_here"),
}

__all__ = [
    "PENDING",
    "Offline",
    "Pending",
    "Reset",
    "Rotated",
    "Services",
    "Sizing",
    "check_objects",
    "directory_of",
    "health",
    "known_answer",
    "open_offline",
    "open_server",
    "places",
    "request_hash",
    "reset_secrets",
    "rotate_keys",
    "size_here",
]


def __getattr__(name: str) -> Any:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
