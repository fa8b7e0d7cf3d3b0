"""The Google adapter: the JSON and XML dialects of Google Cloud Storage over the transport; HMAC keys speak S3."""

from moorage.stores.google.hmac import HmacStore
from moorage.stores.google.opening import open_google
from moorage.stores.google.store import GoogleStore

__all__ = ["GoogleStore", "HmacStore", "open_google"]
