"""Showing a place: address -> suggest -> probe -> store, project, mirror and job in one transaction."""

from moorage.showing.planning import Wish
from moorage.showing.verbs import Showing, Shown, Suggestion

__all__ = ["Showing", "Shown", "Suggestion", "Wish"]
