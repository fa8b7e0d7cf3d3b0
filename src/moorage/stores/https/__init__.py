"""The https adapter: objects behind plain web addresses, read through the address guard and never written."""

from moorage.stores.https.limits import HttpsLimits
from moorage.stores.https.store import HttpsStore

__all__ = ["HttpsLimits", "HttpsStore"]
