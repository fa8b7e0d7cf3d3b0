"""Mirroring a prefix: list -> compare -> catalogue; guards before anything is called gone."""
