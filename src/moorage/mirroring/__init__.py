"""Mirroring a prefix: list -> compare -> catalogue; guards before anything is called gone."""

from moorage.mirroring.scanning import Scanning
from moorage.mirroring.standing import MirrorStatus
from moorage.mirroring.verbs import Mirrors, Wanted

__all__ = ["MirrorStatus", "Mirrors", "Scanning", "Wanted"]
