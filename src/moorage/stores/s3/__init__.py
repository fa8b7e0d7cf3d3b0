"""The S3 adapter: our own thin dialect over the transport, so that any key that the provider allows is reachable."""

from moorage.stores.s3.administration import HmacAdministration
from moorage.stores.s3.store import S3Store
from moorage.stores.transport import Counters, Limits, Purpose

__all__ = ["Counters", "HmacAdministration", "Limits", "Purpose", "S3Store"]
