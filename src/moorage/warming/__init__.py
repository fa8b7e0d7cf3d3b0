"""Warming caches up: walk -> sum up -> walk again -> make previews, fetch originals -> tell what failed."""

from moorage.warming.item import Warmer
from moorage.warming.running import KIND, Room, Warming
from moorage.warming.verbs import WarmUps

__all__ = ["KIND", "Room", "WarmUps", "Warmer", "Warming"]
