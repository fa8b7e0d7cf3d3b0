"""Fronting: what a proxy in front of this installation is told."""

from __future__ import annotations

from typing import Final

from moorage.deploying import Front
from moorage.keyring import RingSigner
from moorage.model.errors import Invalid
from moorage.wiring.opening import Offline

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what is listened on, not by us


def front_of(offline: Offline, *, cache: str, certificate: str, certificate_key: str, listen: str) -> Front:
    """The settings in force as nginx needs them. Raises Invalid where no proxy could find the server."""
    settings = offline.settings
    if not settings.port:
        raise Invalid(
            "The server takes a free port, so nothing in front can find it.", "Set MOORAGE_PORT.", field="port"
        )
    if settings.public_url is None:
        raise Invalid(
            "MOORAGE_PUBLIC_URL is not set: addresses would lead past nginx.",
            "Set it to the address under which people will open Moorage, such as https://media.example.org.",
            field="public_url",
        )
    host = _EVERYWHERE.get(settings.host, settings.host)
    keep = max(settings.cache_previews_expires, settings.cache_storage_expires)
    return Front(
        public_url=settings.public_url,
        behind=f"{host}:{settings.port}",
        cache=cache,
        max_bytes=settings.cache_previews_size + settings.cache_storage_size,
        keep_s=int(keep.total_seconds()),
        secret=RingSigner(offline.keyring).seal_secret if settings.nginx_seals else "",
        certificate=certificate,
        certificate_key=certificate_key,
        listen=listen,
    )
