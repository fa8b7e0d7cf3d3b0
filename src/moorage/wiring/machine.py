"""What the settings tell of this machine's own roles at AWS."""

from __future__ import annotations

from types import MappingProxyType

from moorage.settings import Settings
from moorage.stores.aws import Machine
from moorage.stores.aws.machine import CONTAINER, METADATA


def machine_of(settings: Settings) -> Machine:
    """The machine that the settings describe."""
    relative = settings.aws_container_relative_uri
    token = settings.aws_container_token
    return Machine(
        metadata=settings.aws_metadata_endpoint or METADATA,
        container=f"{CONTAINER}/{relative.lstrip('/')}" if relative else settings.aws_container_full_uri,
        container_token=token.get_secret_value() if token else "",
        container_token_file=settings.aws_container_token_path,
        identity_file=settings.aws_web_identity_token_path,
        identity_role=settings.aws_role_arn,
        region=settings.aws_region,
        sts=settings.aws_sts_endpoint or "",
        roles_anywhere=settings.aws_roles_anywhere_endpoint,
        ca_file=settings.aws_ca_bundle,
        session_s=int(settings.aws_session_life.total_seconds()),
        programs=MappingProxyType({one.name: one.words for one in settings.credential_processes}),
    )
