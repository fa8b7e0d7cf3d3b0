"""What people read for the place that a mirror shows, such as ``s3://reef/2021/``."""

from __future__ import annotations

from moorage.model.address import SCHEMES
from moorage.model.keys import escape
from moorage.model.store import Provider, Store


def place_of(store: Store, prefix: str) -> str:
    """Scheme, bucket (of a disk: the store's name) and prefix; odd characters escaped."""
    schemes = {provider: scheme for scheme, provider in SCHEMES.items() if scheme != "http"}
    provider = store.connection.provider
    scheme = schemes.get(provider, provider.value)
    bucket = store.name if provider in (Provider.DISK, Provider.MEMORY) else store.bucket
    return f"{scheme}://{bucket}/{escape(prefix)}"
