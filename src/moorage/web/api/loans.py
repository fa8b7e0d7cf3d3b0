"""``/stores/{name}/loans`` and ``/loans``: short-lived credentials, and what was done with them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from moorage import adopting
from moorage.edge.times import iso
from moorage.lending import Found, Issued, may_lend
from moorage.model.access import Principal
from moorage.model.address import address_in
from moorage.model.catalogue import FolderId, ProjectId
from moorage.model.keys import Key
from moorage.model.lending import Action, LentUrl, Loan, LoanId
from moorage.model.store import Store
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import whole_id
from moorage.web.api.loan_bodies import CompleteBody, FinishedBody, LoanBody, MorePartsBody
from moorage.web.api.render import Json, keys
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes.loans import (
    FoundObjects,
    IssuedLoan,
    LoanList,
    LoanShape,
    MadeObjects,
    MoreUrls,
    RevokedLoan,
)
from moorage.web.api.shapes.parts import Problem

router = APIRouter(route_class=OnceRoute, tags=["loans"])
RENEW_AFTER = 0.8
"""The share of a loan's life after which the next one is asked for."""
ACTIONS = {Action.READ: ["get", "list"], Action.WRITE: ["put", "multipart", "list"]}


@router.post(
    "/stores/{name}/loans",
    status_code=201,
    responses={201: {"model": IssuedLoan}, 400: {"model": Problem}, 403: {"model": Problem}},
)
async def lend(uses: Uses, asker: Asker, name: str, body: LoanBody) -> Response:
    """Lend what lies below one prefix of a store, for a limited time. The secrets are shown now and never again.

    An answer to an Idempotency-Key is not kept: a repeat is told so, and asks anew.
    """
    issued = await uses.lending.lend(asker, name, body.wish())
    return answer(_issued(issued, body.part_size if body.parts else None), 201)


@router.get("/stores/{name}/loans", responses={200: {"model": LoanList}})
async def loans(uses: Uses, asker: Asker, name: str, open_only: bool = False) -> Response:
    """The loans of a store, the last one first, without secrets: one's own, or all for who looks after the store."""
    found = await uses.lending.all(asker, name)
    if open_only:
        found = _still(found, uses.now_ms())
    return answer({"loans": [loan(one, name) for one in found], "next": None})


@router.get("/loans/{id}", responses={200: {"model": LoanShape}})
async def one_loan(uses: Uses, asker: Asker, id: str) -> Response:
    """One loan, without its secrets."""
    found, store = await uses.lending.get(asker, _id(id))
    return answer(loan(found, store.name))


@router.delete("/loans/{id}", responses={200: {"model": RevokedLoan}})
async def revoke(uses: Uses, asker: Asker, id: str) -> Response:
    """Take a loan back as far as its provider lets us; where that is not at all, the answer says what would."""
    revoked = await uses.lending.revoke(asker, _id(id))
    shown = loan(revoked.loan, revoked.store.name)
    return answer({"loan": shown, "ended": revoked.ended, "note": revoked.note, "policy": revoked.policy})


@router.post("/loans/{id}/parts", responses={200: {"model": MoreUrls}})
async def more_parts(uses: Uses, asker: Asker, id: str, body: MorePartsBody) -> Response:
    """URLs for more parts of an upload; they live as long as the loan."""
    key = body.key(body.name)
    return answer({"urls": [_url(one) for one in await uses.lending.part_urls(asker, _id(id), key, body.numbers())]})


@router.post("/loans/{id}/complete", responses={200: {"model": MadeObjects}})
async def complete(uses: Uses, asker: Asker, id: str, body: CompleteBody) -> Response:
    """Make objects of the parts that were sent."""
    made = await uses.lending.complete(asker, _id(id), body.parts())
    shown = [keys({"key": one.key, "size": one.size, "etag": one.etag}, "key") for one in made]
    return answer({"objects": shown})


@router.post("/loans/{id}/finished", responses={200: {"model": FoundObjects}})
async def finished(uses: Uses, asker: Asker, id: str, body: FinishedBody) -> Response:
    """Tell what was written with a loan; each object is looked at in the store, and shown as an item where asked."""
    found = await uses.lending.finished(asker, _id(id), body.claims())
    shown = [_found(one) for one in found]
    if body.project is not None:
        await _adopt(
            uses, asker, _id(id), body, {one.key: row for one, row in zip(found, shown, strict=True) if one.there}
        )
    return answer({"complete": all(one.there for one in found), "objects": shown})


