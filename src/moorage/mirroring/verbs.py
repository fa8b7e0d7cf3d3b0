"""The verbs on mirrors. grant -> reach the store -> state -> transaction -> audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from moorage.mirroring.beginning import begin_scan, open_job
from moorage.mirroring.globs import check_globs
from moorage.mirroring.mounting import check_prefix, mount
from moorage.mirroring.standing import MirrorStatus, MissingRow, missing_rows, status_of, statuses
from moorage.model.access import Principal, Role
from moorage.model.address import address_in
from moorage.model.catalogue import FolderId, Project, ProjectId
from moorage.model.errors import Conflict, Forbidden
from moorage.model.jobs import Job, JobId, JobState
from moorage.model.keys import escape
from moorage.model.mirror import Mirror, MirrorId, MirrorState, OnVanished
from moorage.model.store import Store, StoreOpener
from moorage.model.transaction import Facts, Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new mirror shall take, and what becomes of items that vanish."""

    prefix: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    on_vanished: OnVanished = OnVanished.HIDE

    def sound(self) -> Wanted:
        """The same with its globs checked. Raises Invalid."""
        return replace(self, include=check_globs(self.include, "include"), exclude=check_globs(self.exclude, "exclude"))


class Mirrors:
    """What people do with mirrors. ``hint`` wakes the dispatcher after a commit."""

    def __init__(
        self, facts: Facts, open_store: StoreOpener, *, hint: Callable[[], None], now_ms: Callable[[], int]
    ) -> None:
        self._facts = facts
        self._open_store = open_store
        self.hint = hint
        self._now_ms = now_ms

    async def add(
        self,
        principal: Principal,
        *,
        project: ProjectId,
        store: str,
        prefix: str = "",
        folder: FolderId | None = None,
        name: str = "",
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        on_vanished: OnVanished = OnVanished.HIDE,
    ) -> tuple[Mirror, Job]:
        """Mount a prefix of a store as a folder tree, and queue its first scan.

        The store is listed once before anything is made: StoreDenied and StoreUnreachable come from there.
        """
        principal.need(Role.MANAGER, project)
        wanted = Wanted(prefix, tuple(include), tuple(exclude), on_vanished).sound()
        found = await self._facts.read(lambda tx: tx.stores.named(store))
        need_scope(principal, found, project)
        opened = self._open_store(found)
        try:
            await opened.list_page(check_prefix(found, prefix), limit=1)
        finally:
            await opened.aclose()
        made = await self._facts.write(
            lambda tx: self.begin(
                tx, principal, project=tx.projects.get(project), store=found, wanted=wanted, folder=folder, name=name
            )
        )
        self.hint()
        return made

    def begin(
        self,
        tx: Transaction,
        principal: Principal,
        *,
        project: Project,
        store: Store,
        wanted: Wanted,
        folder: FolderId | None = None,
        name: str = "",
    ) -> tuple[Mirror, Job]:
        """Mount it and queue its first scan inside a transaction; the caller hints after the commit.

        Whether the principal may, and whether the store answers, the caller has asked.
        """
        whole = check_prefix(store, wanted.prefix)
        made = tx.mirrors.add(
            Mirror(
                id=MirrorId(0),
                project=project.id,
                folder=project.root,
                store=store.id,
                prefix=whole,
                include=wanted.include,
                exclude=wanted.exclude,
                on_vanished=wanted.on_vanished,
                created_ms=self._now_ms(),
            )
        )
        mounted = replace(made, folder=mount(tx, made, project, folder, name).id)
        mirror, job = self._begin(tx, principal, mounted, store, dry_run=False)
        detail = {"store": store.name, "prefix": whole, "project": project.id, "folder": mirror.folder}
        tx.audit.add(principal, "mirror.add", f"mirror {mirror.id}", **detail)
        return mirror, job

    async def reindex(self, principal: Principal, mirror: MirrorId, *, dry_run: bool = False) -> Job:
        """Queue a scan; where one is on its way already, that one is answered. Conflict for the other kind."""

        def write(tx: Transaction) -> Job:
            found = _seen(tx, principal, mirror, Role.EDITOR)
            if found.state is MirrorState.DETACHED:
                raise Conflict(
                    f"Mirror {mirror} was removed and its items were kept as links. Nothing was started.",
                    "Mirror the prefix again with mirror add.",
                )
            if found.state is MirrorState.PAUSED:
                raise Conflict(f"Mirror {mirror} is paused. Nothing was started.", "Resume it first.")
            running = open_job(tx, found)
            if running is not None:
                if tx.mirrors.scan_of(running.id).dry_run is not dry_run:
                    raise Conflict(
                        f"Job {running.id} looks at mirror {mirror} already, "
                        f"{'and writes' if dry_run else 'as a dry run'}. Nothing was started.",
                        "Wait for it, or cancel it.",
                    )
                return running
            store = tx.stores.get(found.store)
            need_scope(principal, store, found.project)
            _, job = self._begin(tx, principal, found, store, dry_run=dry_run)
            tx.audit.add(principal, "mirror.reindex", f"mirror {mirror}", dry_run=dry_run)
            return job

        job = await self._facts.write(write)
        self.hint()
        return job

    async def change(
        self,
        principal: Principal,
        mirror: MirrorId,
        *,
        include: Iterable[str] | None = None,
        exclude: Iterable[str] | None = None,
        on_vanished: OnVanished | None = None,
    ) -> Mirror:
        """Change what it takes; None leaves a field as it is. The next scan acts on it."""
        includes = None if include is None else check_globs(include, "include")
        excludes = None if exclude is None else check_globs(exclude, "exclude")

        def write(tx: Transaction) -> Mirror:
            found = _seen(tx, principal, mirror, Role.MANAGER)
            changed = replace(
                found,
                include=found.include if includes is None else includes,
                exclude=found.exclude if excludes is None else excludes,
                on_vanished=on_vanished or found.on_vanished,
            )
            tx.mirrors.update(changed)
            tx.audit.add(principal, "mirror.change", f"mirror {mirror}", include=changed.include)
            return changed

        return await self._facts.write(write)

    async def pause(self, principal: Principal, mirror: MirrorId) -> Mirror:
        """Look no more at its store, until ``resume``; a scan on its way pauses too."""

        def write(tx: Transaction) -> Mirror:
            found = _seen(tx, principal, mirror, Role.MANAGER)
            if found.state is MirrorState.DETACHED:
                raise Conflict(f"Mirror {mirror} was removed. Nothing was changed.", "Its items are plain links now.")
            paused = replace(found, state=MirrorState.PAUSED)
            tx.mirrors.update(paused)
            running = open_job(tx, found)
            if running is not None and running.state in (JobState.QUEUED, JobState.RUNNING):
                tx.jobs.set_state(running.id, JobState.PAUSED, message="The mirror is paused.")
            tx.audit.add(principal, "mirror.pause", f"mirror {mirror}")
            return paused

        return await self._facts.write(write)

    async def resume(self, principal: Principal, mirror: MirrorId) -> Mirror:
        """Look at its store again; a scan that paused goes on from its cursors."""

        def write(tx: Transaction) -> Mirror:
            found = _seen(tx, principal, mirror, Role.MANAGER)
            if found.state is not MirrorState.PAUSED:
                return found
            active = replace(found, state=MirrorState.ACTIVE, reason="")
            tx.mirrors.update(active)
            waiting = open_job(tx, found)
            if waiting is not None and waiting.state is JobState.PAUSED:
                tx.jobs.set_state(waiting.id, JobState.QUEUED)
            tx.audit.add(principal, "mirror.resume", f"mirror {mirror}")
            return active

        resumed = await self._facts.write(write)
        self.hint()
        return resumed

    async def remove(self, principal: Principal, mirror: MirrorId, *, with_items: bool = False) -> None:
        """End the mirror. Its items stay as links, or go from the catalogue; no object is ever touched."""

        def write(tx: Transaction) -> None:
            found = _seen(tx, principal, mirror, Role.MANAGER)
            running = open_job(tx, found)
            if running is not None:
                tx.jobs.set_state(running.id, JobState.CANCELLED, message="The mirror was removed.")
            if with_items:
                tx.mirrors.remove(mirror)
            else:
                tx.mirrors.update(replace(found, state=MirrorState.DETACHED, reason=""))
            tx.audit.add(principal, "mirror.remove", f"mirror {mirror}", with_items=with_items)

        await self._facts.write(write)

    async def status(self, principal: Principal, mirror: MirrorId) -> MirrorStatus:
        """One mirror as it stands."""
        return await self._facts.read(lambda tx: status_of(tx, _seen(tx, principal, mirror, Role.VIEWER)))

    async def all(self, principal: Principal, project: ProjectId | None = None) -> list[MirrorStatus]:
        """Mirrors that the principal may see, oldest first; removed ones that kept their items are left out."""
        if project is not None:
            principal.need(Role.VIEWER, project)
        return await self._facts.read(lambda tx: statuses(tx, principal, project))

    async def missing(self, principal: Principal, job: JobId, *, after: int = 0, limit: int = 20) -> list[MissingRow]:
        """Candidates that a scan did not find, in ascending item id, greater than ``after``: what 'show' shows."""
        return await self._facts.read(
            lambda tx: missing_rows(
                tx, _seen(tx, principal, tx.mirrors.scan_of(job).mirror, Role.VIEWER), job, after=after, limit=limit
            )
        )

    def _begin(
        self, tx: Transaction, principal: Principal, mirror: Mirror, store: Store, *, dry_run: bool
    ) -> tuple[Mirror, Job]:
        place = escape(address_in(store, mirror.prefix))
        job = begin_scan(tx, mirror, principal, place=place, dry_run=dry_run, now=self._now_ms())
        noted = replace(mirror, last_job=job.id)
        tx.mirrors.update(noted)
        return noted, job


def need_scope(principal: Principal, store: Store, project: ProjectId | None) -> None:
    """Raise Forbidden unless the store is open to the principal and the project; None: a new one."""
    projects, users = store.scope.projects, store.scope.users
    named = principal.user in users or principal.everywhere is Role.ADMIN
    if (projects and project not in projects) or (users and not named):
        raise Forbidden(
            f"The store {store.name} is not open to this project or to you. Nothing was made.",
            "Ask an admin to add it to the store's scope.",
        )


def _seen(tx: Transaction, principal: Principal, mirror: MirrorId, role: Role) -> Mirror:
    found = tx.mirrors.get(mirror)
    principal.need(role, found.project)
    return found
