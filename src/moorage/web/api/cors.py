"""``/stores/{name}/cors``: which pages a bucket lets in, what ours need, and making it so."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, field_validator
from starlette.responses import Response

from moorage.model.cors import CorsRule, CorsRules
from moorage.model.store import Provider, Store
from moorage.prescribing import Mode, cors_rules, modes_of
from moorage.registering.cors import CorsFindings
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.bodies import Body
from moorage.web.api.repeating import OnceRoute
from moorage.web.api.shapes import CorsShape, Problem, TrialShape

router = APIRouter(route_class=OnceRoute, prefix="/stores", tags=["stores"])
_FAILS: Any = {400: {"model": Problem}, 403: {"model": Problem}, 404: {"model": Problem}}


class CorsAsked(Body):
    """What pages shall be able to do."""

    modes: list[Mode] = Field(
        default=[],
        description="What the store is for, also separated by commas; empty: reading, and on a writable store "
        "writing too.",
    )

    @field_validator("modes", mode="before")
    @classmethod
    def _apart(cls, given: Any) -> Any:
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list):
            return texts
        return [one for text in texts for one in (text.split(",") if isinstance(text, str) else [text]) if one]

    def needed(self, store: Store, origin: str) -> CorsRules:
        """The rules that pages of ``origin`` need; none for a store that has no such rules."""
        if store.connection.provider not in {Provider.S3, Provider.AZURE, Provider.GOOGLE}:
            return CorsRules()
        return cors_rules(store, (origin,), frozenset(self.modes) or modes_of(store))


@router.get("/{name}/cors", responses={200: {"model": CorsShape}, **_FAILS})
async def look(uses: Uses, asker: Asker, name: str, asked: Annotated[CorsAsked, Query()]) -> Response:
    """What the bucket lets our pages do, what they need, and what applying would change. Needs a manager."""
    found = await uses.crossing.look(asker, name, lambda store: asked.needed(store, uses.origin))
    return answer(shown(found, uses.origin))


@router.put("/{name}/cors", responses={200: {"model": CorsShape}, **_FAILS})
async def put(uses: Uses, asker: Asker, name: str, body: CorsAsked | None = None, *, dry_run: bool = False) -> Response:
    """Give the bucket the rules that our pages need; rules of others stay. ``dry_run=1`` only shows the difference."""
    return await _set(uses, asker, name, body or CorsAsked(), dry_run=dry_run)


@router.post("/{name}/cors", responses={200: {"model": CorsShape}, **_FAILS})
async def post(
    uses: Uses, asker: Asker, name: str, body: CorsAsked | None = None, *, dry_run: bool = False
) -> Response:
    """The same as PUT."""
    return await _set(uses, asker, name, body or CorsAsked(), dry_run=dry_run)


@router.post("/{name}/cors/trial", responses={200: {"model": TrialShape}, **_FAILS})
async def trial(uses: Uses, asker: Asker, name: str) -> Response:
    """A signed URL of one object for five minutes, and the headers that come with it: for a try from a browser."""
    return answer(asdict(await uses.crossing.trial(asker, name)))


async def _set(uses: Uses, asker: Asker, name: str, asked: CorsAsked, *, dry_run: bool) -> Response:
    do = uses.crossing.look if dry_run else uses.crossing.apply
    return answer(shown(await do(asker, name, lambda store: asked.needed(store, uses.origin)), uses.origin))


def shown(found: CorsFindings, origin: str) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "store": found.store.name,
        "origin": origin,
        "enough": found.enough,
        "changes": found.changes,
        "applied": found.applied,
        "account_wide": found.store.connection.provider is Provider.AZURE,
        "needed": _rules(found.needed),
        "rules": _rules(found.rules),
        "after": _rules(found.after),
        "unread": found.unread,
        "lacks": [{**asdict(one), "refused": one.refused} for one in found.lacks],
        "browser": [
            {"origin": origin_, "method": method, "passes": passes} for origin_, method, passes in found.browser
        ],
        "notes": list(found.notes),
    }


def _rules(rules: CorsRules | None) -> list[dict[str, Any]] | None:
    return None if rules is None else [_rule(one) for one in rules.rules]


def _rule(rule: CorsRule) -> dict[str, Any]:
    return asdict(rule)
