"""The three ARNs of Roles Anywhere: which is which, and that they belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from moorage.model.errors import Invalid

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws(?:-[a-z]+)*):(?P<service>[a-z]+):(?P<region>[a-z0-9-]*):(?P<account>\d{12}):(?P<rest>[!-~]+)"
)
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KINDS: Final = {
    "trust_anchor_arn": ("trust anchor", "rolesanywhere", f"trust-anchor/{_ID}",
                         "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/..."),
    "profile_arn": ("profile", "rolesanywhere", f"profile/{_ID}",
                    "arn:aws:rolesanywhere:eu-west-1:111122223333:profile/..."),
    "role_arn": ("role", "iam", r"role/[\w+=,.@/-]+", "arn:aws:iam::111122223333:role/NAME"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Arn:
    partition: str
    region: str
    account: str


def need_arns(*, trust_anchor_arn: str, profile_arn: str, role_arn: str) -> None:
    """Raises Invalid, naming the field, unless the three are well formed, of one region and of one account."""
    anchor = _arn("trust_anchor_arn", trust_anchor_arn)
    profile = _arn("profile_arn", profile_arn)
    role = _arn("role_arn", role_arn)
    if profile.region != anchor.region:
        raise Invalid(
            f"The trust anchor is in {anchor.region}, but the profile in {profile.region}.",
            "Make both in one region.",
            field="credentials.profile_arn",
        )
    for field, other in (("profile_arn", profile), ("role_arn", role)):
        if (other.account, other.partition) != (anchor.account, anchor.partition):
            raise Invalid(
                f"The trust anchor is in account {anchor.account}, but the {_KINDS[field][0]} in {other.account}.",
                "Trust anchor, profile and role belong to one account.",
                field=f"credentials.{field}",
            )


def region_of(trust_anchor_arn: str) -> str:
    """The region of a trust anchor: its endpoint is asked there. Raises Invalid."""
    return _arn("trust_anchor_arn", trust_anchor_arn).region


def _arn(field: str, text: str) -> _Arn:
    what, service, rest, example = _KINDS[field]
    found = _ARN.fullmatch(text)
    if found and _is(found, service, rest) and (field == "role_arn") != bool(found["region"]):
        return _Arn(found["partition"], found["region"], found["account"])
    other = next((kind for kind, its, form, _ in _KINDS.values() if found and _is(found, its, form)), "")
    raise Invalid(
        f"This is the ARN of a {other}, not of a {what}." if other else f"This is not the ARN of a {what}.",
        f"It looks like {example}",
        field=f"credentials.{field}",
    )


def _is(found: re.Match[str], service: str, rest: str) -> bool:
    return found["service"] == service and re.fullmatch(rest, found["rest"]) is not None
