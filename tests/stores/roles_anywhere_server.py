"""A small IAM Roles Anywhere: every step that the real service checks, on a loopback TLS server.

Source: IAM Roles Anywhere user guide, "Signing process for IAM Roles Anywhere" and "Trust model".
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from aiohttp import web
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from stores.serving import serving
from stores.vault import Vault

REGION, ACCOUNT = "eu-west-1", "111122223333"
ANCHOR = f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT}:trust-anchor/00000000-1111-4222-8333-444444444444"
PROFILE = f"arn:aws:rolesanywhere:{REGION}:{ACCOUNT}:profile/55555555-6666-4777-8888-999999999999"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reef-reader"
_AUTHORIZATION = re.compile(
    r"AWS4-X509-(RSA|ECDSA)-SHA256 Credential=(\d+)/(\d{8}/[a-z0-9-]+/rolesanywhere/aws4_request), "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]+)"
)
_SKEW = timedelta(minutes=5)
_DEPTH = 5
T = TypeVar("T", bound=x509.ExtensionType)
_SHORTEST_S, _LONGEST_S = 900, 43200


class Refused(Exception):
    """What the answer says."""


@dataclass
class RolesAnywhere:
    """The service: roots by trust anchor, (roles, longest session) by profile, the serials that are revoked."""

    vault: Vault
    anchors: dict[str, list[x509.Certificate]]
    profiles: dict[str, tuple[tuple[str, ...], int]] = field(default_factory=lambda: {PROFILE: ((ROLE,), 3600)})
    untrusting: set[str] = field(default_factory=set)
    """Roles that do not trust the service."""
    revoked: set[int] = field(default_factory=set)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: list[int] = field(default_factory=list)
    keys_life_s: float | None = None
    """Keys end after it, whatever was asked for: none of a test lasts a quarter of an hour."""
    port: int = 0
    asked: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked += 1
        answer = await self._answer(request, await request.read())
        answer.force_close()
        return answer

    async def _answer(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        if self.faults:
            return web.Response(status=self.faults.pop(0), text="<html>busy</html>")
        if request.method != "POST" or request.path != "/sessions":
            return web.json_response({"message": "Not found"}, status=404)
        try:
            leaf, above = self._signed_by(request, body)
            return self._session(json.loads(body), leaf, above)
        except Refused as refused:
            return web.json_response({"message": str(refused)}, status=403)

    def _signed_by(self, request: web.BaseRequest, body: bytes) -> tuple[x509.Certificate, list[x509.Certificate]]:
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        _need(found, "Malformed Authorization header")
        assert found
        kind, serial, scope, names, signature = found.groups()
        leaf = _certificate(request.headers.get("X-Amz-X509", ""))
        given = request.headers.get("X-Amz-X509-Chain", "")
        above = [_certificate(one) for one in filter(None, given.split(","))]
        _need(str(leaf.serial_number) == serial, "Serial number mismatch")
        signed = names.split(";")
        needed = {"host", "x-amz-date", "x-amz-x509"} | ({"x-amz-x509-chain"} if given else set())
        _need(needed <= set(signed), "Unsigned header")
        stamp = request.headers["X-Amz-Date"]
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        _need(abs(at - self.now()) <= _SKEW and scope.startswith(stamp[:8]), "Clock skew: X-Amz-Date is not now")
        canonical = "\n".join(
            [
                request.method,
                quote(request.path, safe="/"),
                "&".join(sorted(request.rel_url.raw_query_string.split("&"))),
                *(f"{name}:{' '.join(request.headers[name].split())}" for name in signed),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-X509-{kind}-SHA256\n{stamp}\n{scope}\n{digest}"
        _verify(leaf, kind, bytes.fromhex(signature), text.encode())
        return leaf, above

    def _session(
        self, asked: dict[str, object], leaf: x509.Certificate, above: list[x509.Certificate]
    ) -> web.StreamResponse:
        roots = self.anchors.get(str(asked["trustAnchorArn"]))
        _need(roots is not None, "Trust anchor not found or disabled")
        assert roots is not None
        profile = self.profiles.get(str(asked["profileArn"]))
        _need(profile is not None, "Profile not found or disabled")
        assert profile is not None
        roles, longest_s = profile
        role = str(asked["roleArn"])
        _need(role in roles, "Role is not allowed for profile")
        self._need_end_entity(leaf)
        self._need_chain(leaf, above, roots)
        _need("roleSessionName" not in asked, "Not authorized to set roleSessionName.")
        duration = int(str(asked.get("durationSeconds", 3600)))
        if not _SHORTEST_S <= duration <= _LONGEST_S:
            return web.json_response({"message": "Invalid durationSeconds"}, status=400)
        _need(role not in self.untrusting, f"Unable to assume role for {role}")
        keys = self.vault.mint(self.keys_life_s or min(duration, longest_s), role)
        told = {
            "accessKeyId": keys.access_key,
            "secretAccessKey": keys.secret_key,
            "sessionToken": keys.token,
            "expiration": f"{keys.ends:%Y-%m-%dT%H:%M:%SZ}",
        }
        entry = {"credentials": told, "roleArn": role, "packedPolicySize": 0, "sourceIdentity": "CN=under-test"}
        return web.json_response(
            {"credentialSet": [entry], "subjectArn": "arn:aws:rolesanywhere:::subject/1"}, status=201
        )

    def _need_end_entity(self, leaf: x509.Certificate) -> None:
        _need(_valid(leaf, self.now()), "Certificate has expired or is not yet valid")
        _need(leaf.version is x509.Version.v3, "Certificate must be X.509 v3")
        _need(not _is_ca(leaf), "End entity certificate must not be a CA")
        usage = _extension(leaf, x509.KeyUsage)
        _need(usage is None or usage.digital_signature, "Key usage must include digital signature")
        _need(leaf.serial_number not in self.revoked, "Certificate is revoked")

    def _need_chain(self, leaf: x509.Certificate, above: list[x509.Certificate], roots: list[x509.Certificate]) -> None:
        below = leaf
        for _ in range(_DEPTH):
            if any(_issued(below, root) for root in roots):
                return
            issuer = next((one for one in above if _issued(below, one) and one != below), None)
            _need(issuer is not None, "Untrusted certificate. Insufficient certificate")
            assert issuer is not None
            _need(_is_ca(issuer) and _valid(issuer, self.now()), "Untrusted signing certificate")
            below = issuer
        raise Refused("Untrusted certificate. Insufficient certificate")


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except ValueError:
        raise Refused("Malformed X-Amz-X509 header") from None


def _verify(leaf: x509.Certificate, kind: str, signature: bytes, text: bytes) -> None:
    key = leaf.public_key()
    try:
        if kind == "RSA" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, text, PKCS1v15(), hashes.SHA256())
        elif kind == "ECDSA" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
        else:
            raise Refused("Signature algorithm does not match the key")
    except InvalidSignature:
        raise Refused("Invalid signature") from None


def _issued(below: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    found = _extension(certificate, x509.BasicConstraints)
    return found is not None and found.ca


def _extension(certificate: x509.Certificate, kind: type[T]) -> T | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _valid(certificate: x509.Certificate, now: datetime) -> bool:
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _need(held: object, message: str) -> None:
    if not held:
        raise Refused(message)


@asynccontextmanager
async def roles_anywhere(vault: Vault, root: x509.Certificate, tls: ssl.SSLContext) -> AsyncIterator[RolesAnywhere]:
    """The running service, with one trust anchor, profile and role."""
    service = RolesAnywhere(vault, {ANCHOR: [root]})
    async with serving(service.handle, tls) as service.port:
        yield service
