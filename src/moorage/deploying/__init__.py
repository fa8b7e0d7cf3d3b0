"""Deploying: settings -> configuration of what stands in front."""

from moorage.deploying.nginx import SEAL, Front, nginx, seal, sealed_query

__all__ = ["SEAL", "Front", "nginx", "seal", "sealed_query"]
