"""Adopting: resolve -> look -> give an id -> catalogue. Aliases are names for these ids. No object is ever touched."""

from moorage.adopting.aliasing import Aliasing
from moorage.adopting.outcome import MOST, Fault, Outcome, Wish
from moorage.adopting.verbs import Adopting

__all__ = ["MOST", "Adopting", "Aliasing", "Fault", "Outcome", "Wish"]
