"""Names that policies are filled in with: what people tell beside a store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PolicyNames:
    """What a person may tell beside the store, each empty where nothing is known."""

    server: str = ""
    """aws, ceph or minio; empty: what the endpoint looks like."""
    account: str = ""
    """AWS: the 12 digits of the account. Azure: the storage account. Google: the project."""
    identity: str = ""
    """AWS: name or ARN of the user or role whose keys Moorage has. Google, Azure: its e-mail address or id."""
    role_arn: str = ""
    """The role that is lent for big uploads."""
    external_id: str = ""
    kms_key_arn: str = ""
    queue_arn: str = ""
    topic_arn: str = ""
    """Google: the name of the topic."""
    public_prefix: str = ""
    """What the world may read in the mode public-media; empty: the store's own prefix."""
    trust_anchor_arn: str = ""
    certificate_cn: str = ""
    """The common name in the certificate with which Moorage asks for a role."""
    subscription: str = ""
    resource_group: str = ""
    expires: str = ""
    """Azure: the day on which a signature ends, such as 2027-01-31."""
    append_only: bool = False
    """Leave the right to delete out."""
