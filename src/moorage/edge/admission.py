"""The principal of a request: a bearer token or a session cookie, remembered for at most 5 s."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from moorage.admitting import Door, principal_of_machine, principal_of_session, principal_of_token
from moorage.admitting.bearer import hash_of
from moorage.model.access import Principal
from moorage.model.errors import Refused, SignInNeeded

_PORTS: Final = {"http": 80, "https": 443}
KEPT_S: Final = 5.0
MAX_KEPT: Final = 4096
_TOKEN: Final = b"t"
_SESSION: Final = b"s"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Admission:
    """Finds principals. A revoked token or role works for 5 s at most; what this process changes, at once."""

    def __init__(
        self,
        door: Door,
        origin: str,
        *,
        machine: str,
        note: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cookie = cookie_name(origin)
        self._door = door
        self._machine = hash_of(machine)
        self._origin = origin
        self._note = note
        self._clock = clock
        self._kept: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._forgotten = 0

    async def principal(self, method: str, headers: dict[str, str]) -> Principal:
        """Who asks. SignInNeeded when nobody does; Refused for a change by cookie from elsewhere."""
        kind, secret = self._secret(headers)
        if not secret:
            raise SignInNeeded("Nobody is signed in.", "Sign in, or send a token as 'Authorization: Bearer …'.")
        found = await self._find(kind, secret)
        if kind == _SESSION and method not in _SAFE:
            self.need_origin(headers)
        return found

    def name_of(self, headers: dict[str, str]) -> bytes:
        """What the asker is remembered by; it holds a hash of the secret that was sent."""
        kind, secret = self._secret(headers)
        return kind + hash_of(secret)

    def known(self, name: bytes) -> Principal | None:
        """Who asks to read, if that was found out a moment ago."""
        kept = self._kept.get(name)
        return kept[1] if kept is not None and kept[0] >= self._clock() else None

    def session_of(self, headers: dict[str, str]) -> str:
        """The session's secret; empty where there is none."""
        return cookie_of(headers, self.cookie)

    def need_origin(self, headers: dict[str, str]) -> None:
        """Raise Refused unless the request comes from our own pages."""
        origin = headers.get("origin")
        if origin is None:
            scheme, netloc = _parts(headers.get("referer", ""))
            origin = f"{scheme}://{netloc}"
        if origin != self._origin:
            if _parts(origin)[1] == headers.get("host"):
                self._note(origin)  # somebody really came by this address; another site's form would differ here
            raise Refused(
                f"This change came from {origin[:100]!r}, not from {self._origin}. Nothing was changed.",
                "Open Moorage under its public address, or set MOORAGE_PUBLIC_URL to the address that you use.",
            )

    def forget(self) -> None:
        """Drop everything: somebody's rights were changed."""
        self._forgotten += 1
        self._kept.clear()

    def _secret(self, headers: dict[str, str]) -> tuple[bytes, str]:
        """What kind of secret was sent, and which; a token goes before a session."""
        bearer = headers.get("authorization", "")
        if bearer[:7].lower() == "bearer ":
            return _TOKEN, bearer[7:].strip()
        return _SESSION, self.session_of(headers)

    async def _find(self, kind: bytes, secret: str) -> Principal:
        hashed = hash_of(secret)
        kept = self.known(kind + hashed)
        if kept is not None:
            return kept
        forgotten = self._forgotten
        if kind == _TOKEN and hmac.compare_digest(hashed, self._machine):
            found = await principal_of_machine(self._door)
        else:
            look = principal_of_token if kind == _TOKEN else principal_of_session
            found = await look(self._door, secret)
        if forgotten != self._forgotten:  # it may have been read before the change
            return found
        self._kept[kind + hashed] = (self._clock() + KEPT_S, found)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return found


def headers_of(scope: Scope) -> dict[str, str]:
    """A request's headers with lower-case names; a name given twice is joined by commas."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joint = "; " if name == "cookie" else ", "
        found[name] = f"{found[name]}{joint}{value}" if name in found else value
    return found


def cookie_name(origin: str) -> str:
    """The cookie of a server there. Browsers keep cookies by host alone, so the port is in the name.

    Otherwise signing in to the demo would sign out of another server on the same machine.
    """
    parts = urlsplit(origin)
    return f"moorage_session_{parts.port or _PORTS.get(parts.scheme, 0)}"


def cookie_of(headers: dict[str, str], cookie: str) -> str:
    """The value of that cookie; empty where there is none.

    Cookies of other programs on this host come along and may be of any form, so each is taken by itself. Of two
    with our name the first counts: browsers send the one with the longer path first (RFC 6265, section 5.4).
    """
    for part in headers.get("cookie", "").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == cookie:
            return value.strip().strip('"')
    return ""


def _parts(address: str) -> tuple[str, str]:
    """Scheme and authority of an address; empty for what is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc
