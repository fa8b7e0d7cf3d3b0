"""Names of resources in AWS and its kin, with odd letters made harmless."""

from __future__ import annotations

import re
from typing import Final

_WILD: Final = re.compile(r"[*?$]")
_ARN: Final = re.compile(r"arn:(aws|aws-[a-z-]+):([a-z0-9-]+):([a-z0-9-]*):([^:\s]*):([!-~]+)")
_PARTITIONS: Final = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


def partition_of(region: str) -> str:
    """The part of AWS that a region lies in; names of resources begin with it."""
    return next((partition for start, partition in _PARTITIONS if region.startswith(start)), "aws")


def domain_of(partition: str) -> str:
    """Where the services of a partition answer."""
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def literal(text: str) -> str:
    """The text as a policy has it, where ``*``, ``?`` and ``$`` would stand for others.

    Source: IAM user guide, policy variables, special characters.
    """
    return _WILD.sub(lambda found: f"${{{found[0]}}}", text)


def bucket_arn(bucket: str, partition: str = "aws") -> str:
    """The bucket itself. Ceph writes a bucket of a tenant ``tenant:bucket``."""
    tenant, colon, name = bucket.rpartition(":")
    return f"arn:{partition}:s3::{tenant}:{name}" if colon else f"arn:{partition}:s3:::{bucket}"


def objects_arn(bucket: str, prefix: str, partition: str = "aws") -> str:
    """All objects below a prefix."""
    return f"{bucket_arn(bucket, partition)}/{literal(prefix)}*"


def parts(arn: str) -> tuple[str, str, str, str, str] | None:
    """Partition, service, region, account and resource; None: it is no ARN."""
    found = _ARN.fullmatch(arn)
    return None if found is None else (found[1], found[2], found[3], found[4], found[5])


def account_in(arn: str) -> str:
    """The account that an ARN names; empty where it names none."""
    found = parts(arn)
    return found[3] if found else ""
