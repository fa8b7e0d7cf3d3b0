"""Where adapters meet flows: settings -> key -> database -> flows -> services."""

from moorage.wiring.health import health, places
from moorage.wiring.opening import Offline, open_offline, open_server
from moorage.wiring.services import Services

__all__ = ["Offline", "Services", "health", "open_offline", "open_server", "places"]
