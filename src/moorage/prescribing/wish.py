"""The wish: which store, for whom, under which names. What is not known stands as a word in capitals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from moorage.model.errors import Invalid
from moorage.model.keys import prefix_of
from moorage.model.policies import PolicyNames
from moorage.model.store import Provider
from moorage.prescribing.arn import account_in, partition_of, parts

ACCOUNT: Final = "ACCOUNT-ID"


class Server(StrEnum):
    """Who answers in the dialect of S3. Others than these three mostly take what Ceph takes."""

    AWS = "aws"
    CEPH = "ceph"
    MINIO = "minio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A store that there is or shall be, and the names around it. ``prefix`` is empty or ends with ``/``."""

    provider: Provider
    bucket: str
    prefix: str = ""
    name: str = "store"
    region: str = ""
    endpoint: str = ""
    origins: tuple[str, ...] = ()
    options: PolicyNames = PolicyNames()

    @property
    def server(self) -> Server:
        """Who answers."""
        return Server(self.options.server) if self.options.server else _guess(self.endpoint)

    @property
    def partition(self) -> str:
        """The part of AWS; every other server calls itself ``aws``."""
        return partition_of(self.region) if self.server is Server.AWS else "aws"

    @property
    def tls(self) -> bool:
        """Whether the store is reached by https."""
        return not self.endpoint.startswith("http://")

    @property
    def account(self) -> str:
        """The account of the store's identity: as told, or as one of the ARNs names it."""
        if self.server is not Server.AWS:
            return ""
        told = self.options.account or account_in(self.options.identity) or account_in(self.options.trust_anchor_arn)
        return told or account_in(self.options.role_arn) or ACCOUNT

    @property
    def identity(self) -> str:
        """ARN of the user or role that asks the store."""
        told = self.options.identity
        if parts(told):
            return told
        kind = "role" if self.options.trust_anchor_arn else "user"
        return f"arn:{self.partition}:iam::{self.account}:{kind}/{told or self.label}"

    @property
    def identity_name(self) -> str:
        """The last word of its ARN."""
        return self.identity.rpartition("/")[2]

    @property
    def is_role(self) -> bool:
        """Whether a role asks, not a user."""
        return ":role/" in self.identity

    @property
    def label(self) -> str:
        """What is made for this store is called so."""
        return f"moorage-{self.name}"

    @property
    def loan_role(self) -> str:
        """ARN of the role that is lent."""
        return self.options.role_arn or f"arn:{self.partition}:iam::{self.account}:role/{self.label}-loans"

    @property
    def queue(self) -> str:
        """ARN of the queue that takes events."""
        return self.options.queue_arn or self._own("sqs")

    @property
    def topic(self) -> str:
        """ARN of the topic that takes events."""
        return self.options.topic_arn or self._own("sns")

    @property
    def public(self) -> str:
        """The prefix that the world may read. Raises Invalid where there is none."""
        wanted = prefix_of(self.options.public_prefix) or self.prefix
        if not wanted or not wanted.startswith(self.prefix):
            raise Invalid(
                "Public media needs a prefix below the store's own: the whole bucket is never opened to the world. "
                "Nothing was written.",
                "Name one, such as media/public/.",
                field="public_prefix",
            )
        return wanted

    def _own(self, service: str) -> str:
        region = self.region or ("us-east-1" if self.server is Server.AWS else "")
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{self.label}"


def _guess(endpoint: str) -> Server:
    if not endpoint:
        return Server.AWS
    host = urlsplit(endpoint)
    name = host.hostname or ""
    if name.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return Server.AWS
    return Server.MINIO if "minio" in name or host.netloc.endswith(":9000") else Server.CEPH
