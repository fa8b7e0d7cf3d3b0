"""How mirrors stand: with the names around them and their jobs, in few queries however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from moorage.mirroring.beginning import KIND, open_job
from moorage.model.access import Principal
from moorage.model.address import address_in
from moorage.model.catalogue import Counts, ItemId, Project, ProjectId
from moorage.model.jobs import OPEN, Job, JobId
from moorage.model.keys import Key, escape, key_of
from moorage.model.mirror import Mirror, MirrorState
from moorage.model.store import Store, StoreId
from moorage.model.transaction import Transaction

_ALL: Final = 10_000


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """How a mirror stands: where it is shown, what it holds, and its job: one that has not ended, else the latest."""

    mirror: Mirror
    store: Store
    project: Project
    way: tuple[Key, ...]
    """Names from below the project's root down to its folder."""
    counts: Counts
    job: Job | None

    @property
    def place(self) -> str:
        """What it shows, such as ``s3://reef/2021/``."""
        return escape(address_in(self.store, self.mirror.prefix))

    @property
    def open_job(self) -> Job | None:
        """The job, if it has not ended."""
        return None if self.job is None or self.job.state.final else self.job


@dataclass(frozen=True, slots=True)
class MissingRow:
    """A candidate that a scan did not find: its item, its name, and where its object was."""

    item: ItemId
    name: Key
    store: Store
    key: Key


def status_of(tx: Transaction, mirror: Mirror) -> MirrorStatus:
    """One mirror as it stands."""
    return _status(tx, mirror, tx.stores.get(mirror.store), tx.projects.get(mirror.project), open_job(tx, mirror))


def statuses(tx: Transaction, principal: Principal, project: ProjectId | None = None) -> list[MirrorStatus]:
    """The mirrors that the principal may see, oldest first, without those that were removed."""
    found = [
        mirror
        for mirror in tx.mirrors.all(project)
        if mirror.state is not MirrorState.DETACHED and principal.role_on(mirror.project) is not None
    ]
    stores: dict[StoreId, Store] = {one: tx.stores.get(one) for one in {mirror.store for mirror in found}}
    projects: dict[ProjectId, Project] = {one: tx.projects.get(one) for one in {mirror.project for mirror in found}}
    opened = {job.subject: job for job in tx.jobs.all(states=OPEN, kind=KIND, project=project, limit=_ALL)}
    return [_status(tx, one, stores[one.store], projects[one.project], opened.get(one.id)) for one in found]


def missing_rows(tx: Transaction, mirror: Mirror, job: JobId, *, after: int, limit: int) -> list[MissingRow]:
    """Candidates of a scan of the mirror in ascending item id, greater than ``after``."""
    store = tx.stores.get(mirror.store)
    return [
        MissingRow(row.id, key_of(row.name), store, Key(mirror.prefix + key_of(row.path + row.name)))
        for row in tx.mirrors.missing(tx.mirrors.scan_of(job).id, after=after, limit=limit)
    ]


def _status(tx: Transaction, mirror: Mirror, store: Store, project: Project, open_: Job | None) -> MirrorStatus:
    above = tx.folders.ancestors(mirror.folder)
    job = open_ or (None if mirror.last_job is None else _job(tx, mirror.last_job))
    return MirrorStatus(mirror, store, project, tuple(one.name for one in above[1:]), above[-1].counts, job)


def _job(tx: Transaction, job: JobId) -> Job | None:
    """None once old jobs were forgotten."""
    found = tx.jobs.all(before=job + 1, limit=1)
    return found[0] if found and found[0].id == job else None
