"""The page of a store's policies: what it is for, the documents that this takes, and a checker of pasted ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from moorage.edge.admission import headers_of
from moorage.edge.problems import document
from moorage.model.errors import Invalid, MoorageError
from moorage.model.store import Provider, Store
from moorage.prescribing import MEANING, Document, Form, Mode, Server, modes_of, wish_for
from moorage.web.api.policies import Asked, documents_of, findings_of, managed
from moorage.web.pages.rendering import page, services, signed_in

_LABELS: Final = {
    Form.JSON: "Documents",
    Form.XML: "XML",
    Form.AWS: "Commands for aws",
    Form.GCLOUD: "Commands for gcloud",
    Form.AZ: "Commands for az",
    Form.MC: "Commands for mc",
    Form.TERRAFORM: "Terraform",
}
_NAMES: Final = {
    Provider.S3: (
        ("account", "Account", "12 digits, at AWS"),
        ("identity", "User or role", "its name or ARN; else one is made up"),
        ("role_arn", "Role that is lent", "ARN, for uploads above 5 GB"),
        ("kms_key_arn", "Key of KMS", "ARN, where the bucket is encrypted with one"),
        ("public_prefix", "Public prefix", "for public media"),
        ("trust_anchor_arn", "Trust anchor", "ARN, for IAM Roles Anywhere"),
    ),
    Provider.AZURE: (
        ("account", "Storage account", "its name"),
        ("identity", "Application", "its id, where it signs in by itself"),
        ("subscription", "Subscription", "its id"),
        ("resource_group", "Resource group", "its name"),
        ("expires", "Last day", "of the signature, such as 2027-01-31"),
    ),
    Provider.GOOGLE: (
        ("account", "Project", "its id"),
        ("identity", "Service account", "its e-mail address"),
        ("public_prefix", "Public prefix", "for public media"),
        ("topic_arn", "Topic", "its name, for events"),
    ),
}


async def policy(request: Request) -> Response:
    """The documents for the modes that were chosen."""
    asker = await signed_in(request)
    store = await managed(services(request), asker, request.path_params["name"])
    return await _shown(request, store, request.query_params.multi_items())


async def policy_sent(request: Request) -> Response:
    """The same page with what was found in the policy that was pasted. Nothing is kept."""
    uses = services(request)
    asker = await signed_in(request)
    uses.admission.need_origin(headers_of(request.scope))
    store = await managed(uses, asker, request.path_params["name"])
    form = await request.form(max_files=0, max_fields=40)
    fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    pasted = next((value for name, value in fields if name == "policy"), "")
    return await _shown(request, store, [one for one in fields if one[0] != "policy"], pasted=pasted)


async def _shown(
    request: Request, store: Store, fields: list[tuple[str, str]], *, pasted: str | None = None
) -> Response:
    uses = services(request)
    problem, documents, asked = None, tuple[Document, ...](), Asked()
    modes, provider = modes_of(store), store.connection.provider
    forms: tuple[Form, ...] = (Form.JSON,)
    try:
        asked = _asked(fields)
        provider, forms = _forms(store)
        modes, documents = documents_of(uses, store, asked)
    except MoorageError as exc:
        problem = document(exc)
        modes = frozenset(asked.modes) or modes
    findings, fault = None, None
    if pasted is not None:
        try:
            found = await findings_of(uses, pasted, store, modes)
            findings = [asdict(one) for one in found]
        except MoorageError as exc:
            fault = document(exc)
    return await page(
        request,
        "policy.html",
        title=f"Policies of {store.name}",
        principal=await signed_in(request),
        section="stores",
        store=store.name,
        all_modes=[(one, MEANING[one], one in modes) for one in Mode],
        forms=[(one, _LABELS[one]) for one in forms],
        form=asked.form,
        names=[(*one, getattr(asked, one[0])) for one in _NAMES.get(provider, ())],
        append_only=asked.append_only,
        documents=[asdict(one) for one in documents],
        problem=problem,
        may_check=provider is Provider.S3,
        pasted=pasted,
        findings=findings,
        fault=fault,
    )


def _asked(fields: list[tuple[str, str]]) -> Asked:
    """What the form says. Raises Invalid for what no form of ours sends."""
    told: dict[str, Any] = {}
    for name, value in fields:
        if name in {"modes", "kind"}:
            told.setdefault(name, []).append(value)
        elif value:
            # A field called form would hide the form's own property of that name from scripts.
            told["form" if name == "written" else name] = value.strip()
    try:
        return Asked.model_validate(told)
    except ValidationError as exc:
        field = str(exc.errors()[0]["loc"][0])
        raise Invalid(f"{field}: that is none of the choices.", "Choose from the form.", field=field) from exc


def _forms(store: Store) -> tuple[Provider, tuple[Form, ...]]:
    """The provider whose words its documents use, and the forms that they have."""
    wish = wish_for(store, origins=())
    match wish.provider:
        case Provider.AZURE:
            return wish.provider, (Form.JSON, Form.AZ, Form.TERRAFORM)
        case Provider.GOOGLE:
            return wish.provider, (Form.JSON, Form.GCLOUD, Form.TERRAFORM)
        case _ if wish.server is Server.MINIO:
            return wish.provider, (Form.JSON, Form.MC, Form.AWS)
        case _ if wish.server is Server.CEPH:
            return wish.provider, (Form.JSON, Form.AWS)
        case _:
            return wish.provider, (Form.JSON, Form.AWS, Form.TERRAFORM)
