"""Keys of a session that is cut down to a prefix: AssumeRole with a session policy.

Source: AWS STS API reference, AssumeRole; IAM user guide, session policies. Ceph and MinIO take the same call at the
endpoint of their buckets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moorage.model.credentials import Keys
from moorage.model.errors import Invalid, Refused, StoreDenied, StoreUnreachable
from moorage.model.lending import Ask
from moorage.stores.aws import Machine, Minted
from moorage.stores.aws.refusals import Asked
from moorage.stores.aws.spelling import domain_of
from moorage.stores.aws.sts import Sts
from moorage.stores.s3.place import Place
from moorage.stores.transport import Counters, Guard

SHORTEST_S: Final = 900
LONGEST_S: Final = 43_200
CHAINED_S: Final = 3600
"""The most that a role gets which is taken with the keys of another session."""


@dataclass(frozen=True, slots=True)
class LoanSts(Sts):
    """A token service that cuts sessions down."""

    async def session(
        self, role_arn: str, external_id: str, keys: Keys, ask: Ask, policy: str, counters: Counters
    ) -> Minted:
        """Keys for one loan. Raises Invalid and Refused for what can be asked otherwise, and what the service says."""
        words = {"RoleSessionName": ask.name, "DurationSeconds": str(ask.life_s), "Policy": policy}
        words |= {"RoleArn": role_arn} if role_arn else {}
        words |= {"ExternalId": external_id} if external_id else {}
        asked = Asked(self.url, role_arn or "of these keys", ask.life_s, external_id=bool(external_id))
        try:
            return await self._ask("AssumeRole", words, asked, keys, counters)
        except StoreDenied as refused:
            raise self._told(refused, role_arn, ask) from refused
        except StoreUnreachable as fault:
            if fault.cause == "not sts":
                raise _no_service(self.url) from fault
            raise

    def _told(self, refused: StoreDenied, role_arn: str, ask: Ask) -> Exception:
        if not role_arn:
            return _no_service(self.url)
        if refused.code == "Duration":
            return Invalid(
                f"{self.url} gives no session of {ask.life_s} s. Nothing was lent.",
                f"Ask for expires_in between {SHORTEST_S} and the role's own maximum session duration (1 hour unless "
                "it was raised).",
                field="expires_in",
            )
        if refused.code in {"PackedPolicyTooLarge", "MalformedPolicyDocument"}:
            return Invalid(
                f"{self.url} refuses the policy of this loan ({refused.code}). Nothing was lent.",
                "Lend a prefix with a shorter name, of plain letters.",
                field="prefix",
            )
        if refused.code == "RoleRefused":
            return StoreDenied(
                f"{self.url} does not let this store take the role {role_arn}. Nothing was lent.",
                "The role's trust policy must name the identity of this store as principal of sts:AssumeRole, with its "
                "external id where it asks for one; and that identity needs sts:AssumeRole on the role.",
                permission="sts:AssumeRole",
                code=refused.code,
            )
        return refused


def service_of(place: Place, machine: Machine, ca: str, guard: Guard | None = None) -> LoanSts:
    """The token service that cuts the sessions of a bucket's users down."""
    if machine.sts:
        return LoanSts(machine.sts, machine.region or place.region, machine.authorities(), guard=guard)
    if place.aws:
        url = f"https://sts.{place.region}.{domain_of(place.region)}"
        return LoanSts(url, place.region, machine.authorities(), guard=guard)
    return LoanSts(place.endpoint, place.region, ca, guard=guard)


def _no_service(url: str) -> Refused:
    return Refused(
        f"{url} gives no session keys. Nothing was lent.",
        "Set the role for loans of this store (loan_role_arn), or name keys: URLs are signed for them.",
    )
