"""The disk adapter: objects are files in a plain tree, everything else lies in ``<root>/.moorage``."""

from moorage.stores.disk.store import DiskStore

__all__ = ["DiskStore"]
