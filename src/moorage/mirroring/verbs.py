"""The verbs on mirrors. grant -> reach the store -> state -> transaction -> audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from moorage.mirroring.beginning import begin_scan, open_job
from moorage.mirroring.globs import check_globs
from moorage.mirroring.mounting import check_prefix, mount
from moorage.mirroring.place import place_of
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Counts, FolderId, ProjectId
from moorage.model.errors import Conflict, Forbidden
from moorage.model.jobs import Job, JobId, JobState
from moorage.model.keys import Key, key_of
from moorage.model.mirror import Mirror, MirrorId, MirrorState, OnVanished
from moorage.model.store import Store, StoreOpener
from moorage.model.transaction import Facts, Transaction

SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """How a mirror stands: its place in words, what it holds, and its latest job."""

    mirror: Mirror
    store: str
    place: str
    counts: Counts
    job: Job | None


class Mirrors:
    """What people do with mirrors. ``hint`` wakes the dispatcher after a commit."""

    def __init__(
        self, facts: Facts, open_store: StoreOpener, *, hint: Callable[[], None], now_ms: Callable[[], int]
    ) -> None:
        self._facts = facts
        self._open_store = open_store
        self._hint = hint
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
        includes, excludes = check_globs(include, "include"), check_globs(exclude, "exclude")
        found = await self._facts.read(lambda tx: tx.stores.named(store))
        _need_scope(principal, found, project)
        whole = check_prefix(found, prefix)
        await self._reach(found, whole)

        def write(tx: Transaction) -> tuple[Mirror, Job]:
            home = tx.projects.get(project)
            wanted = Mirror(
                id=MirrorId(0),
                project=project,
                folder=home.root,
                store=found.id,
                prefix=whole,
                include=includes,
                exclude=excludes,
                on_vanished=on_vanished,
                created_ms=self._now_ms(),
            )
            made = tx.mirrors.add(wanted)
            mounted = replace(made, folder=mount(tx, made, home, folder, name).id)
            mirror, job = self._begin(tx, principal, mounted, found, dry_run=False)
            detail = {"store": found.name, "prefix": whole, "project": project, "folder": mirror.folder}
            tx.audit.add(principal, "mirror.add", f"mirror {mirror.id}", **detail)
            return mirror, job

        made = await self._facts.write(write)
        self._hint()
        return made

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
            _, job = self._begin(tx, principal, found, tx.stores.get(found.store), dry_run=dry_run)
            tx.audit.add(principal, "mirror.reindex", f"mirror {mirror}", dry_run=dry_run)
            return job

        job = await self._facts.write(write)
        self._hint()
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
        self._hint()
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
        return await self._facts.read(lambda tx: _status(tx, _seen(tx, principal, mirror, Role.VIEWER)))

    async def all(self, principal: Principal, project: ProjectId | None = None) -> list[MirrorStatus]:
        """Mirrors that the principal may see, oldest first; removed ones that kept their items are left out."""
        if project is not None:
            principal.need(Role.VIEWER, project)

        def read(tx: Transaction) -> list[MirrorStatus]:
            visible = principal.visible
            return [
                _status(tx, mirror)
                for mirror in tx.mirrors.all(project)
                if mirror.state is not MirrorState.DETACHED and (visible is None or mirror.project in visible)
            ]

        return await self._facts.read(read)

    async def missing(self, principal: Principal, job: JobId, *, limit: int = SHOWN) -> list[Key]:
        """Keys, below the prefix, of candidates that a scan did not find: what 'show' shows."""

        def read(tx: Transaction) -> list[Key]:
            scan = tx.mirrors.scan_of(job)
            _seen(tx, principal, scan.mirror, Role.VIEWER)
            return [key_of(row.path + row.name) for row in tx.mirrors.missing(scan.id, limit=limit)]

        return await self._facts.read(read)

    def _begin(
        self, tx: Transaction, principal: Principal, mirror: Mirror, store: Store, *, dry_run: bool
    ) -> tuple[Mirror, Job]:
        place = place_of(store, mirror.prefix)
        job = begin_scan(tx, mirror, principal, place=place, dry_run=dry_run, now=self._now_ms())
        noted = replace(mirror, last_job=job.id)
        tx.mirrors.update(noted)
        return noted, job

    async def _reach(self, store: Store, prefix: str) -> None:
        opened = self._open_store(store)
        try:
            await opened.list_page(prefix, limit=1)
        finally:
            await opened.aclose()


def _need_scope(principal: Principal, store: Store, project: ProjectId) -> None:
    projects, users = store.scope.projects, store.scope.users
    if (projects and project not in projects) or (users and principal.user not in users):
        raise Forbidden(
            f"The store {store.name} is not open to this project or to you. Nothing was made.",
            "Ask an admin to add it to the store's scope.",
        )


def _seen(tx: Transaction, principal: Principal, mirror: MirrorId, role: Role) -> Mirror:
    found = tx.mirrors.get(mirror)
    principal.need(role, found.project)
    return found


def _status(tx: Transaction, mirror: Mirror) -> MirrorStatus:
    store = tx.stores.get(mirror.store)
    job = None if mirror.last_job is None else _job(tx, mirror.last_job)
    return MirrorStatus(mirror, store.name, place_of(store, mirror.prefix), tx.folders.get(mirror.folder).counts, job)


def _job(tx: Transaction, job: JobId) -> Job | None:
    """None once old jobs were forgotten."""
    found = tx.jobs.all(before=job + 1, limit=1)
    return found[0] if found and found[0].id == job else None
