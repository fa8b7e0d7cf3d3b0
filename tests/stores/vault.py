"""Temporary keys that Ceph really takes, and refuses after their end, for the small servers that hand keys out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import boto3
from botocore.config import Config

from servers import Server


@dataclass
class Given:
    """Keys that were handed out."""

    access_key: str
    secret_key: str
    token: str
    ends: datetime
    role_arn: str

    def told(self, *, token: str = "Token", ends: datetime | None = None) -> dict[str, str]:
        """As metadata services tell them."""
        return {
            "AccessKeyId": self.access_key,
            "SecretAccessKey": self.secret_key,
            token: self.token,
            "Expiration": f"{ends or self.ends:%Y-%m-%dT%H:%M:%SZ}",
        }


@dataclass
class Vault:
    """Mints keys of one role on Ceph, whatever role it is asked for, and remembers all of them."""

    client: Any
    role: str
    given: dict[str, Given] = field(default_factory=dict)

    def mint(self, life_s: float, role_arn: str = "") -> Given:
        """Keys that Ceph takes for that many seconds; ``role_arn`` is what they are told to be of."""
        answer = self.client.assume_role(RoleArn=self.role, RoleSessionName="under-test", DurationSeconds=round(life_s))
        told = answer["Credentials"]
        keys = Given(
            told["AccessKeyId"],
            told["SecretAccessKey"],
            told["SessionToken"],
            told["Expiration"],
            role_arn or self.role,
        )
        self.given[keys.access_key] = keys
        return keys

    def secrets(self) -> list[str]:
        """Every secret that was handed out."""
        return [secret for one in self.given.values() for secret in (one.secret_key, one.token)]


@contextmanager
def vault_of(server: Server) -> Iterator[Vault]:
    """A role on Ceph that may do everything there; a repeat takes the same one."""
    given: dict[str, Any] = {
        "endpoint_url": server.endpoint,
        "region_name": server.region,
        "aws_access_key_id": server.access_key,
        "aws_secret_access_key": server.secret_key,
        "config": Config(parameter_validation=False, retries={"max_attempts": 1}),
    }
    iam, sts = boto3.client("iam", **given), boto3.client("sts", **given)
    trust = _document(Action=["sts:AssumeRole"], Principal={"AWS": ["arn:aws:iam:::user/moorage-test"]})
    try:
        try:
            iam.create_role(RoleName="moorage-vault", AssumeRolePolicyDocument=trust)
        except iam.exceptions.ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]  # Ceph names no code that botocore could read
            if status != HTTPStatus.CONFLICT:
                raise
        policy = _document(Action=["s3:*"], Resource=["*"])
        iam.put_role_policy(RoleName="moorage-vault", PolicyName="all", PolicyDocument=policy)
        yield Vault(sts, "arn:aws:iam:::role/moorage-vault")
    finally:
        iam.close()
        sts.close()


def soon(seconds: float) -> datetime:
    """That long from now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _document(**statement: object) -> str:
    whole = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    return json.dumps(whole, separators=(",", ":"))  # Ceph takes a + for itself, not for a blank
