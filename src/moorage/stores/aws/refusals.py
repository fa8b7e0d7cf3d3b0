"""What a token service refuses, in our words. Source: AWS STS API reference, common errors and each action's own."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from moorage.model.errors import MoorageError, StoreDenied, StoreUnreachable

SHORTEST_S: Final = 900
LONGEST_S: Final = 43200
_CLOCK: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
_SLOW: Final = frozenset({"Throttling", "ThrottlingException", "SlowDown", "RequestLimitExceeded"})
_OLD: Final = frozenset({"ExpiredToken", "ExpiredTokenException"})
_UNKNOWN: Final = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of which token service."""

    url: str
    role_arn: str
    session_s: int
    external_id: bool = False
    by_token: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Status, code and message of a refusal; code and message are empty where they are not told."""

    status: int
    code: str
    message: str

    @property
    def by_clock(self) -> bool:
        """Our time is the reason."""
        return self.code in _CLOCK or "Signature expired" in self.message or "not yet current" in self.message


def refused(asked: Asked, refusal: Refusal) -> MoorageError:
    """The error for a refusal."""
    code, status = refusal.code, refusal.status
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _SLOW:
        return StoreUnreachable(
            f"The token service at {asked.url} cannot answer now ({code or status}).",
            "Try again later.",
            cause="slow down",
        )
    if refusal.by_clock:
        return _denied(
            asked,
            "this machine's clock differs too much from its own.",
            "Set the clock (NTP) of this machine.",
            "Clock",
        )
    if not code:
        return StoreUnreachable(
            f"{asked.url} does not answer as a token service: status {status}.",
            "Roles need one (STS). Check the endpoint, or set MOORAGE_AWS_STS_ENDPOINT to where it is.",
            cause="not sts",
        )
    if _about_duration(refusal):
        return _denied(
            asked,
            f"it gives no session of {asked.session_s} s.",
            f"Set MOORAGE_AWS_SESSION_LIFE between {SHORTEST_S} s and the role's own maximum; a role that is taken "
            "with another role has 1 hour at most.",
            "Duration",
        )
    if asked.by_token and (found := _by_token(asked, refusal)):
        return found
    return _by_keys(asked, refusal)


def _by_keys(asked: Asked, refusal: Refusal) -> MoorageError:
    code = refusal.code
    if code in {"NoSuchEntity", "NoSuchEntityException"}:
        return _denied(asked, "there is no such role.", "Check the role's ARN, capitals too.", "NoSuchRole")
    if code in _OLD:
        return _denied(
            asked,
            "the keys of this machine's own role have ended.",
            "Try again; if it stays so, check the clock.",
            code,
        )
    if code in _UNKNOWN:
        return _denied(
            asked,
            f"it does not know the keys of this machine's own role ({code}).",
            "Does the role of this machine belong to this server? Keys of AWS are not known to others.",
            code,
        )
    if code == "RegionDisabledException":
        return _denied(asked, "it is switched off in this region.", "Enable STS for the region in IAM.", code)
    if code in {"AccessDenied", "AccessDeniedException"}:
        who = "the token's provider" if asked.by_token else "the role of this machine"
        outside = (
            "its condition sts:ExternalId must be the external id that was given"
            if asked.external_id
            else "where it has the condition sts:ExternalId, give that external id"
        )
        own = "" if asked.by_token else f"; {outside}; and the machine's role needs sts:AssumeRole on it"
        action = "sts:AssumeRoleWithWebIdentity" if asked.by_token else "sts:AssumeRole"
        subject = " with the conditions on sub and aud that the token meets" if asked.by_token else ""
        return _denied(
            asked,
            "it is not allowed.",
            f"The role's trust policy must name {who} as principal of {action}{subject}{own}.",
            "RoleRefused",
        )
    return _denied(asked, f"{code}: {refusal.message[:200]}", "Check the role's ARN, trust policy and session.", code)


def _by_token(asked: Asked, refusal: Refusal) -> MoorageError | None:
    if refusal.code in _OLD:
        return _denied(
            asked,
            "the identity token of this pod has expired.",
            "Is the file in AWS_WEB_IDENTITY_TOKEN_FILE still replaced? Restart the pod.",
            "ExpiredIdentity",
        )
    if refusal.code in {"InvalidIdentityToken", "IDPRejectedClaim"}:
        return _denied(
            asked,
            "the identity token of this pod is not accepted.",
            "IAM needs an OIDC provider for the token's issuer, with the audience sts.amazonaws.com.",
            refusal.code,
        )
    if refusal.code == "IDPCommunicationError":
        return StoreUnreachable(
            f"The token service at {asked.url} does not reach the issuer of this pod's token.",
            "Try again.",
            cause="idp",
        )
    return None


def _about_duration(refusal: Refusal) -> bool:
    said = refusal.message.lower()
    return "durationseconds" in said or (
        refusal.code == "InvalidArgument" and not said  # Ceph says no more, and takes no other number
    )


def _denied(asked: Asked, what: str, advice: str, code: str) -> StoreDenied:
    return StoreDenied(f"{asked.url} does not give the role {asked.role_arn}: {what}", advice, code=code)
