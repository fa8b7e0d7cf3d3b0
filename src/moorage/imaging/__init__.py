"""Images and video, decoded in processes of their own: queue -> process -> ranges -> picture."""

from moorage.imaging.confinement import Confinement
from moorage.imaging.limits import Limits
from moorage.imaging.pool import DecoderPool

__all__ = ["Confinement", "DecoderPool", "Limits"]
