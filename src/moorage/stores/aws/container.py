"""The role of a task of ECS or a pod of EKS, from the endpoint that its environment names.

Source: AWS SDKs and Tools reference guide, container credential provider.
"""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from moorage.model.errors import Invalid, StoreDenied, StoreUnreachable
from moorage.stores.aws.asking import LOCAL, asking
from moorage.stores.aws.machine import Machine
from moorage.stores.aws.minted import Minted, document, minted
from moorage.stores.transport import Counters, Request

_PLAIN: Final = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost"})
"""The hosts of ECS and EKS that may be asked in plain http, beside this machine itself."""
_LONGEST_TOKEN: Final = 16 * 1024


async def container_keys(machine: Machine, counters: Counters) -> Minted:
    """The keys of the container's role. Raises StoreDenied, StoreUnreachable or Invalid."""
    url = machine.container
    _need_trusted(url)
    token = machine.container_token
    if machine.container_token_file is not None:
        token = read_token(machine.container_token_file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    headers = {"Accept": "application/json"} | ({"Authorization": token} if token else {})
    host = urlsplit(url).netloc
    async with asking(LOCAL, counters, machine.authorities()) as service:
        try:
            answer = await service.send(lambda: Request("credentials", "GET", url, dict(headers)))
        except StoreUnreachable as fault:
            fault.message = f"The container's role cannot be asked for: {fault.message}"
            fault.advice = (
                "Check AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI; on ECS and EKS they are set by AWS."
            )
            raise
        if answer.status in {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.NOT_FOUND,
        }:
            raise StoreDenied(
                f"{host} gives this container no keys: status {answer.status}.",
                "Has the task a task role, or the pod a pod identity association? Is the authorization token the one "
                "that was given to this container?",
                code="NoRole",
            )
        return minted(document(answer.content), f"The container's endpoint {host}", service.clock)


def read_token(path: Path, name: str) -> str:
    """The token in a file. Raises Invalid, which names the variable ``name`` and shows nothing of the file."""
    try:
        with path.open(encoding="ascii") as file:
            token = file.read(_LONGEST_TOKEN).strip()
        reason = "" if token and token.isprintable() else "no token is in it"
    except (OSError, UnicodeDecodeError) as error:
        token, reason = "", (error.strerror or "") if isinstance(error, OSError) else "no token is in it"
    if reason:
        raise Invalid(
            f"The token of this machine's role cannot be read: {path} ({reason}).",
            f"Check {name}; on EKS the file is mounted by AWS.",
            field=name,
        )
    return token


def _need_trusted(url: str) -> None:
    """Raises Invalid for an address to which no token may go in plain http."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_local(parts.hostname or "")):
        return
    raise Invalid(
        f"{parts.scheme}://{parts.netloc} is no address of ECS or EKS: plain http goes to this machine and to "
        "169.254.170.2 or 169.254.170.23 only. Nothing was asked.",
        "Write an https address, or remove AWS_CONTAINER_CREDENTIALS_FULL_URI.",
        field="aws_container_full_uri",
    )


def _is_local(host: str) -> bool:
    try:
        return host in _PLAIN or ip_address(host).is_loopback
    except ValueError:
        return False
