"""IIIF for viewers of other makers: admit -> parse -> look -> cut -> send; and manifests of items and folders."""

from moorage.web.iiif.application import Iiif

__all__ = ["Iiif"]
