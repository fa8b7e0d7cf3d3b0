"""Fronting: what a proxy in front of this installation is told."""

from __future__ import annotations

import os
from typing import Final

from moorage.deploying import Front
from moorage.keyring import RingSigner
from moorage.model.errors import Invalid
from moorage.wiring.opening import Offline

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what is listened on, not by us


def front_of(offline: Offline, *, cache: str, certificate: str, certificate_key: str, listen: str) -> Front:
    """The settings in force as nginx needs them; paths are written in full, because nginx has another folder.

    Raises Invalid where no proxy could find the server.
    """
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
        cache=_whole(cache),
        max_bytes=settings.cache_previews_size + settings.cache_storage_size,
        keep_s=int(keep.total_seconds()),
        secret=RingSigner(offline.keyring).seal_secret if settings.nginx_seals else "",
        certificate=_whole(certificate),
        certificate_key=_whole(certificate_key),
        listen=listen,
    )


def doubts(front: Front) -> list[str]:
    """What may keep nginx from starting, a sentence each; it may be meant for another machine."""
    named = (("certificate", front.certificate), ("key", front.certificate_key))
    said = [doubt for what, path in named if path and (doubt := _doubt(what, path))]
    if not os.path.isdir(above := os.path.dirname(front.cache)):  # noqa: PTH112, PTH120 - as above
        said.append(
            f"There is no folder {above} on this machine. nginx does not start until it is there: mkdir -p {above}"
        )
    return said


def _doubt(what: str, path: str) -> str:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as nginx opens it
            is_pem = b"-----BEGIN " in file.read(1 << 20)
    except FileNotFoundError:
        return f"There is no {what} at {path} on this machine. nginx does not start until it is there."
    except PermissionError:
        return f"You may not read the {what} {path}, so it was not looked at. nginx reads it as root."
    except OSError as exc:
        return f"The {what} {path} cannot be read: {exc.strerror}. nginx does not start until it can."
    return "" if is_pem else f"The {what} {path} is not in PEM format. nginx needs -----BEGIN …----- in it."


def _whole(path: str) -> str:
    return os.path.abspath(path) if path else ""  # noqa: PTH100 - Path.resolve would follow links
