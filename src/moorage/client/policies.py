"""Calls about policies: documents for a store, and the check of a pasted one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from moorage.client.calls import Calls, part, query_of
from moorage.client.codec import decode
from moorage.model.policies import PolicyNames
from moorage.model.store import Provider


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A document as text, the place where it goes, and what to know first."""

    kind: str
    title: str
    form: str
    where: str
    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """What is wrong in a policy. ``statement`` counts from 1; 0 is the policy as a whole."""

    code: str
    weight: str
    line: int
    statement: int
    sid: str
    what: str
    why: str
    write: str


NO_NAMES = PolicyNames()


class PolicyCalls(Calls):
    """Policies."""

    async def policy_documents(
        self,
        store: str,
        *,
        modes: Sequence[str] = (),
        kinds: Sequence[str] = (),
        form: str = "json",
        names: PolicyNames = NO_NAMES,
    ) -> list[PolicyDocument]:
        """The documents that let Moorage use a store, with no right too many, the main one first.

        ``modes``: link, mirror, serve-redirect, upload, direct-upload, multipart, migrate-to, events, public-media;
        none: what the store is used for. ``form``: json, xml, aws, gcloud, az, mc or terraform.
        """
        query = query_of(modes=",".join(modes) or None, kind=",".join(kinds) or None, form=form, **_told(names))
        found = await self._transport.get(f"/stores/{part(store)}/policy", query)
        return [decode(PolicyDocument, one) for one in found["documents"]]

    async def plan_policies(
        self,
        provider: Provider | str,
        bucket: str,
        *,
        prefix: str = "",
        name: str = "store",
        region: str = "",
        endpoint: str = "",
        origins: Sequence[str] = (),
        modes: Sequence[str] = (),
        kinds: Sequence[str] = (),
        form: str = "json",
        names: PolicyNames = NO_NAMES,
    ) -> list[PolicyDocument]:
        """The same for a store that is not registered yet. Nothing is kept."""
        body = {
            "provider": provider,
            "bucket": bucket,
            "prefix": prefix,
            "name": name,
            "region": region,
            "endpoint": endpoint,
            "origins": list(origins),
            "modes": list(modes),
            "kind": list(kinds),
            "form": form,
            **_told(names),
        }
        found = await self._transport.post("/policies", body)
        return [decode(PolicyDocument, one) for one in found["documents"]]

    async def check_policy(self, policy: str, *, store: str = "", modes: Sequence[str] = ()) -> list[PolicyFinding]:
        """What is wrong with the text of a policy of AWS, by line. Raises: Invalid for what is no JSON of sane size."""
        found = await self._transport.post("/policies/check", {"policy": policy, "store": store, "modes": list(modes)})
        return [decode(PolicyFinding, one) for one in found["findings"]]


def _told(names: PolicyNames) -> dict[str, str | bool]:
    return {name: value for name, value in asdict(names).items() if value}
