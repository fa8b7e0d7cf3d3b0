"""Inviting to connect a bucket: make a link -> look at the form -> probe -> store and mirror in one transaction."""

from moorage.inviting.offering import Connected, Offer, Offering, Welcome
from moorage.inviting.verbs import Inviting, Made

__all__ = ["Connected", "Inviting", "Made", "Offer", "Offering", "Welcome"]
