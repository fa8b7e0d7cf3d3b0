"""Caches on disk: look -> make once, however many wait -> write aside, rename -> forget the least used."""

from moorage.cache.chunks import FileChunkCache
from moorage.cache.films import FileFilmCache
from moorage.cache.single import SingleFlight
from moorage.cache.variants import INLINE_BYTES, FileVariantCache

__all__ = ["INLINE_BYTES", "FileChunkCache", "FileFilmCache", "FileVariantCache", "SingleFlight"]
