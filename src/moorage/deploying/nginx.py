"""The configuration of an nginx that keeps answers, and asks before it hands one out.

Each hit is admitted: by a question to Moorage, whose answer also names the version, or, for previews by a sealed URL,
by nginx itself.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from moorage.model.errors import Invalid

SEALED: Final = ("width", "height", "fit", "format", "page", "window", "disposition")
"""Parameters of a preview that a seal binds, in this order."""
SEAL: Final = "seal"
FRESH_S: Final = 60
"""How long nginx takes a preview by a sealed URL for current; browsers do so too."""
_PREVIEWS: Final = """
    # Previews and posters.
    location ~ ^@PREFIX_PATTERN@/api/v1/items/[0-9]+/(preview|poster)$ {@ONLY_SEALED@@ASKED@    }
"""
_ASKED: Final = """
        auth_request /_moorage_authorized;
        auth_request_set $moorage_name $upstream_http_x_answer_name;
        auth_request_set $moorage_tag $upstream_http_x_answer_tag;
        error_page 401 403 = @moorage;
        proxy_cache moorage;
        proxy_cache_key $moorage_name;
        proxy_no_cache $moorage_other;
        proxy_cache_valid 200 @INACTIVE@;
        proxy_cache_lock on;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
        proxy_hide_header X-Request-Id;
        add_header X-Cache-Status $upstream_cache_status;
        proxy_pass http://moorage$request_uri;
"""
_SEALED: Final = """
        secure_link $arg_seal,$arg_expires;
        secure_link_md5 "@SECRET@|$secure_link_expires|$uri|@ARGUMENTS@|@SECRET@";
        if ($secure_link != 1) {
            rewrite ^ /_moorage_preview last;
        }
        proxy_cache moorage;
        proxy_cache_key "sealed|$uri|@ARGUMENTS@";
        proxy_cache_valid 200 @FRESH@s;
        proxy_cache_revalidate on;
        proxy_cache_lock on;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
        proxy_hide_header X-Request-Id;
        add_header X-Cache-Status $upstream_cache_status;
        proxy_pass http://moorage;
"""
_UNSEALED: Final = """
    location = /_moorage_preview {
        internal;@ASKED@    }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What nginx is told. ``behind``: host and port of Moorage; ``secret``: of seals, empty without them."""

    public_url: str
    behind: str
    cache: str
    max_bytes: int
    keep_s: int
    secret: str = ""
    certificate: str = ""
    certificate_key: str = ""
    listen: str = ""


def nginx(front: Front) -> str:
    """The text of the configuration. Raises Invalid for values that no configuration can hold."""
    parts = urlsplit(front.public_url)
    tls = bool(front.certificate)
    if tls != bool(front.certificate_key):
        raise Invalid("A certificate and its key belong together.", "Name both, or none.", field="certificate")
    for value in (front.cache, front.certificate, front.certificate_key, front.behind, front.listen, parts.path):
        if re.search(r"[\s;{}\"'\\$]", value):
            raise Invalid(f"{value!r} cannot stand in a configuration of nginx.", "Choose a plain path.", field="path")
    prefix = parts.path.rstrip("/")
    certificate = [f"    ssl_certificate {front.certificate};", f"    ssl_certificate_key {front.certificate_key};", ""]
    holes = {
        "PREVIEWS": _PREVIEWS + (_UNSEALED if front.secret else ""),
        "ONLY_SEALED": _SEALED if front.secret else "",
        "SECRET_NOTE": "# It holds a secret: let only root read it (chmod 600).\n" if front.secret else "",
        "PUBLIC_URL": front.public_url,
        "BEHIND": front.behind,
        "CACHE": front.cache,
        "MAX_SIZE": f"{max(1, front.max_bytes >> 20)}m",
        "LISTEN": front.listen or ("443 ssl" if tls else "80"),
        "SERVER_NAME": parts.hostname or "_",
        "CERTIFICATE": "\n".join(certificate) if tls else "",
        "PREFIX_PATTERN": re.escape(prefix),
        "PREFIX": prefix,
        "ARGUMENTS": "|".join(f"$arg_{name}" for name in SEALED),
        "SECRET": front.secret,
        "FRESH": str(FRESH_S),
    }
    text = files("moorage.deploying").joinpath("nginx.conf").read_text("utf-8")
    for name in ("PREVIEWS", "ONLY_SEALED"):
        text = text.replace(f"@{name}@", holes[name])
    asked_directly, asked_apart = ("", _ASKED) if front.secret else (_ASKED, "")
    text = text.replace("@ASKED@", asked_directly, 1).replace("@ASKED@", asked_apart)
    holes["INACTIVE"] = f"{front.keep_s}s"
    for name, value in holes.items():
        text = text.replace(f"@{name}@", value)
    return text


def seal(path: str, expires_s: int, arguments: Mapping[str, str], secret: str) -> str:
    """What nginx recognises such a URL by; ``arguments`` as they are written in it.

    MD5 is all that nginx can check. Nobody outside chooses what is sealed, and the secret stands at both ends, so
    that neither collisions nor longer texts help. Source: ngx_http_secure_link_module.
    """
    bound = "|".join(arguments.get(name, "") for name in SEALED)
    digest = hashlib.md5(f"{secret}|{expires_s}|{path}|{bound}|{secret}".encode())  # noqa: S324 - see above
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
