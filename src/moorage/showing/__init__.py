"""Showing a place: address -> suggest -> probe -> store, project, mirror and job in one transaction."""
