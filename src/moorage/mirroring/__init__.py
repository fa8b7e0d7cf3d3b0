"""Mirroring a prefix: list -> compare -> catalogue; guards before anything is called gone."""

from moorage.mirroring.scanning import Scanning
from moorage.mirroring.verbs import Mirrors, MirrorStatus

__all__ = ["MirrorStatus", "Mirrors", "Scanning"]
