"""CORS of a registered store: read -> compare -> show the difference -> apply -> look again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from moorage.model.access import Principal, Role
from moorage.model.administration import Administered, StoreAdministration
from moorage.model.cors import CorsRule, CorsRules, Lack
from moorage.model.errors import Invalid, MoorageError, NotFound, Refused, StoreDenied
from moorage.model.keys import Key
from moorage.model.store import ObjectStore, Provider, Store, StoreOpener
from moorage.model.transaction import Facts
from moorage.registering.probing.going_round import preflight
from moorage.registering.register import need_use

_LIFE_S: Final = 300
_RANGE: Final = {"Range": "bytes=0-0"}
_AWS: Final = ("amazonaws.com", "amazonaws.com.cn")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9*.:_\[\]-]+")
"""What may stand in a header that says where a page may fetch from."""
_ASKED_BY_BROWSERS: Final = ("GET", "HEAD", "PUT", "POST", "DELETE")


@dataclass(frozen=True, slots=True)
class CorsFindings:
    """What a bucket lets our pages do, and what they need. ``rules`` None: they cannot be read, ``unread`` says why."""

    store: Store
    needed: CorsRules
    rules: CorsRules | None
    unread: str
    browser: tuple[tuple[str, str, bool], ...]
    """Origin, method, and whether the server let a browser's question pass."""
    applied: bool = False
    notes: tuple[str, ...] = ()

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What the rules do not give; empty where they cannot be read."""
        return () if self.rules is None else self.rules.lacks(self.needed)

    @property
    def after(self) -> CorsRules | None:
        """What applying would write: ours in front, foreign ones kept."""
        return None if self.rules is None else self.rules.merged(self.needed)

    @property
    def changes(self) -> bool:
        """Whether applying would change anything that counts."""
        return self.rules is not None and differ(self.rules, self.rules.merged(self.needed), self.needed)

    @property
    def enough(self) -> bool:
        """Whether nothing is lacking, by the rules or else by what the server answers."""
        return not self.lacks and all(passes for _, _, passes in self.browser)


@dataclass(frozen=True, slots=True)
class Trial:
    """A URL that a page tries from the visitor's own browser, and the headers that the store sends with it."""

    url: str = field(repr=False)
    sent: tuple[str, ...]
    """In lower case."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The verbs on CORS of stores. ``open_store`` makes adapters, which are closed again."""

    facts: Facts
    open_store: StoreOpener

    async def look(self, principal: Principal, name: str, needed: Callable[[Store], CorsRules]) -> CorsFindings:
        """Compare what the bucket has with what is ``needed``. Needs a manager of the store."""
        store = await self._managed(principal, name)
        opened = self.open_store(store)
        try:
            return await _findings(store, _administration(store, opened), needed(store))
        finally:
            await opened.aclose()

    async def apply(self, principal: Principal, name: str, needed: Callable[[Store], CorsRules]) -> CorsFindings:
        """Write the rules that are needed beside those of others, and look again. A repeat writes nothing.

        The rules are read once more right before: what others set meanwhile stays. Raises Refused where they
        cannot be read, because whatever is there would be lost.
        """
        store = await self._managed(principal, name)
        opened = self.open_store(store)
        try:
            administration = _administration(store, opened)
            wanted = needed(store)
            rules = await administration.cors()
            after = rules.merged(wanted)
            if not differ(rules, after, wanted):
                return await _findings(store, administration, wanted)
            await administration.put_cors(after)
            origins = sorted({origin for rule in wanted.rules for origin in rule.origins})
            methods = sorted({method for rule in wanted.rules for method in rule.methods})
            kept = len(after.rules) - len(wanted.rules)
            await self.facts.write(
                lambda tx: tx.audit.add(
                    principal, "store.cors", f"store {name}", origins=origins, methods=methods, kept_rules=kept
                )
            )
            return await _findings(store, administration, wanted, applied=True)
        finally:
            await opened.aclose()

    async def trial(self, principal: Principal, name: str) -> Trial:
        """A signed URL of one object, for a few minutes. Raises Refused where nothing signs, NotFound where none is."""
        store = await self._managed(principal, name)
        opened = self.open_store(store)
        try:
            administration = _administration(store, opened)
            page = await opened.list_page(store.prefix, limit=100)
            there = next((one.key for one in page.objects if one.size), None)
            if there is None:
                raise NotFound(f"Nothing with bytes lies in {name} yet, so there is nothing to try.", "Put one there.")
            url = await opened.presign(there, expires_s=_LIFE_S)
            answer = await administration.ask("GET", url, headers=_RANGE)
            if not answer.ok:
                raise Refused(
                    f"The store does not answer its own signed URL (status {answer.status}). Nothing was tried.",
                    f"Check the store first: moorage store check {name}.",
                )
            return Trial(url, tuple(answer.headers))
        finally:
            await opened.aclose()

    def reach(self, principal: Principal, store: Store) -> str:
        """The origin from which a page tries the bucket; empty for who may not, and for what is no bucket."""
        try:
            need_use(principal, store, Role.MANAGER)
            opened = self.open_store(store)
        except MoorageError:
            return ""
        if not isinstance(opened, Administered):
            return ""
        parts = urlsplit(opened.administration.address(Key("x")))
        # At AWS the host may change with the region, which is learnt from an answer only.
        aws = next((domain for domain in _AWS if (parts.hostname or "").endswith(f".{domain}")), "")
        origin = f"https://*.{aws}" if aws else f"{parts.scheme}://{parts.netloc}".lower()
        return origin if _ORIGIN.fullmatch(origin) else ""

    async def _managed(self, principal: Principal, name: str) -> Store:
        store = await self.facts.read(lambda tx: tx.stores.named(name))
        need_use(principal, store, Role.MANAGER)
        return store


