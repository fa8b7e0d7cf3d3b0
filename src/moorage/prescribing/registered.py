"""The wish that a registered store is, with the names that its credentials hold; no secret of them is looked at."""

from __future__ import annotations

import json
from dataclasses import fields
from urllib.parse import urlsplit

from moorage.model.account import account_of
from moorage.model.credentials import Role, RolesAnywhere, ServiceAccount, ServicePrincipal
from moorage.model.policies import PolicyNames
from moorage.model.store import Provider, Store
from moorage.prescribing.soundness import sound
from moorage.prescribing.wish import Wish

NOTHING = PolicyNames()


def wish_for(store: Store, *, origins: tuple[str, ...], options: PolicyNames = NOTHING) -> Wish:
    """The wish that a registered store is; what its credentials name is filled in where ``options`` say nothing."""
    told = {one.name: getattr(options, one.name) for one in fields(options) if getattr(options, one.name)}
    given = store.connection.credentials
    known: dict[str, str] = {"role_arn": store.loan_role_arn}
    match given:
        case Role() if given.role_arn:
            known["identity"] = given.role_arn
        case RolesAnywhere():
            known |= {"identity": given.role_arn, "trust_anchor_arn": given.trust_anchor_arn}
        case ServiceAccount():
            known |= _facts(given.json)
        case ServicePrincipal():
            known |= {"identity": given.client, "account": account_of(store.connection).name}
        case _ if store.connection.provider is Provider.AZURE:
            known["account"] = account_of(store.connection).name
    return sound(
        Wish(
            provider=Provider.GOOGLE if _speaks_to_google(store) else store.connection.provider,
            bucket=store.bucket,
            prefix=store.prefix,
            name=store.name,
            region=store.connection.region,
            endpoint=store.connection.endpoint,
            origins=origins,
            options=PolicyNames(**(known | told)),
        )
    )


def _speaks_to_google(store: Store) -> bool:
    """Google's interoperability keys come as a store in the dialect of S3; policies of S3 mean nothing there."""
    return urlsplit(store.connection.endpoint).hostname == "storage.googleapis.com"


def _facts(text: str) -> dict[str, str]:
    """The service account's address and its project; empty where the text does not tell."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    pairs = (("identity", told.get("client_email")), ("account", told.get("project_id")))
    return {name: value for name, value in pairs if isinstance(value, str) and value}