async def _adopt(uses: Uses, asker: Asker, id: LoanId, body: FinishedBody, rows: dict[Key, Json]) -> None:
    """Show objects as items, and tell so in their rows."""
    _, store = await uses.lending.get(asker, id)
    project = await uses.projects.get(asker, body.project or "")
    urls = {address_in(store, key): row for key, row in rows.items()}
    if not urls:
        return
    folder = None if body.folder is None else FolderId(whole_id(body.folder, "folder"))
    wish = adopting.Wish(project=ProjectId(project.project.id), urls=tuple(urls), folder=folder)
    outcome = await uses.adopting.adopt(asker, wish)
    for url, item in {**outcome.existing, **outcome.created}.items():
        urls[url]["item"] = str(item)
    for url, fault in outcome.errors.items():
        urls[url]["detail"] = fault.message


async def open_loans(uses: Uses, asker: Principal, store: Store) -> list[Json] | None:
    """The loans of a store that have not ended, as far as the asker may see them; None: it may not borrow there."""
    if not may_lend(asker, store):
        return None
    return [loan(one, store.name) for one in _still(await uses.lending.all(asker, store.name), uses.now_ms())]


def _still(loans: list[Loan], now_ms: int) -> list[Loan]:
    """Those that have neither ended nor been taken back for good."""
    return [one for one in loans if one.expires_ms > now_ms and not (one.revoked_ms and one.revocable)]


def loan(of: Loan, store: str) -> Json:
    """A loan without its secrets."""
    shown: Json = {
        "id": str(of.id),
        "store": store,
        "user": str(of.user),
        "email": of.email,
        "name": of.name,
        "action": of.action.value,
        "prefix": of.area.prefix,
        "method": of.method.value,
        "access_key": of.access_key,
        "list_uploads": of.list_uploads,
        "revocable": of.revocable,
        "issued": iso(of.issued_ms),
        "expires": iso(of.expires_ms),
        "revoked": iso(of.revoked_ms),
    }
    return keys(shown, "prefix")


def _issued(of: Issued, part_size: int | None) -> Json:
    lent, connection = of.lent, of.store.connection
    life_ms = of.loan.expires_ms - of.loan.issued_ms
    session = lent.urls[0].url if lent.method == "session" and len(lent.urls) == 1 else None
    credentials = lent.credentials and {
        "access_key": lent.credentials.access_key,
        "secret_key": lent.credentials.secret_key,
        "session_token": lent.credentials.session_token,
    }
    return loan(of.loan, of.store.name) | {
        "provider": connection.provider.value,
        "endpoint": lent.endpoint or connection.endpoint,
        "region": lent.region or connection.region,
        "bucket": of.store.bucket,
        "actions": ACTIONS[of.loan.action],
        "credentials": credentials,
        "sas": {"token": lent.sas.token, "url": lent.sas.url} if lent.sas else None,
        "urls": [_url(one) for one in lent.urls],
        "session_url": session,
        "form": {"url": lent.form.url, "fields": lent.form.fields} if lent.form else None,
        "token": lent.token or None,
        "part_size": part_size,
        "renew_after": iso(of.loan.issued_ms + int(life_ms * RENEW_AFTER)),
        "note": lent.note,
        "usage": lent.usage.replace("loans/ID", f"loans/{of.loan.id}"),
    }


def _url(of: LentUrl) -> Json:
    return keys({"key": of.key, "verb": of.verb, "url": of.url, "part": of.part or None}, "key")


def _found(of: Found) -> Json:
    info = of.info
    shown: Json = {
        "key": of.key,
        "found": of.verdict.value,
        "item": None,
        "size": info.size if info else None,
        "etag": info.etag if info else None,
        "modified": iso(info.modified_ms) if info else None,
        "detail": of.detail,
    }
    return keys(shown, "key")


def _id(text: str) -> LoanId:
    return LoanId(whole_id(text))
