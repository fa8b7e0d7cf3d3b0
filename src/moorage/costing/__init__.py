"""Costs: count in memory -> add up by store and day -> price."""

from moorage.costing.prices import Prices, Route
from moorage.costing.tally import Tally
from moorage.costing.verbs import Costs, Priced

__all__ = ["Costs", "Priced", "Prices", "Route", "Tally"]
