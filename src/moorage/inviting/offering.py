"""What the holder of a link does: looks at it, and offers a bucket; the link is used up only by success."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from moorage.admitting.bearer import hash_of
from moorage.inviting.verbs import PROVIDERS, sound_way
from moorage.mirroring import Mirrors, Wanted
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Project
from moorage.model.errors import Conflict, Invalid, MoorageError, NotFound
from moorage.model.inviting import MOST_TRIES, BucketLink, LinkState
from moorage.model.keys import Bucket, Key, Prefix
from moorage.model.probe import ProbeReport
from moorage.model.store import Connection, Scope, Store, StoreOpener
from moorage.model.transaction import Facts, Transaction
from moorage.registering.owning import guarded
from moorage.registering.register import Candidate, Registering, register
from moorage.showing.looking import looking, note_of
from moorage.showing.place import Place
from moorage.showing.suggesting import free_store_name
from moorage.showing.verbs import home

_TOLD: Final = {
    LinkState.USED: "This link was used already.",
    LinkState.REVOKED: "This link was taken back.",
    LinkState.EXPIRED: "This link has expired.",
    LinkState.WORN: f"This link was tried {MOST_TRIES} times and does not work any more.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A bucket, as the holder of a link describes it."""

    connection: Connection = field(repr=False)
    bucket: Bucket
    prefix: Prefix = Prefix("")
    folder: Key = Key("")
    """Where the link names none."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """A link as its holder sees it."""

    link: BucketLink
    state: LinkState
    project: str
    report: ProbeReport | None = None
    """What was found, where it was used a short while ago."""


@dataclass(frozen=True, slots=True)
class Connected:
    """What was made of an offer; ``note`` is a sentence, or empty."""

    store: Store
    project: Project
    report: ProbeReport
    note: str


@dataclass(frozen=True, slots=True)
class Offering:
    """The verbs of who has a link, and nothing else."""

    facts: Facts
    registering: Registering
    mirrors: Mirrors
    open_store: StoreOpener
    now_ms: Callable[[], int]

    async def look(self, text: str) -> Welcome:
        """What the link is for. NotFound where it is not known here."""

        def read(tx: Transaction) -> Welcome:
            link = _known(tx, text)
            state = link.state(self.now_ms())
            return Welcome(link, state, tx.projects.get(link.project).name, _report(tx, link, self.now_ms()))

        return await self.facts.read(read)

    async def connect(self, text: str, offer: Offer) -> Connected:
        """Probe the bucket, register it for the link's project and mirror it there.

        Whatever is raised, nothing was kept, and the link works on: NotFound, Conflict for one that works no more,
        Invalid, Forbidden, ProbeFailed with the report, StoreDenied, StoreUnreachable.
        """
        await self.facts.read(lambda tx: _known(tx, text))  # a guess takes no writer's turn
        link = await self.facts.write(lambda tx: self._begin(tx, text))
        store = await self.facts.read(lambda tx: _wanted(tx, link, offer))
        candidate = await self.registering.prepare(store, force=False, refused="Nothing was kept.")
        async with looking(self.open_store, candidate.store) as opened:
            note = await note_of(opened, candidate.store, candidate.store.prefix)
        made = await self.facts.write(lambda tx: self._make(tx, link, candidate, offer))
        self.mirrors.hint()
        return replace(made, note=note)

    def _begin(self, tx: Transaction, text: str) -> BucketLink:
        """The link, once the try is counted: it counts whatever comes of it."""
        link = self._open(_known(tx, text))
        _maker(tx, link)
        if not tx.bucket_links.count_try(link.id, MOST_TRIES):
            raise _over(LinkState.WORN)
        return link

    def _make(self, tx: Transaction, link: BucketLink, candidate: Candidate, offer: Offer) -> Connected:
        """Everything, or nothing: the link may have been used, revoked or outlived its maker's rights meanwhile."""
        self._open(tx.bucket_links.get(link.id), tried=True)
        maker = _maker(tx, link)
        project = tx.projects.get(link.project)
        place = Place(provider=candidate.store.connection.provider, bucket=candidate.store.bucket)
        named = replace(candidate.store, name=free_store_name(tx, place))
        store = register(tx, maker, replace(candidate, store=named))
        folder, name = home(tx, maker, project, link.folder or sound_way(offer.folder))
        self.mirrors.begin(
            tx, maker, project=project, store=store, wanted=Wanted(store.prefix).sound(), folder=folder, name=name
        )
        if not tx.bucket_links.use(link.id, self.now_ms(), store.name):
            raise _over(LinkState.USED)
        tx.audit.add(maker, "bucket-link.use", f"bucket link {link.id}", store=store.name, project=project.id)
        return Connected(store, project, candidate.checked.report, "")

    def _open(self, link: BucketLink, *, tried: bool = False) -> BucketLink:
        state = (replace(link, tries=0) if tried else link).state(self.now_ms())
        if state is not LinkState.OPEN:
            raise _over(state)
        return link


def _wanted(tx: Transaction, link: BucketLink, offer: Offer) -> Store:
    """The store that is offered. Raises Invalid, and Forbidden for what only an admin may add."""
    provider = offer.connection.provider
    if provider not in PROVIDERS or link.provider not in ("", provider):
        wanted = link.provider or "s3, azure or google"
        raise Invalid(f"This link connects {wanted}. Nothing was kept.", "Choose that.", field="provider")
    sound_way(offer.folder)
    name = free_store_name(tx, Place(provider=provider, bucket=offer.bucket))
    scope = Scope((link.project,))
    return guarded(Store(name, offer.connection, bucket=offer.bucket, prefix=offer.prefix, scope=scope))


def _known(tx: Transaction, text: str) -> BucketLink:
    link = tx.bucket_links.by_hash(hash_of(text))
    if link is None:
        raise NotFound("This link is not known here.", "Ask who sent it for a new one.")
    return link


def _maker(tx: Transaction, link: BucketLink) -> Principal:
    """Who made the link, as long as that person manages the project."""
    try:
        maker = tx.people.principal(link.user)
        maker.need(Role.MANAGER, link.project)
        tx.projects.get(link.project)
    except MoorageError as exc:
        raise _over(LinkState.REVOKED) from exc
    return maker


def _report(tx: Transaction, link: BucketLink, now_ms: int) -> ProbeReport | None:
    if link.used_ms is None or link.used_ms + 3600 * 1000 < now_ms:
        return None
    try:
        return tx.stores.last_check(tx.stores.named(link.store).id)
    except NotFound:
        return None


def _over(state: LinkState) -> Conflict:
    return Conflict(f"{_TOLD[state]} Nothing was kept.", "Ask who sent it for a new one.")
