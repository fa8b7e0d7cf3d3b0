"""What roles of an S3 store must be like before anything is asked for with them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from moorage.model.credentials import Process, Role, RolesAnywhere
from moorage.model.errors import Invalid
from moorage.model.store import Store
from moorage.registering.certified import certified

_ROLE: Final = re.compile(r"arn:[a-z-]+:iam::[0-9]{0,12}:role/[\w+=,.@/-]+", re.ASCII)
"""Servers other than AWS have roles without an account."""
_EXTERNAL: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
"""Source: AWS STS API reference, AssumeRole."""


def sound_aws(store: Store) -> Store:
    """The store with its certificate as PEM, where it has one. Raises Invalid, naming the field."""
    match store.connection.credentials:
        case Role(role_arn=role_arn, external_id=external_id):
            _sound_role(role_arn, external_id)
        case Process(name=name) if not name:
            raise Invalid("The program for keys has no name.", "Name one of the settings.", field="credentials.name")
        case RolesAnywhere() as given:
            return replace(store, connection=replace(store.connection, credentials=certified(given)))
        case _:
            pass
    return store


def _sound_role(role_arn: str, external_id: str) -> None:
    if role_arn and not _ROLE.fullmatch(role_arn):
        raise Invalid(
            f"{role_arn[:200]!r} is not the ARN of a role.",
            "Write it whole, such as arn:aws:iam::111122223333:role/media, or leave it empty for the machine's own.",
            field="credentials.role_arn",
        )
    if external_id and not role_arn:
        raise Invalid(
            "An external id belongs to a role that is named.",
            "Give the role's ARN too, or leave both empty for the machine's own role.",
            field="credentials.external_id",
        )
    if external_id and not _EXTERNAL.fullmatch(external_id):
        raise Invalid(
            "The external id holds letters that none can have.",
            "It has 2 to 1,224 letters, digits and + = , . @ : / - _",
            field="credentials.external_id",
        )
