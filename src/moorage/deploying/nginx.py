"""The configuration of an nginx that keeps answers, and asks before it hands one out.

Each hit is admitted: by a question to Moorage, whose answer also names the version, or, for previews by a sealed URL,
by nginx itself.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from moorage.model.errors import Invalid

SEAL: Final = "seal"
FRESH_S: Final = 60
"""How long nginx takes a preview by a sealed URL for current; browsers do so too."""
_KEPT: Final = """
        proxy_cache moorage;
        proxy_cache_lock on;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;
        proxy_hide_header X-Request-Id;
        add_header X-Cache-Status $upstream_cache_status;"""
_ASKED: Final = f"""\
        auth_request /_moorage_authorized;
        auth_request_set $moorage_name $upstream_http_x_answer_name;
        auth_request_set $moorage_tag $upstream_http_x_answer_tag;
        error_page 401 403 = @moorage;
        proxy_pass http://moorage$request_uri;
        proxy_no_cache $moorage_other;{_KEPT}"""
_SMALL: Final = """\
        # Small files that are asked for often stay open, and leave in one write.
        open_file_cache max=256 inactive=60s;
        open_file_cache_valid 60s;
        sendfile off;
        output_buffers 1 64k;"""
_SEALED: Final = f"""\
    # All of an item. A sealed URL is admitted here, without a question; everything else goes on below /_moorage.
    # A seal binds path and query, and only previews and posters get one. Each part of its URL stands where it is made
    # to stand; (?s) lets the expression step over them at once.
    location ^~ @PREFIX@/api/v1/items/ {{
        if ($args !~ "@SEALED_QUERY@") {{
            rewrite ^ /_moorage$uri last;
        }}
        secure_link $moorage_seal,$moorage_until;
        secure_link_md5 "@SECRET@|$moorage_until|$uri|$moorage_wanted|@SECRET@";
        if ($secure_link != 1) {{
            rewrite ^ /_moorage$uri last;
        }}
        proxy_pass http://moorage;{_KEPT}
        proxy_cache_key $uri|$moorage_wanted;
        proxy_cache_valid 200 {FRESH_S}s;
        proxy_cache_revalidate on;
@SMALL@
    }}

    location /_moorage/ {{
        internal;
        proxy_pass http://moorage$request_uri;
        proxy_buffering off;
        proxy_read_timeout 1h;
    }}

"""
_SEALED_QUERY: Final = (
    f"(?s)^{SEAL}=(?<moorage_seal>.{{22}})&expires=(?<moorage_until>.{{10}})"
    "&kid=[^&]+&signature=[^&]+&(?<moorage_wanted>.*)"
)


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


_PORT: Final = re.compile(r"(?:(?:[\w.-]+|\*|\[[0-9A-Fa-f:.]+\]):)?\d{1,5}|unix:/\S+")


def nginx(front: Front) -> str:
    """The text of the configuration. Raises Invalid for values that no configuration can hold."""
    parts = urlsplit(front.public_url)
    tls = bool(front.certificate)
    if tls != bool(front.certificate_key):
        raise Invalid("A certificate and its key belong together.", "Name both, or none.", field="certificate")
    for value in (front.cache, front.certificate, front.certificate_key, front.behind, front.listen, parts.path):
        if re.search(r"[\s;{}\"'\\$]", value):
            raise Invalid(f"{value!r} cannot stand in a configuration of nginx.", "Choose a plain path.", field="path")
    if front.listen and _PORT.fullmatch(front.listen) is None:
        raise Invalid(
            f"{front.listen!r} is nothing that nginx listens on.", "Write 8443 or 127.0.0.1:8443.", field="listen"
        )
    prefix = parts.path.rstrip("/")
    certificate = [f"    ssl_certificate {front.certificate};", f"    ssl_certificate_key {front.certificate_key};", ""]
    holes = {
        "SEALED": _SEALED if front.secret else "",
        "ASIDE": "/_moorage" if front.secret else "",
        "INTERNAL": "        internal;\n" if front.secret else "",
        "ASKED": _ASKED,
        "SMALL": _SMALL,
        "SEALED_QUERY": _SEALED_QUERY,
        "SECRET_NOTE": "# It holds a secret: let only root read it (chmod 600).\n" if front.secret else "",
        "PUBLIC_URL": front.public_url,
        "BEHIND": front.behind,
        "CACHE": front.cache,
        "MAX_SIZE": f"{max(1, front.max_bytes >> 20)}m",
        "INACTIVE": f"{front.keep_s}s",
        "LISTEN": f"{front.listen or 443} ssl" if tls else front.listen or "80",
        "SERVER_NAME": parts.hostname or "_",
        "CERTIFICATE": "\n".join(certificate) if tls else "",
        "PREFIX_PATTERN": re.escape(prefix),
        "PREFIX": prefix,
        "SECRET": front.secret,
    }
    text = files("moorage.deploying").joinpath("nginx.conf").read_text("utf-8")
    for name, value in holes.items():
        text = text.replace(f"@{name}@", value)
    return text


def seal(path: str, expires_s: int, wanted: str, secret: str) -> str:
    """What nginx recognises a URL by; ``wanted`` is the query that says which preview, as it is written in the URL.

    MD5 is all that nginx can check. Nobody outside chooses what is sealed, and the secret stands at both ends, so
    that neither collisions nor longer texts help. Source: ngx_http_secure_link_module.
    """
    digest = hashlib.md5(f"{secret}|{expires_s}|{path}|{wanted}|{secret}".encode())  # noqa: S324 - see above
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def sealed_query(mark: str, proof: str, wanted: str) -> str:
    """The query of a sealed URL: ``proof`` is ``expires=…&kid=…&signature=…``. nginx looks for each in this place."""
    return f"{SEAL}={mark}&{proof}&{wanted}"
