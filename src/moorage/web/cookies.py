"""The session's cookie, and the address from which a browser asks."""

from __future__ import annotations

from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from moorage.admitting import SignedIn
from moorage.edge.face import Face


def give_cookie(uses: Face, response: Response, signed: SignedIn) -> Response:
    """Set the session's cookie: HttpOnly, SameSite=Lax, Secure when the public address is https."""
    response.set_cookie(
        uses.admission.cookie,
        signed.text,
        max_age=max(0, (signed.expires_ms - uses.now_ms()) // 1000),
        path=uses.path_prefix or "/",
        secure=uses.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


def forget_cookie(uses: Face, response: Response) -> Response:
    """Take the session's cookie back."""
    response.delete_cookie(uses.admission.cookie, path=uses.path_prefix or "/")
    return response


def sender(uses: Face, request: Request) -> str:
    """The address that asks; behind a proxy that we trust, the last one that it was told of and we do not trust."""
    peer = request.client.host if request.client else ""
    told = ",".join(request.headers.getlist("x-forwarded-for"))  # some proxies add a line of their own
    chain = [peer, *reversed(told.replace(" ", "").split(","))]
    for address in chain:
        if not _trusted(uses, address):
            return address or peer
        peer = address
    return peer


def _trusted(uses: Face, address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in uses.settings.trusted_proxies)
