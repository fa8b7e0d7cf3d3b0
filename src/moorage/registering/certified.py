"""Certificates of IAM Roles Anywhere, brought into the one form in which they are kept."""

from __future__ import annotations

from dataclasses import replace

from moorage.certificates import need_arns, read_identity
from moorage.model.credentials import RolesAnywhere


def certified(given: RolesAnywhere) -> RolesAnywhere:
    """The same credentials with certificate, key and chain as PEM text; a repeat changes nothing.

    Raises Invalid, naming the field and showing no key, for what Roles Anywhere would refuse.
    """
    need_arns(trust_anchor_arn=given.trust_anchor_arn, profile_arn=given.profile_arn, role_arn=given.role_arn)
    told = read_identity(given.certificate, given.private_key, given.chain, given.passphrase)
    return replace(given, certificate=told.certificate, private_key=told.private_key, chain=told.chain, passphrase="")