def differ(before: CorsRules, after: CorsRules, needed: CorsRules) -> bool:
    """Whether the rules differ in more than order; the order of rules counts only where something is lacking.

    Servers give headers and rules back in an order of their own.
    """
    one, other = [_plain(rule) for rule in before.rules], [_plain(rule) for rule in after.rules]
    return set(one) != set(other) or (one != other and bool(before.lacks(needed)))


def _plain(rule: CorsRule) -> tuple[object, ...]:
    sent, read = (frozenset(word.lower() for word in words) for words in (rule.request_headers, rule.exposed_headers))
    return rule.id, frozenset(rule.origins), frozenset(rule.methods), sent, read, rule.max_age_s


def _administration(store: Store, opened: ObjectStore) -> StoreAdministration:
    if not isinstance(opened, Administered):
        raise Invalid(
            f"The store {store.name} has no CORS rules: its bytes always come from this server.",
            "CORS is for buckets of S3, Azure and Google.",
            field="name",
        )
    return opened.administration


async def _findings(
    store: Store, administration: StoreAdministration, needed: CorsRules, *, applied: bool = False
) -> CorsFindings:
    rules, unread = None, ""
    try:
        rules = await administration.cors()
    except StoreDenied as denied:
        unread = str(denied)
    except Refused as refused:
        unread = str(refused)
    notes = []
    if store.connection.provider is Provider.AZURE:
        notes.append("At Azure the rules are those of the whole storage account, and there are five at most.")
    if rules is None:
        notes.append("The rules could not be read, so only what the server answers to a browser counts here.")
    found = CorsFindings(store, needed, rules, unread, await _asked(store, administration, needed), applied)
    if found.enough and not found.changes:
        notes.append("Nothing is lacking.")
    if applied and not all(passes for _, _, passes in found.browser):
        notes.append("The provider has taken the rules and does not follow them yet: look again in a minute.")
    return CorsFindings(store, needed, rules, unread, found.browser, applied, tuple(notes))


async def _asked(
    store: Store, administration: StoreAdministration, needed: CorsRules
) -> tuple[tuple[str, str, bool], ...]:
    url = administration.address(Key(f"{store.prefix}moorage-probe"))
    answers = []
    for rule in needed.rules:
        for origin in rule.origins:
            for method in rule.methods:
                if method not in _ASKED_BY_BROWSERS:
                    continue
                try:
                    passes = await preflight(administration, url, origin, method)
                except MoorageError:
                    passes = False
                answers.append((origin, method, passes))
    return tuple(answers)
