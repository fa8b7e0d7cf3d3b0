"""The role of an EC2 instance, from its metadata service: token -> name of the role -> its keys.

Source: Amazon EC2 user guide, "Use the Instance Metadata Service to access instance metadata", version 2. Version 1
is not asked: it answers whoever can make a server fetch a URL. botocore's own fetcher is not used: whatever goes
wrong, it answers nothing, it turns to version 1, and it tells a later end of the keys than theirs.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from moorage.model.errors import MoorageError, StoreDenied, StoreUnreachable
from moorage.stores.aws.asking import LOCAL, Asking, asking
from moorage.stores.aws.minted import Minted, document, minted
from moorage.stores.transport import Answer, Counters, Request

_TOKEN: Final = "/latest/api/token"  # noqa: S105 - a path
_ROLES: Final = "/latest/meta-data/iam/security-credentials/"
_LIFE: Final = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
_HEADER: Final = "X-aws-ec2-metadata-token"
_NOBODY_THERE: Final = frozenset({"dns", "refused", "unreachable", "connect timeout"})
_ELSE: Final = "Run Moorage where AWS gives it a role (EC2, ECS, EKS), or give keys or a certificate (Roles Anywhere)."


async def instance_keys(endpoint: str, counters: Counters) -> Minted:
    """The keys of the instance's role. Raises StoreDenied or StoreUnreachable."""
    async with asking(LOCAL, counters) as service:
        token = await _token(service, endpoint)
        roles = await _get(service, f"{endpoint}{_ROLES}", token)
        if roles.status == HTTPStatus.NOT_FOUND or not roles.content.strip():
            raise StoreDenied(
                "This machine has no role: no instance profile is attached to it.",
                "Attach one (EC2 console: Actions, Security, Modify IAM role), or give keys.",
                code="NoRole",
            )
        _need_ok(roles, endpoint)
        role = roles.content.decode("utf-8", "replace").split("\n")[0].strip()
        answer = await _get(service, f"{endpoint}{_ROLES}{quote(role, safe='+=,.@-_')}", token)
        _need_ok(answer, endpoint)
        fields = document(answer.content)
        code = fields.get("Code", "Success")
        if code != "Success":
            raise StoreDenied(
                f"EC2 gives no keys of the role {role[:128]!r} that is attached to this machine ({str(code)[:60]}).",
                "Does the role still exist, and does its trust policy name the service ec2.amazonaws.com?",
                code="RoleRefused",
            )
        return minted(fields, f"The metadata service at {endpoint}", service.clock)


async def _token(service: Asking, endpoint: str) -> str:
    try:
        answer = await service.send(lambda: Request("credentials", "PUT", f"{endpoint}{_TOKEN}", dict(_LIFE)))
    except StoreUnreachable as fault:
        raise _unanswered(fault, endpoint) from fault
    token = answer.content.decode("ascii", "replace").strip()
    if answer.status == HTTPStatus.FORBIDDEN:
        raise StoreDenied(
            f"The metadata service at {endpoint} refuses to give a token.",
            "It is switched off for this instance (aws ec2 modify-instance-metadata-options --http-endpoint enabled), "
            "or a proxy stands between: such requests are refused by their X-Forwarded-For header.",
            code="MetadataRefused",
        )
    if not answer.ok or not token or not token.isprintable():
        raise _not_metadata(answer, endpoint)
    return token


async def _get(service: Asking, url: str, token: str) -> Answer:
    return await service.send(lambda: Request("credentials", "GET", url, {_HEADER: token}))


def _need_ok(answer: Answer, endpoint: str) -> None:
    if not answer.ok:
        raise _not_metadata(answer, endpoint)


def _unanswered(fault: StoreUnreachable, endpoint: str) -> MoorageError:
    if fault.cause in _NOBODY_THERE:
        return StoreUnreachable(
            f"This machine has no role: nothing answers at {endpoint}, where EC2 gives it.", _ELSE, cause="no role"
        )
    if fault.cause == "timeout":
        return StoreUnreachable(
            f"The metadata service at {endpoint} takes connections, but its token never arrives. In a container its "
            "answers may end one hop too early.",
            "Raise the hop limit: aws ec2 modify-instance-metadata-options --instance-id ID "
            "--http-put-response-hop-limit 2 --http-tokens required. Or give the container the host's network.",
            cause="hop limit",
        )
    return fault


def _not_metadata(answer: Answer, endpoint: str) -> StoreUnreachable:
    return StoreUnreachable(
        f"What answers at {endpoint} is not the metadata service of EC2, version 2: status {answer.status}.",
        "Check AWS_EC2_METADATA_SERVICE_ENDPOINT where it is set, and any proxy between.",
        cause="not metadata",
    )
