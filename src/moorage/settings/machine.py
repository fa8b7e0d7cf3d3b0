"""Settings of roles at AWS: where this machine's own are asked for, and the programs that print keys."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from moorage.settings.kinds import Time, Url, setting

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Program:
    """A program that prints keys, under the name by which stores use it."""

    name: str
    words: tuple[str, ...] = field(repr=False)
    """The program and its arguments, which may be secret."""

    def __str__(self) -> str:
        return f"{self.name} ({self.words[0]})"


def _programs(value: object) -> object:
    if not isinstance(value, str):
        return value
    found: dict[str, Program] = {}
    for line in filter(None, map(str.strip, value.splitlines())):
        name, equals, command = (part.strip() for part in line.partition("="))
        try:
            words = tuple(shlex.split(command))
        except ValueError:
            words = ()
        if not equals or not _NAME.fullmatch(name) or not words:
            raise ValueError("write one line for each program: NAME = /path/to/program and its arguments")
        if name in found:
            raise ValueError(f"the program {name} is named twice")
        found[name] = Program(name, words)
    return tuple(found.values())


Programs = Annotated[tuple[Program, ...], BeforeValidator(_programs)]
Life = Annotated[Time, Field(gt=timedelta(0))]


class Machine(BaseSettings):
    """What AWS tells its machines in their environment, under AWS's own names too."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    aws_metadata_endpoint: Url = setting(
        "http://169.254.169.254",
        "Where a machine of EC2 asks for the keys of its role.",
        unit="URL",
        alias="AWS_EC2_METADATA_SERVICE_ENDPOINT",
    )
    aws_container_full_uri: str = setting(
        "",
        "Where a container asks for them; EKS sets it.",
        unit="URL",
        alias="AWS_CONTAINER_CREDENTIALS_FULL_URI",
    )
    aws_container_relative_uri: str = setting(
        "",
        "The same as a path at 169.254.170.2; ECS sets it, and it counts before the other.",
        unit="path",
        alias="AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    )
    aws_container_token: SecretStr | None = setting(
        None, "What the container shows there.", unit="text", alias="AWS_CONTAINER_AUTHORIZATION_TOKEN"
    )
    aws_container_token_path: Path | None = setting(
        None,
        "The file that holds it, read anew each time; EKS sets it.",
        unit="file",
        alias="AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    )
    aws_web_identity_token_path: Path | None = setting(
        None,
        "The file of the token with which a pod of EKS takes its role (IRSA), read anew each time.",
        unit="file",
        alias="AWS_WEB_IDENTITY_TOKEN_FILE",
    )
    aws_role_arn: str = setting("", "The role that is taken with that token.", unit="ARN", alias="AWS_ROLE_ARN")
    aws_region: str = setting(
        "", "The region whose token service gives roles. Default: the store's.", unit="name", alias="AWS_REGION"
    )
    aws_sts_endpoint: Url = setting(
        None,
        "The token service that gives roles. Default: that of the region; for other servers than AWS the server's own "
        "endpoint.",
        unit="URL",
        alias="AWS_ENDPOINT_URL_STS",
    )
    aws_roles_anywhere_endpoint: str = setting(
        "", "Where IAM Roles Anywhere answers. Default: in the region of the trust anchor.", unit="host, and its port"
    )
    aws_ca_bundle: Path | None = setting(
        None,
        "Authorities to trust for the two above, as PEM text. Default: the system's.",
        unit="file",
        alias="AWS_CA_BUNDLE",
    )
    aws_session_life: Life = setting(
        timedelta(hours=1), "For how long a role is taken; its keys are renewed before. AWS: 15m to 12h.", unit="time"
    )
    credential_processes: Programs = setting(
        (),
        "Programs that print temporary keys as JSON, for stores with credentials of the kind `process`. "
        "One line each: `NAME = /path/to/program its arguments`. No shell; 30 s.",
        unit="lines",
    )
