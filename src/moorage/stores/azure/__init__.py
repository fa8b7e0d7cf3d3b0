"""The Azure adapter: the Blob service's own dialect over the transport; containers are buckets here, blobs objects."""

from moorage.stores.azure.store import AzureStore

__all__ = ["AzureStore"]
