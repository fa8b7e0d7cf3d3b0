"""A small token service: AssumeRole and AssumeRoleWithWebIdentity, refused as AWS refuses. Its keys are Ceph's own.

Ceph 16 itself denies every AssumeRole whose trust policy has the condition sts:ExternalId, with the right id too.
Source: AWS STS API reference; IAM user guide, "Create an OpenID Connect identity provider".
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from stores.serving import serving
from stores.vault import Given, Vault

ISSUER, SUBJECT, AUDIENCE = (
    "https://oidc.example.org/id/REEF",
    "system:serviceaccount:reef:moorage",
    "sts.amazonaws.com",
)
_SKEW_S = 300
_SESSION = re.compile(r"[\w+=,.@-]{2,64}")
_KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class Trust:
    """The trust policy of a role."""

    principals: tuple[str, ...] = ()
    external_id: str = ""
    subject: str = ""
    """By web identity: the ``sub`` that may take it."""
    longest_s: int = 3600


@dataclass
class Sts:
    """The service. ``shortest_s`` is 900 at AWS."""

    vault: Vault
    roles: dict[str, Trust] = field(default_factory=dict)
    shortest_s: int = 900
    ahead_s: float = 0
    """How much its clock is before ours."""
    faults: list[int] = field(default_factory=list)
    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self.asked[form.get("Action", "")] += 1
        if self.faults:
            return web.Response(status=self.faults.pop(0))
        if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
            return web.Response(status=404)
        if form.get("Version") != "2011-06-15":
            return self._refuse(400, "InvalidAction", "Could not find operation")
        action = {"AssumeRole": self._assume, "AssumeRoleWithWebIdentity": self._by_token}.get(form.get("Action", ""))
        return action(request, form, body) if action else self._refuse(400, "InvalidAction", "Could not find operation")

    def _assume(self, request: web.BaseRequest, form: Mapping[str, str], body: bytes) -> web.StreamResponse:
        caller = self._signed_by(request, body)
        if isinstance(caller, web.Response):
            return caller
        assert isinstance(caller, Given)
        trust = self.roles.get(form.get("RoleArn", ""))
        if (
            trust is None
            or caller.role_arn not in trust.principals
            or (trust.external_id and form.get("ExternalId") != trust.external_id)
        ):
            what = f"User: {caller.role_arn} is not authorized to perform: sts:AssumeRole on: {form.get('RoleArn')}"
            return self._refuse(403, "AccessDenied", what)
        return self._give("AssumeRole", form, trust)

    def _by_token(self, request: web.BaseRequest, form: Mapping[str, str], body: bytes) -> web.StreamResponse:
        if "Authorization" in request.headers:
            return self._refuse(400, "ValidationError", "This action is not signed")
        claims = _claims(form.get("WebIdentityToken", ""))
        if claims is None or claims.get("iss") != ISSUER:
            return self._refuse(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your provider")
        if claims.get("aud") != AUDIENCE:
            return self._refuse(400, "InvalidIdentityToken", "Incorrect token audience")
        if int(str(claims["exp"])) < time.time() + self.ahead_s:
            return self._refuse(400, "ExpiredTokenException", "Token expired")
        trust = self.roles.get(form.get("RoleArn", ""))
        if trust is None or claims.get("sub") != trust.subject:
            what = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
            return self._refuse(403, "AccessDenied", what)
        return self._give("AssumeRoleWithWebIdentity", form, trust)

    def _give(self, action: str, form: Mapping[str, str], trust: Trust) -> web.StreamResponse:
        duration = int(form.get("DurationSeconds", "3600"))
        if not _SESSION.fullmatch(form.get("RoleSessionName", "")):
            return self._refuse(400, "ValidationError", "Value at 'roleSessionName' failed to satisfy constraint")
        if duration < self.shortest_s:
            what = f"1 validation error detected: Value '{duration}' at 'durationSeconds' failed to satisfy constraint"
            return self._refuse(400, "ValidationError", what)
        if duration > trust.longest_s:
            what = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            return self._refuse(400, "ValidationError", what)
        told = self.vault.mint(duration, form["RoleArn"]).told(token="SessionToken")
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
        return web.Response(
            text=f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>'
            f"{inner}</Credentials></{action}Result></{action}Response>",
            content_type="text/xml",
        )

    def _signed_by(self, request: web.BaseRequest, body: bytes) -> Given | web.Response:
        given = request.headers.get("Authorization", "")
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=(\S+)/(\d{8})/([a-z0-9-]+)/sts/aws4_request, SignedHeaders=(\S+), "
            r"Signature=([0-9a-f]{64})",
            given,
        )
        if not found:
            return self._refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        caller = self.vault.given.get(found[1])
        if caller is None or request.headers.get("X-Amz-Security-Token", "") != caller.token:
            return self._refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        stamp = request.headers["X-Amz-Date"]
        at = time.mktime(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - time.timezone
        now = time.time() + self.ahead_s
        if abs(at - now) > _SKEW_S:
            return self._refuse(403, "SignatureDoesNotMatch", f"Signature expired: {stamp} is now earlier than others")
        if caller.ends.timestamp() < now:
            return self._refuse(403, "ExpiredToken", "The security token included in the request is expired")
        again = AWSRequest("POST", f"{self.url}{request.raw_path}", data=body)
        for name in found[4].split(";"):
            if name != "host":
                again.headers[name] = request.headers[name]
        again.context["timestamp"] = stamp
        auth = SigV4Auth(Credentials(caller.access_key, caller.secret_key, caller.token), "sts", found[3])
        if auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again) != found[5]:
            return self._refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        return caller

    def _refuse(self, status: int, code: str, message: str) -> web.Response:
        now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + self.ahead_s))
        return web.Response(
            status=status,
            headers={"Date": now},
            text=f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            "<RequestId>1</RequestId></ErrorResponse>",
            content_type="text/xml",
        )


@asynccontextmanager
async def sts(vault: Vault, **options: object) -> AsyncIterator[Sts]:
    """The running service."""
    service = Sts(vault, **options)  # type: ignore[arg-type]
    async with serving(service.handle) as service.port:
        yield service


def identity_token(
    *, life_s: float = 600, audience: str = AUDIENCE, issuer: str = ISSUER, subject: str = SUBJECT
) -> str:
    """A token of a service account, as EKS writes it into the pod."""
    now = int(time.time())
    claims = {"iss": issuer, "sub": subject, "aud": audience, "iat": now, "exp": now + int(life_s)}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT', 'kid': '1'})}.{_part(claims)}"
    return f"{signed}.{_base64(_KEY.sign(signed.encode(), PKCS1v15(), hashes.SHA256()))}"


def _claims(token: str) -> dict[str, object] | None:
    """What a token claims; None where it is not signed by the issuer."""
    head, _, rest = token.partition(".")
    middle, _, signature = rest.partition(".")
    try:
        _KEY.public_key().verify(_bytes(signature), f"{head}.{middle}".encode(), PKCS1v15(), hashes.SHA256())
        assert json.loads(_bytes(head))["alg"] == "RS256"
        return dict(json.loads(_bytes(middle)))
    except (InvalidSignature, ValueError):
        return None


def _part(told: dict[str, object]) -> str:
    return _base64(json.dumps(told).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
