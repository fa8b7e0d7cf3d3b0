"""IAM Roles Anywhere: a role that is taken with a certificate, by the library of AWS's own authors.

Source: IAM Roles Anywhere user guide, "Signing process"; iam-rolesanywhere-session 3.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.x509 import load_pem_x509_certificate

from moorage.certificates import need_now, region_of
from moorage.model.credentials import RolesAnywhere
from moorage.model.errors import Invalid, MoorageError, StoreDenied, StoreUnreachable
from moorage.stores.aws.machine import Machine
from moorage.stores.aws.minted import Minted, minted
from moorage.stores.aws.refusals import LONGEST_S, SHORTEST_S
from moorage.stores.aws.spelling import domain_of

_TIMEOUT_S: Final = (5, 15)
_WAIT_S: Final = 30.0
# The library logs what it signs at DEBUG, and refusals as errors of its own, which are told as ours.
logging.getLogger("iam_rolesanywhere_session").setLevel(logging.CRITICAL)
_TRUST: Final = (
    "The trust anchor must hold the CA that issued the certificate, as PEM text, and be enabled; an intermediate CA "
    "between the two belongs into the field for the chain."
)
_ROLE: Final = (
    "The role's trust policy must let rolesanywhere.amazonaws.com do sts:AssumeRole, sts:TagSession and "
    "sts:SetSourceIdentity, with conditions that the certificate meets."
)
_CLOCK: Final = "Set the clock (NTP) of this machine."
_WORDS: Final[tuple[tuple[tuple[str, ...], str, str, str], ...]] = (
    (("role is not", "role not", "not in profile", "not allowed for profile"), "the profile does not list the role.",
     "Add the role to the profile (aws rolesanywhere update-profile --role-arns ...).", "RoleNotInProfile"),
    (("unable to assume role", "not authorized to perform: sts:assumerole"), "the role does not trust it.", _ROLE,
     "RoleRefused"),
    (("end entity", "end-entity", "is a ca", "must not be a ca"), "the certificate is a CA's own.",
     "Give the certificate that the CA issued. The CA certificate belongs in the trust anchor.", "CertificateOfCa"),
    (("revoked",), "the certificate is revoked.", "Issue a new one: moorage cert leaf.", "CertificateRevoked"),
    (("expired", "not yet valid", "not valid"), "the certificate is not valid now.",
     f"Issue a new one (moorage cert leaf), or: {_CLOCK}", "CertificateExpired"),
    (("untrusted", "insufficient certificate", "no chain"), "it does not trust the certificate.", _TRUST, "Untrusted"),
    (("trust anchor", "trustanchor"), "it does not know the trust anchor, or it is disabled.",
     "Check the trust anchor's ARN and that it is enabled.", "TrustAnchor"),
    (("profile",), "it does not know the profile, or it is disabled.",
     "Check the profile's ARN and that it is enabled.", "Profile"),
    (("clock", "skew", "x-amz-date", "request time"), "this machine's clock differs too much.", _CLOCK, "Clock"),
    (("signature",), "the signature is not the certificate's.",
     "Does the private key belong to the certificate? Where a proxy changes requests, go around it.", "Signature"),
    (("duration",), "it gives no session of that length.",
     "Set MOORAGE_AWS_SESSION_LIFE between 900 s and what profile and role allow.", "Duration"),
)  # fmt: skip


async def certified_keys(given: RolesAnywhere, machine: Machine, *, now_s: float) -> Minted:
    """The keys of the role. Raises StoreDenied or StoreUnreachable; a certificate that has ended asks for nothing."""
    if not SHORTEST_S <= machine.session_s <= LONGEST_S:
        raise StoreDenied(
            f"Roles Anywhere gives no session of {machine.session_s} s. Nothing was asked.",
            f"Set MOORAGE_AWS_SESSION_LIFE between {SHORTEST_S} s and {LONGEST_S} s.",
            code="Duration",
        )
    try:
        need_now(load_pem_x509_certificate(given.certificate.encode()), datetime.fromtimestamp(now_s, UTC))
    except Invalid as error:
        raise StoreDenied(f"{error.message} Nothing was asked.", error.advice, code="CertificateExpired") from error
    region = region_of(given.trust_anchor_arn)
    host = machine.roles_anywhere or f"rolesanywhere.{region}.{domain_of(region)}"
    try:
        # A thread cannot be stopped: it ends by the limits of time of the requests in it.
        fields = await asyncio.wait_for(asyncio.to_thread(_ask, given, machine, region, host), _WAIT_S)
    except TimeoutError as error:
        raise _silent(host) from error
    names = {
        "access_key": "AccessKeyId",
        "secret_key": "SecretAccessKey",
        "token": "Token",
        "expiry_time": "Expiration",
    }
    return minted({names[name]: value for name, value in fields.items() if name in names}, f"Roles Anywhere at {host}")


def _ask(given: RolesAnywhere, machine: Machine, region: str, host: str) -> Mapping[str, object]:
    try:
        import iam_rolesanywhere_session as library
        from botocore.exceptions import BotoCoreError, ConnectionError, HTTPClientError, SSLError  # noqa: A004 - theirs
        from botocore.httpsession import URLLib3Session
    except ImportError as error:
        raise Invalid(
            "Roles Anywhere needs a part of Moorage that is not installed. Nothing was asked.",
            "Install it: pip install 'moorage[server,rolesanywhere]'",
            field="credentials",
        ) from error
    with _authorities(machine.authorities()) as verify:
        session = library.IAMRolesAnywhereSession(
            profile_arn=given.profile_arn,
            role_arn=given.role_arn,
            trust_anchor_arn=given.trust_anchor_arn,
            certificate=given.certificate.encode(),
            private_key=given.private_key.encode(),
            certificate_chain=given.chain.encode() or None,
            private_key_passphrase=given.passphrase or None,
            session_duration=machine.session_s,
            region=region,
            endpoint=host,
            verify=verify,
        )
        session._request_signer = _signer(library, given, region)  # noqa: SLF001 - see _signer
        connection = session._session = URLLib3Session(timeout=_TIMEOUT_S, verify=verify)  # noqa: SLF001 - its own waits 60 s
        try:
            # Its credentials would renew themselves, and in the midst of a request; we ask ahead.
            asked: Mapping[str, object] = session.get_refreshable_credentials()._refresh_using()  # noqa: SLF001
        except library.CredentialsRetrievalError as error:
            raise _refused(host, error.status_code, str(error.message)) from error
        except SSLError as error:
            raise StoreUnreachable(
                f"The certificate of {host} is not trusted.",
                "Where a proxy of yours reads TLS, name its authority in MOORAGE_AWS_CA_BUNDLE.",
                cause="certificate",
            ) from error
        except (ConnectionError, HTTPClientError, BotoCoreError) as error:
            raise _silent(host) from error
        finally:
            connection.close()
    return asked


def _signer(library: Any, given: RolesAnywhere, region: str) -> Any:
    """Its signer with the algorithm that it really signs with.

    The library names the hash with which the CA signed the certificate, but signs with SHA-256 always, so that
    certificates signed with SHA-384 are refused. Source: measured with 3.0.0.
    """

    class Signer(library.IAMRolesAnywhereSigner):  # type: ignore[misc]  # imported late, it is optional
        @property
        def algorithm(self) -> str:
            return f"AWS4-X509-{self.private_key_type}-SHA256"

    return Signer(
        certificate=given.certificate.encode(),
        private_key=given.private_key.encode(),
        certificate_chain=given.chain.encode() or None,
        private_key_passphrase=given.passphrase or None,
        region=region,
    )


@contextmanager
def _authorities(pem: str) -> Iterator[str | bool]:
    """A file of the authorities, as botocore wants them; True: the system's."""
    if not pem:
        yield True
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        yield file.name


def _refused(host: str, status: int, message: str) -> MoorageError:
    if status == 429 or status >= 500 or status < 400:  # noqa: PLR2004 - statuses
        return StoreUnreachable(
            f"Roles Anywhere at {host} cannot answer now (status {status}).", "Try again later.", cause="server fault"
        )
    said = message.lower()
    for words, what, advice, code in _WORDS:
        if any(word in said for word in words):
            return StoreDenied(f"Roles Anywhere gives no keys: {what} It says: {_short(message)}", advice, code=code)
    if status not in {400, 401, 403, 404}:
        return StoreUnreachable(
            f"{host} does not answer as Roles Anywhere: status {status}.",
            "Check it, and proxies.",
            cause="not rolesanywhere",
        )
    return StoreDenied(f"Roles Anywhere gives no keys: {_short(message)}", f"{_TRUST} {_ROLE}", code="Refused")


def _silent(host: str) -> StoreUnreachable:
    return StoreUnreachable(
        f"Roles Anywhere at {host} cannot be reached.",
        "Does the region of the trust anchor's ARN exist, and does a firewall let this machine reach it?",
        cause="unreachable",
    )


def _short(message: str) -> str:
    return " ".join(message.split())[:200]
