"""The verbs of showing a place. grant -> suggest -> probe -> one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from moorage.cataloguing.changing import add_folder
from moorage.cataloguing.projects import add_project
from moorage.mirroring import Mirrors
from moorage.model.access import Principal
from moorage.model.catalogue import FolderId, Project
from moorage.model.errors import Changed, Invalid, MoorageError, ProbeFailed
from moorage.model.jobs import Job
from moorage.model.keys import Key, Prefix
from moorage.model.mirror import Mirror
from moorage.model.store import Provider, Store, StoreOpener
from moorage.model.transaction import Facts, Transaction
from moorage.registering.register import Candidate, Registering, register
from moorage.showing.looking import listable, looking, note_of
from moorage.showing.place import Place
from moorage.showing.planning import Plan, Wish, need_admin, place_of, plan_of
from moorage.showing.suggesting import Held, free_project_name, free_store_name, held_by, shown_already

STORE: Final = "store"
PROJECT: Final = "project"


@dataclass(frozen=True, slots=True)
class Shown:
    """What was made: ``made`` names what is new beside the mirror; ``note`` is a sentence, or empty."""

    mirror: Mirror
    job: Job
    store: str
    project: Project
    made: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What showing a place would use or make. ``store`` is None where it takes a new one."""

    place: Place
    store: Store | None
    store_name: str
    project: str
    needs_credentials: bool
    mirror: Mirror | None


class Showing:
    """Shows places. ``open_store`` makes the adapters that look at them."""

    def __init__(self, facts: Facts, registering: Registering, mirrors: Mirrors, *, open_store: StoreOpener) -> None:
        self._facts = facts
        self._registering = registering
        self._mirrors = mirrors
        self._open_store = open_store

    async def suggest(self, principal: Principal, address: str, *, endpoint: str = "", region: str = "") -> Suggestion:
        """What ``show`` would use or make for an address. Makes no request to any store, and changes nothing."""

        def read(tx: Transaction) -> Suggestion:
            place = place_of(tx, Wish(address, endpoint=endpoint, region=region))
            held = held_by(tx, principal, place)
            if held is None:
                need_admin(principal, place)
            mirror = None if held is None else shown_already(tx, principal, held)
            return Suggestion(
                place,
                None if held is None else held.store,
                free_store_name(tx, place) if held is None else held.store.name,
                free_project_name(tx, principal, place.title)
                if mirror is None
                else tx.projects.get(mirror.project).name,
                needs_credentials=held is None and place.provider is not Provider.DISK,
                mirror=mirror,
            )

        return await self._facts.read(read)

    async def show(self, principal: Principal, wish: Wish) -> Shown:
        """Show a place as a folder of a project and queue its first scan; what is missing is made with it.

        The place is looked at first: ProbeFailed with the report, StoreDenied and StoreUnreachable come from there.
        Whatever is raised, nothing was made.
        """
        wish = replace(wish, wanted=wish.wanted.sound())
        plan = await self._facts.read(lambda tx: plan_of(tx, principal, wish))
        if plan.held is None:
            candidate, note = await self._probed(plan, wish)
        else:
            candidate, note = None, await self._looked(plan.held, force=wish.force)
        shown = await self._facts.write(lambda tx: self._make(tx, principal, wish, candidate))
        self._mirrors.hint()
        return replace(shown, note=note)

    async def _probed(self, plan: Plan, wish: Wish) -> tuple[Candidate, str]:
        """The new store of a place, probed where the place is. It is the whole bucket where that may be listed."""
        store = plan.new_store(wish)
        try:
            candidate = await self._registering.prepare(store, force=wish.force, refused="Nothing was made.")
        except ProbeFailed as error:
            error.advice += _other_reading(plan.place, wish)
            raise
        except Invalid as error:
            if not error.message.endswith(("Nothing was made.", "Nothing was changed.")):
                error.message += " Nothing was made."
            raise
        if not candidate.checked.report.passed:
            line = next(line for line in candidate.checked.report.lines if line.refuses)
            return _whole(candidate), f"The check failed, and it was made all the same: {line.detail}"
        async with looking(self._open_store, candidate.store) as opened:
            if candidate.store.prefix and await listable(opened):
                candidate = _whole(candidate)
            return candidate, await note_of(opened, candidate.store, store.prefix)

    async def _looked(self, held: Held, *, force: bool) -> str:
        try:
            async with looking(self._open_store, held.store) as opened:
                return await note_of(opened, held.store, held.prefix)
        except MoorageError as error:
            if not force or isinstance(error, Invalid):
                raise
            return f"The store was not reached, and it was made all the same: {error.message}"

    def _make(self, tx: Transaction, principal: Principal, wish: Wish, candidate: Candidate | None) -> Shown:
        plan = plan_of(tx, principal, wish)
        made = []
        if plan.held is not None:
            store, prefix = plan.held.store, plan.held.prefix
        elif candidate is not None:
            named = replace(candidate.store, name=plan.store_name)
            store, prefix = register(tx, principal, replace(candidate, store=named)), plan.place.prefix
            made.append(STORE)
        else:
            raise Changed("The store of this place was removed meanwhile. Nothing was made.", "Try again.")
        project = plan.project
        if project is None:
            project = add_project(tx, principal, plan.project_name)
            made.append(PROJECT)
        folder, name = home(tx, principal, project, wish.folder)
        if not wish.folder and plan.place.root:
            name = Key(plan.place.title)
        mirror, job = self._mirrors.begin(
            tx,
            principal,
            project=project,
            store=store,
            wanted=replace(wish.wanted, prefix=prefix),
            folder=folder,
            name=name,
        )
        return Shown(mirror, job, store.name, project, tuple(made), "")


def _whole(candidate: Candidate) -> Candidate:
    """The same store without a prefix: the whole bucket."""
    return replace(candidate, store=replace(candidate.store, prefix=Prefix("")))


def home(tx: Transaction, principal: Principal, project: Project, way: Key) -> tuple[FolderId, Key]:
    """The folder that shall hold the mount, made where it is missing, and the mount's name."""
    *parents, name = way.strip("/").split("/")
    folder = project.root
    for one in parents:
        below = tx.folders.child(folder, one)
        folder = (below or add_folder(tx, principal, folder, Key(one))).id
    return folder, Key(name)


def _other_reading(place: Place, wish: Wish) -> str:
    """What else ``s3://`` and a name with a dot may have meant."""
    host = place.endpoint.removeprefix("https://")
    if not host or ":" in host or wish.endpoint or not wish.address.lower().startswith("s3://"):
        return ""
    return f" If {host} is a bucket at AWS, write https://s3.amazonaws.com/{host}/{place.bucket}/{place.prefix}"
