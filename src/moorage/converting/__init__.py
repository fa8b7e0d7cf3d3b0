"""Converting a video: ask -> read from the store, write aside -> keep it whole -> serve."""

from moorage.converting.making import Making
from moorage.converting.verbs import Conversions

__all__ = ["Conversions", "Making"]
