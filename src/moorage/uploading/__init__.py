"""Uploading: find the destination -> write the object -> catalogue it; and delete what no item holds."""

from moorage.uploading.destination import Primary, Shows
from moorage.uploading.discarding import Discarding
from moorage.uploading.mirrored import Mirrored
from moorage.uploading.owning import Owning
from moorage.uploading.uploads import Uploads
from moorage.uploading.wish import IfExists, Uploaded, Wish

__all__ = ["Discarding", "IfExists", "Mirrored", "Owning", "Primary", "Shows", "Uploaded", "Uploads", "Wish"]
