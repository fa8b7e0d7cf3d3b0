"""Web addresses as links: what must not stand in one, because links are kept and shown as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from moorage.model.errors import Invalid

_ADMITS: Final = frozenset(
    {
        "sig", "awsaccesskeyid", "googleaccessid", "key-pair-id", "policy", "auth", "authorization", "jwt", "password",
        "passwd", "pwd", "secret", "api_key", "apikey", "api-key", "access_key", "x-amz-credential",
        "x-goog-credential",
    }
)  # fmt: skip
_ADMITS_ENDING: Final = ("token", "signature", "_secret", "_password")


def is_url(address: str) -> bool:
    """True for an address of a web server."""
    return address[:8].lower().startswith(("https://", "http://"))


def admitting(url: str) -> str:
    """The name of the first part of a URL that admits whoever has it, such as ``X-Amz-Signature``; else empty."""
    rest = url.partition("://")[2]
    authority = rest.partition("#")[0].partition("?")[0].partition("/")[0]
    if "@" in authority:
        return "a user name or password before the host"
    query = rest.partition("#")[0].partition("?")[2] + "&" + rest.partition("#")[2]
    for part in query.replace(";", "&").split("&"):
        name = unquote(part.partition("=")[0]).strip()
        if admits(name):
            return name[:40]
    return ""


def admits(name: str) -> bool:
    """True where a part of a URL with this name admits whoever has it."""
    plain = name.strip().lower()
    return plain in _ADMITS or plain.endswith(_ADMITS_ENDING)


def sound_url(url: str, plain_http: Callable[[str], bool] = lambda _host: False) -> str:
    """The URL without its fragment. Raises Invalid for plain http, but to hosts for which ``plain_http`` holds."""
    text = url.partition("#")[0]
    scheme, _, rest = text.partition("://")
    if scheme != "https":
        host, colon, port = rest.partition("/")[0].partition("?")[0].rpartition(":")
        if not plain_http(host if colon else port):
            raise Invalid(
                "Plain http:// is not linked: anybody on the way could change what it brings.",
                "Use the server's https:// address. An admin lets hosts through by MOORAGE_LINK_HOSTS_ALLOW.",
                field="address",
            )
    return text
