"""``/stores/{name}/policy`` and ``/policies``: least-privilege documents, and a checker of pasted policies."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, field_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from moorage.edge.face import Face
from moorage.model.access import Principal, Role
from moorage.model.errors import Invalid
from moorage.model.keys import prefix_of
from moorage.model.policies import PolicyNames
from moorage.model.store import Provider, Store
from moorage.prescribing import (
    Document,
    Finding,
    Form,
    Kind,
    Mode,
    Wish,
    check_policy,
    modes_of,
    prescribe,
    sound,
    wish_for,
)
from moorage.registering.register import need_use
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import Body, endpoint_of
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import Documents, Findings, Problem
from moorage.web.api.stores import visible

router = APIRouter(route_class=OnceRoute, tags=["policies"])


class Asked(Body):
    """Which documents, and the names that no store holds; each may be left out."""

    modes: list[Mode] = Field(default=[], description="What the store is for; also separated by commas.")
    kind: list[Kind] = Field(default=[], description="These documents only; also separated by commas.")
    form: Form = Form.JSON
    server: str = Field(default="", description="aws, ceph or minio; empty: what the endpoint looks like.")
    account: str = Field(default="", description="AWS: 12 digits. Azure: the storage account. Google: the project.")
    identity: str = Field(default="", description="Name or ARN of the user or role that asks the store.")
    role_arn: str = Field(default="", description="The role that is lent for uploads above 5 GB.")
    external_id: str = ""
    kms_key_arn: str = ""
    queue_arn: str = ""
    topic_arn: str = ""
    public_prefix: str = Field(default="", description="What the world may read in the mode public-media.")
    trust_anchor_arn: str = ""
    certificate_cn: str = ""
    subscription: str = ""
    resource_group: str = ""
    expires: str = Field(default="", description="Azure: the day on which a signature ends.")
    append_only: bool = Field(default=False, description="Leave the right to delete out.")

    @field_validator("modes", "kind", mode="before")
    @classmethod
    def _apart(cls, given: Any) -> Any:
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list):
            return texts
        return [one for text in texts for one in (text.split(",") if isinstance(text, str) else [text]) if one]

    def options(self) -> PolicyNames:
        """The names that were told."""
        return PolicyNames(**{one.name: getattr(self, one.name) for one in fields(PolicyNames)})


class WishBody(Asked):
    """A store that is not registered."""

    provider: Provider = Field(examples=["s3"])
    bucket: str = Field(examples=["reef-2021"])
    prefix: str = Field(default="", examples=["cruise/"])
    name: str = Field(default="store", description="What it will be called.", examples=["reef"])
    region: str = Field(default="", examples=["eu-west-1"])
    endpoint: str = ""
    origins: list[str] = Field(
        default=[], description="Origins of CORS rules; empty: this server's own.", max_length=20
    )

    def wish(self, origin: str) -> Wish:
        """The wish that this describes."""
        return sound(
            Wish(
                provider=self.provider,
                bucket=self.bucket,
                prefix=prefix_of(self.prefix),
                name=self.name,
                region=self.region,
                endpoint=endpoint_of(self.endpoint),
                origins=tuple(self.origins) or (origin,),
                options=self.options(),
            )
        )


class PolicyBody(Body):
    """A policy to check."""

    policy: str | dict[str, Any] = Field(
        description="As text, whose lines the findings name, or as JSON.",
        examples=['{"Version": "2012-10-17", "Statement": []}'],
    )
    store: str = Field(default="", description="The store that it is for.")
    modes: list[Mode] = Field(default=[], description="What it must allow; empty: what the store is for.")


@router.get("/stores/{name}/policy", responses={200: {"model": Documents}, 404: {"model": Problem}})
async def of_store(uses: Uses, asker: Asker, name: str, asked: Annotated[Asked, Query()]) -> Response:
    """The documents that let Moorage use a store, with no right too many. Needs a manager."""
    store = await managed(uses, asker, name)
    return answer(shown_documents(*documents_of(uses, store, asked)))


@router.post("/policies", responses={200: {"model": Documents}, 400: {"model": Problem}})
async def of_wish(uses: Uses, asker: Asker, body: WishBody) -> Response:
    """The same for a store that is not registered yet. Nothing is kept."""
    del asker
    modes = frozenset(body.modes) or frozenset({Mode.MIRROR})
    return answer(shown_documents(modes, prescribe(body.wish(uses.origin), modes, kinds=body.kind, form=body.form)))


@router.post("/policies/check", responses={200: {"model": Findings}, 400: {"model": Problem}})
async def check(uses: Uses, asker: Asker, body: PolicyBody) -> Response:
    """What is wrong with a policy of AWS, line by line. Nothing is kept, and no provider is asked."""
    store = await managed(uses, asker, body.store) if body.store else None
    text = body.policy if isinstance(body.policy, str) else json.dumps(body.policy, indent=2)
    found = await findings_of(uses, text, store, frozenset(body.modes))
    return answer({"findings": [asdict(one) for one in found]})


async def managed(uses: Face, asker: Principal, name: str) -> Store:
    """The named store, if the asker manages what lies in it: documents name accounts and roles."""
    store, _ = await visible(uses, asker, name)
    need_use(asker, store, Role.MANAGER)
    return store


def documents_of(uses: Face, store: Store, asked: Asked) -> tuple[frozenset[Mode], tuple[Document, ...]]:
    """The modes and the documents of a registered store."""
    modes = frozenset(asked.modes) or modes_of(store)
    wish = wish_for(store, origins=(uses.origin,), options=asked.options())
    return modes, prescribe(wish, modes, kinds=asked.kind, form=asked.form)


async def findings_of(uses: Face, text: str, store: Store | None, modes: frozenset[Mode]) -> tuple[Finding, ...]:
    """The findings of a pasted policy; for a store, whether it reaches that one."""
    wish = None
    if store is not None:
        modes = modes or modes_of(store)
        wish = wish_for(store, origins=(uses.origin,))
        if wish.provider is not Provider.S3:
            raise Invalid(
                f"The checker reads policies of AWS; {store.name} is a store of the kind {wish.provider}. "
                "Nothing was checked.",
                "Check it for a store of the kind s3, or for none.",
                field="store",
            )
    return await run_in_threadpool(lambda: check_policy(text, modes=modes, wish=wish))


def shown_documents(modes: frozenset[Mode], documents: tuple[Document, ...]) -> dict[str, Any]:
    """As JSON has them, modes in their own order."""
    return {"modes": [one for one in Mode if one in modes], "documents": [asdict(one) for one in documents]}
