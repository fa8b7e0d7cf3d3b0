"""Where tokens come from: a service account's key, or the metadata server of this machine."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from moorage.model.errors import MoorageError, StoreUnreachable
from moorage.stores.google.account import Account
from moorage.stores.google.errors import Names
from moorage.stores.google.place import PUBLIC
from moorage.stores.google.tokens import Token
from moorage.stores.transport import Answer, BytesBody, Purpose, Request, Transport, retry_after_s

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SMALL: Final = 64 * 1024
_SKEW_S: Final = 60.0
_OWN_LIFE_S: Final = 3600.0
_FLAVOR: Final = {"Metadata-Flavor": "Google"}
_METADATA: Final = "/computeMetadata/v1/instance/service-accounts/default/token"
_VALUE: Final = re.compile(r"[!-~]+")
_NOBODY_THERE: Final = frozenset({"dns", "refused", "unreachable", "connect timeout"})


FULL_CONTROL: Final = "https://www.googleapis.com/auth/devstorage.full_control"
"""What a change of the bucket itself takes."""


def scope_of(*, read_only: bool) -> str:
    """What a token may do at most; the permissions of the account stand beside it."""
    return f"https://www.googleapis.com/auth/devstorage.{'read_only' if read_only else 'read_write'}"


def token_transport(token_uri: str, transport: Transport, ca: str) -> Transport:
    """A transport of its own for the token server: another host, another clock.

    The store's own authority is trusted there too, unless it is Google's server: for that the system's are.
    """
    host = urlsplit(token_uri).hostname or ""
    foreign = host == PUBLIC or host.endswith(f".{PUBLIC}")
    limits, counters = transport.limits, transport.counters
    return Transport(limits=limits, ca="" if foreign else ca, counters=counters, guard=transport.guard)


class KeyMint:
    """Tokens by a service account's key: a signed assertion for a token (RFC 7523).

    Outside Google's own universe there is no such exchange: the assertion itself is the token.
    """

    def __init__(self, account: Account, scope: str, transport: Transport, names: Names) -> None:
        self._account = account
        self._scope = scope
        self._transport = transport
        self._names = names

    async def __call__(self) -> Token:
        """Ask once; with the server's time where ours is refused."""
        if self._account.universe != PUBLIC:
            now_s = self._transport.clock.now()
            return Token(self._account.assertion(scope=self._scope, audience="", now_s=now_s), _OWN_LIFE_S)
        answer = await self._ask()
        if not answer.ok and self._by_clock(answer):
            self._transport.clock.correct()
            answer = await self._ask()
        if not answer.ok:
            raise self._refused(answer)
        return _token(answer, self._account.token_uri, self._names)

    async def _ask(self) -> Answer:
        def make() -> Request:
            now_s = self._transport.clock.now()
            assertion = self._account.assertion(scope=self._scope, audience=self._account.token_uri, now_s=now_s)
            body = BytesBody(urlencode({"grant_type": _GRANT, "assertion": assertion}).encode())
            headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "moorage"}
            return Request("token", "POST", self._account.token_uri, headers, body)

        return await self._transport.send(make, purpose=Purpose.ADMIN, collect_bytes=_SMALL)

    def _by_clock(self, answer: Answer) -> bool:
        self._transport.clock.observe(answer.headers.get("Date"), at_once=True)
        return abs(self._transport.clock.offset_s) > _SKEW_S and _said(answer)[0] == "invalid_grant"

    def _refused(self, answer: Answer) -> MoorageError:
        code, words = _said(answer)
        host = urlsplit(self._account.token_uri).netloc
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            fault = self._names.unreachable(
                f"{host}, which gives tokens, has a fault of its own ({answer.status}).",
                "Try again later.",
                "server fault",
            )
            fault.retry_after_s = retry_after_s(answer.headers.get("Retry-After"))
            return fault
        if not code:
            return self._names.unreachable(
                f"{host} does not answer as a token server: status {answer.status}.",
                "Check the token_uri in the service account's key, and any proxy between.",
                "not google",
            )
        name, what, advice = self._reason(code, words)
        return self._names.denied(f"{host} gives no token for {self._account.email}: {what}", advice, name)

    def _reason(self, code: str, words: str) -> tuple[str, str, str]:
        said = words.lower()
        if "account not found" in said:
            return "AccountNotFound", "there is no such service account.", "Was it deleted? Give the key of another."
        if "disabled" in said or code == "disabled_client":
            return "AccountDisabled", "the service account is disabled.", "Enable it in IAM, or give another's key."
        if "signature" in said:
            return (
                "InvalidKey",
                "the key does not belong to the service account.",
                "Was the key deleted or replaced? Make a new one and give its JSON file.",
            )
        if "timeframe" in said or "iat and exp" in said:
            return (
                "ClockSkew",
                "this machine's clock differs too much from Google's.",
                "Set the clock (NTP) of this machine.",
            )
        return "InvalidCredentials", f"{code}: {words[:200]}", "Check the service account and its key."


class MachineMint:
    """Tokens of the account that this machine of Google Cloud runs as."""

    def __init__(self, host: str, scope: str, transport: Transport, names: Names) -> None:
        self._url = f"http://{host}{_METADATA}?scopes={quote(scope, safe='')}"
        self._host = host
        self._transport = transport
        self._names = names

    async def __call__(self) -> Token:
        """Ask the metadata server. Raises StoreDenied where the machine has no account."""
        try:
            answer = await self._transport.send(
                lambda: Request("token", "GET", self._url, {**_FLAVOR, "User-Agent": "moorage"}),
                purpose=Purpose.ADMIN,
                collect_bytes=_SMALL,
            )
        except StoreUnreachable as fault:
            fault.store, fault.bucket = self._names.store, self._names.bucket
            if fault.cause in _NOBODY_THERE:
                fault.message = (
                    f"There is no metadata server at {self._host}, so this machine has no account of its own."
                )
                fault.advice = "Is this a machine of Google Cloud? Otherwise give the key of a service account."
            raise
        if answer.headers.get("Metadata-Flavor") != "Google":
            raise self._names.unreachable(
                f"{self._host} is not Google's metadata server.",
                "Check GCE_METADATA_HOST, or give the key of a service account.",
                "not google",
            )
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._names.unreachable("The metadata server has a fault of its own.", "Try again.", "server fault")
        if not answer.ok:
            raise self._names.denied(
                "This machine has no service account of its own.",
                "Attach one to the machine, or give the key of a service account.",
                "NoAccount",
            )
        return _token(answer, self._host, self._names)


def _token(answer: Answer, host: str, names: Names) -> Token:
    document = _json(answer)
    value, life_s = document.get("access_token"), document.get("expires_in")
    if not isinstance(life_s, int) or not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise names.unreachable(
            f"{host} does not answer as a token server: there is no token in its answer.",
            "Check the token_uri in the service account's key, and any proxy between.",
            "not google",
        )
    return Token(value, life_s)


def _said(answer: Answer) -> tuple[str, str]:
    """Code and words of a refusal; both empty where it is none. Source: RFC 6749, section 5.2."""
    document = _json(answer)
    code, words = document.get("error", ""), document.get("error_description", "")
    return (code, str(words)) if isinstance(code, str) else ("", "")


def _json(answer: Answer) -> Mapping[str, object]:
    try:
        document = json.loads(answer.content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
