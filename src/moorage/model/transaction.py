"""Ports to the facts: what flows read and write inside one transaction.

A flow passes a plain function to ``Facts.read`` or ``Facts.write``. It runs in a thread of its own, gets a
``Transaction`` and cannot await, so no network call can happen inside it. It may run more than once
(serialisation failures are repeated), so it must have no effect but on the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from moorage.model.access import Grant, Principal, Role, Token, User, UserId
from moorage.model.catalogue import (
    Folder,
    FolderId,
    Gone,
    Item,
    ItemId,
    Kind,
    Measured,
    Order,
    Page,
    Project,
    ProjectId,
)
from moorage.model.jobs import Cause, Job, JobId, JobState, Question, Work
from moorage.model.mirror import Mirror, MirrorId, Scan, ScanId
from moorage.model.probe import ProbeReport
from moorage.model.store import Store, StoreId

T = TypeVar("T")


class Stores(Protocol):
    """Connections and stores; credentials are sealed on the way in and opened on the way out."""

    def add(self, store: Store) -> Store:
        """Insert with a new id. AlreadyExists when the name is taken."""

    def get(self, store: StoreId) -> Store: ...

    def named(self, name: str) -> Store: ...

    def all(self) -> list[Store]: ...

    def update(self, store: Store) -> None: ...

    def remove(self, store: StoreId) -> None: ...

    def users_of(self, store: StoreId) -> tuple[str, ...]:
        """What stands in the way of removing it, as 'mirror 12', 'project frames', 'items 3'."""

    def note_check(self, store: StoreId, report: ProbeReport) -> None: ...

    def last_check(self, store: StoreId) -> ProbeReport | None: ...

    def note_had_objects(self, store: StoreId) -> None:
        """Remember that this store once held objects: an empty root is then a mount that vanished."""

    def had_objects(self, store: StoreId) -> bool: ...

    def forget_credentials(self) -> list[str]:
        """Leave ``Forgotten`` in place of all credentials, unopened; the names of the stores that had any."""

    def seal_again(self, *, after: int = 0, limit: int = 1000) -> int:
        """Seal the credentials of ``limit`` connections with ids greater than ``after`` with today's key.

        The last of these ids; 0: none is left. SealBroken where one does not open.
        """


class Projects(Protocol):
    """Projects, each with its root folder."""

    def add(self, name: str, default_store: StoreId | None = None) -> Project: ...

    def get(self, project: ProjectId) -> Project: ...

    def named(self, name: str) -> Project: ...

    def all(self, visible: frozenset[int] | None = None) -> list[Project]: ...

    def update(self, project: Project) -> None: ...

    def remove(self, project: ProjectId) -> None:
        """Take it out of sight at once; its rows go by ``purge``. Never touches an object."""

    def purge(self, limit: int = 10_000) -> int:
        """Delete at most ``limit`` rows of removed projects and mirrors; 0: nothing is left."""


class Folders(Protocol):
    """The tree of folders."""

    def get(self, folder: FolderId) -> Folder: ...

    def child(self, parent: FolderId, name: str) -> Folder | None: ...

    def ancestors(self, folder: FolderId) -> list[Folder]:
        """From the project's root down to the folder itself."""

    def children(
        self, parent: FolderId, *, after: str | None = None, limit: int = 100, prefix: str = ""
    ) -> Page[Folder]:
        """Child folders by name, in byte order; ``prefix`` of the name."""

    def add(self, parent: FolderId, name: str) -> Folder:
        """A plain folder. AlreadyExists when the parent has one of that name."""

    def rename(self, folder: FolderId, name: str) -> Folder: ...

    def remove(self, folder: FolderId) -> None:
        """Remove an empty plain folder; InUse when it is not empty."""

    def mount(self, parent: FolderId, name: str, mirror: MirrorId) -> Folder:
        """A folder that is the top of a mirror's tree; taken as it is where an empty plain folder exists."""

    def ensure(self, tree: FolderId, paths: Iterable[bytes]) -> dict[bytes, FolderId]:
        """Ids of the folders at ``paths`` of a tree, made where missing, their parents too."""

    def fold(self, limit: int = 10_000) -> int:
        """Fold that many count deltas into their folders and ancestors, in ascending id; 0: none is left."""

    def items_in_tree(self, tree: FolderId) -> int:
        """Exactly how many live items a tree holds."""

    def recount(self, project: ProjectId, *, repair: bool) -> list[str]:
        """Compare counters with rows; each line names a folder that was wrong."""


class Row(NamedTuple):
    """A live row as the diff of a scan sees it. A tuple, because there are millions."""

    folder: FolderId
    path: bytes
    name: bytes
    id: ItemId
    size: int
    etag: str
    modified_ms: int
    generation: str


class NewRow(NamedTuple):
    """A row to insert; its id is given by the database."""

    folder: FolderId
    name: bytes
    kind: int
    size: int
    etag: str
    modified_ms: int
    generation: str


class ChangedRow(NamedTuple):
    """New facts of a row; kind and name stay, dimensions are forgotten."""

    folder: FolderId
    name: bytes
    size: int
    etag: str
    modified_ms: int
    generation: str


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """What to list of a folder or a project."""

    order: Order = Order.NAME
    descending: bool = False
    prefix: str = ""
    kind: Kind | None = None
    min_size: int | None = None
    max_size: int | None = None
    modified_after_ms: int | None = None
    modified_before_ms: int | None = None
    gone: bool = False
    """List the tombstones instead of the live rows."""


class Items(Protocol):
    """Items: live ones, and tombstones, which keep their id for a restore."""

    def get(self, item: ItemId) -> Item:
        """A live item or a tombstone; NotFound otherwise."""

    def named(self, folder: FolderId, name: str) -> Item | None: ...

    def page(
        self, folder: FolderId, query: ItemQuery, *, after: str | None = None, limit: int = 100, at: int | None = None
    ) -> Page[Item]:
        """Items of one folder. ``after`` is the ``next`` of an earlier page with the same query.

        ``at``: begin at this index of the order, by page marks. Never a scan over skipped rows.
        """

    def walk(
        self,
        project: ProjectId,
        folder: FolderId | None,
        query: ItemQuery,
        *,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Item]:
        """Items of a project or a folder with all below it; folder by folder, by name in each."""

    def note_measured(self, item: ItemId, version: str, measured: Measured) -> None:
        """Write dimensions down if the item still has that version."""

    def between(self, tree: FolderId, after: bytes | None, upto: bytes | None) -> list[Row]:
        """Live rows of a tree whose path + name lies in (after, upto], in no particular order."""

    def gone_between(
        self, tree: FolderId, after: bytes | None, upto: bytes | None
    ) -> dict[tuple[bytes, bytes], tuple[ItemId, Gone]]:
        """Tombstones of the same interval by (path, name)."""

    def insert(self, project: ProjectId, rows: Sequence[NewRow]) -> None:
        """Insert rows that do not exist, with new ids, and count them."""

    def change(self, rows: Sequence[ChangedRow]) -> None: ...

    def revive(self, ids: Sequence[ItemId], rows: Sequence[ChangedRow]) -> None:
        """Make tombstones live again under their old ids, with the facts of ``rows``."""

    def bury(self, ids: Sequence[ItemId], gone: Gone) -> int:
        """Turn live rows into tombstones; the number that were live. Ids that are not live are passed over."""

    def remove(self, ids: Sequence[ItemId]) -> int:
        """Delete live rows for good."""

    def order_ready(self, order: Order) -> bool:
        """True where folders of any size can be listed in that order; ``page`` raises Busy otherwise."""

    def build_order(self, order: Order) -> None:
        """Make the index of an order; other writers wait meanwhile. A repeat does nothing."""

    def empty_trash(self, before_ms: int, limit: int = 10_000) -> int:
        """Delete tombstones from before that time; hidden ones stay while their mirror stands."""


class Mirrors(Protocol):
    """Mirrors and their scans."""

    def add(self, mirror: Mirror) -> Mirror: ...

    def get(self, mirror: MirrorId) -> Mirror: ...

    def all(self, project: ProjectId | None = None) -> list[Mirror]: ...

    def update(self, mirror: Mirror) -> None: ...

    def remove(self, mirror: MirrorId) -> None:
        """Remove it with its folders and items, by ``purge``; the mount stays as an empty plain folder."""

    def begin_scan(self, scan: Scan) -> Scan: ...

    def scan_of(self, job: JobId) -> Scan: ...

    def add_counts(
        self, scan: ScanId, *, seen: int = 0, added: int = 0, changed: int = 0, vanished: int = 0, skipped: int = 0
    ) -> None: ...

    def end_scan(self, scan: ScanId) -> None: ...

    def add_missing(self, scan: ScanId, rows: Sequence[Row]) -> None:
        """Write candidates down: live rows whose key the listing did not name. A repeat adds nothing."""

    def missing(self, scan: ScanId, *, after: int = 0, limit: int = 1000) -> list[Row]:
        """Candidates in ascending item id, greater than ``after``, that are still live and unchanged."""

    def drop_missing(self, scan: ScanId, ids: Sequence[ItemId]) -> None:
        """Forget candidates; they were confirmed or found again."""


class Jobs(Protocol):
    """Jobs and their work rows."""

    def add(self, job: Job) -> Job: ...

    def get(self, job: JobId) -> Job: ...

    def all(
        self,
        *,
        states: Sequence[JobState] = (),
        project: int | None = None,
        kind: str = "",
        subject: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Job]:
        """Newest first; ``before`` is an id, exclusive."""

    def set_state(self, job: JobId, state: JobState, *, message: str = "", question: Question | None = None) -> None:
        """Move on. Sets the times that belong to the state; a question is kept only while one is asked.

        Conflict when the job is in a final state: only a retry leaves one, to QUEUED, and forgets the errors,
        wishes and answer of before. A final state that it has already changes nothing.
        """

    def set_outcome(self, job: JobId, outcome: Mapping[str, int]) -> None: ...

    def ask(
        self, job: JobId, *, cancel: bool | None = None, pause: bool | None = None, answer: str | None = None
    ) -> None:
        """Note a wish or an answer; the flow sees it at its next step."""

    def add_progress(
        self,
        job: JobId,
        *,
        done: int = 0,
        bytes_: int = 0,
        total: int | None = None,
        errors: Mapping[str, Cause] | None = None,
    ) -> None: ...

    def add_work(
        self, job: JobId, step: str, *, after: bytes | None = None, upto: bytes | None = None, runnable_ms: int = 0
    ) -> Work: ...

    def work(self, work: int) -> Work: ...

    def works(self, job: JobId, *, step: str = "", open_only: bool = False) -> list[Work]: ...

    def runnable(self, now_ms: int, limit: int = 100) -> list[Work]:
        """Open rows of queued and running jobs whose time has come, oldest job first."""

    def raise_epoch(self, work: int, epoch: int, *, runnable_ms: int | None = None, failed: bool = False) -> bool:
        """Make a new slice of the row. False when another did it first. ``failed`` counts a try."""

    def advance(self, work: Work, cursor: bytes | None, *, done: bool) -> bool:
        """Move the cursor, if epoch and cursor are still those of ``work``, and begin to count tries anew.

        False: somebody else owns the row, it is done, or the cursor lies in a tail that was given away.
        """

    def narrow(self, work: Work, upto: bytes) -> bool:
        """Give the interval's tail away: ``upto`` becomes the new end, if the epoch still holds.

        False as well when the row is done, its cursor has passed ``upto``, or it ended before it.
        """

    def remove_old(self, before_ms: int, limit: int = 1000) -> int:
        """Forget final jobs that ended before that time, with their work rows, and what ended scans left behind.

        The number of rows, about ``limit`` at most; 0: nothing is left.
        """


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A one-time link: only its hash is stored."""

    user: UserId
    expires_ms: int
    used: bool


class People(Protocol):
    """Users, and the four ways to prove to be one. Secrets come hashed; none is ever stored."""

    def add(self, email: str) -> User:
        """A user without password or grant. AlreadyExists when the e-mail is taken."""

    def get(self, user: UserId) -> User: ...

    def named(self, email: str) -> User | None: ...

    def all(self) -> list[User]: ...

    def remove(self, user: UserId) -> None:
        """Remove the user with grants, sessions, links and tokens; the id is never given again."""

    def set_disabled(self, user: UserId, *, disabled: bool) -> None:
        """Shut the user out, or let it in again. Shutting out ends all sessions and links."""

    def password_hash(self, user: UserId) -> str: ...

    def set_password_hash(self, user: UserId, hash_: str, *, keep_sessions: bool = False) -> None:
        """Store it. It is another password, so all sessions and links end, unless ``keep_sessions``."""

    def grants(self, user: UserId | None = None) -> list[Grant]:
        """Of one user, or of all; those on everything first."""

    def set_grant(self, user: UserId, role: Role | None, project: int | None = None) -> None:
        """Set or, with None, withdraw a role on a project or on everything."""

    def principal(self, user: UserId, *, token: Token | None = None, session: bool = False) -> Principal:
        """The user with its roles, narrowed by ``token``. SignInNeeded when it is gone or shut out."""

    def admin_has_password(self) -> bool: ...

    def admins(self) -> list[UserId]:
        """Admins on everything that are not shut out; held until the end, so that two cannot remove each other.

        Inside ``Facts.write`` only.
        """

    def add_link(self, user: UserId, hash_: bytes, expires_ms: int) -> None: ...

    def link(self, hash_: bytes) -> SignInLink | None: ...

    def use_link(self, hash_: bytes, now_ms: int) -> UserId | None:
        """Use it up: its user the first time before it expires, None ever after."""

    def add_session(self, user: UserId, hash_: bytes, expires_ms: int) -> None: ...

    def session(self, hash_: bytes, now_ms: int) -> UserId | None:
        """Its user, until it expires or the user is shut out."""

    def remove_session(self, hash_: bytes) -> None: ...

    def add_token(self, token: Token, hash_: bytes) -> Token: ...

    def token(self, hash_: bytes, now_ms: int) -> Token | None:
        """The token, until it expires or its user is shut out."""

    def tokens(self, user: UserId | None = None) -> list[Token]: ...

    def note_token_used(self, token: int, now_ms: int) -> None: ...

    def remove_token(self, token: int) -> None: ...

    def note_try(self, who: str, now_ms: int) -> None:
        """Count a sign-in of an account or address as failed; a success takes it back."""

    def forget_tries(self, who: str, at_ms: int | None = None) -> None:
        """Forget the failures counted for it: all, or one of exactly that time."""

    def tries(self, who: str, since_ms: int) -> tuple[int, int]:
        """Failures since that time, and the time of the last one in Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, when. ``detail`` holds no secrets."""

    id: int
    at_ms: int
    user: int
    email: str
    action: str
    subject: str
    detail: Mapping[str, object]


class Audit(Protocol):
    """The record of changes, written in the transaction of the change."""

    def add(self, principal: Principal, action: str, subject: str, **detail: object) -> None: ...

    def all(self, *, before: int | None = None, limit: int = 100) -> list[AuditRow]: ...


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was given to an idempotency key."""

    request_hash: bytes
    status: int
    body: bytes


class Idempotency(Protocol):
    """Answers by (principal, key), committed with the effect that they tell of."""

    def get(self, user: UserId, key: str, now_ms: int) -> Answered | None: ...

    def add(self, user: UserId, key: str, answered: Answered, expires_ms: int) -> None: ...

    def keep_answer(self, user: UserId, key: str, status: int, body: bytes) -> None:
        """Write down how the request with this key was answered."""


class Instance(Protocol):
    """A few facts of the installation itself, by name, such as the sealed text that proves the key."""

    def get(self, name: str) -> bytes | None: ...

    def set(self, name: str, value: bytes) -> None: ...

    def keep(self, name: str, value: bytes) -> bytes:
        """Write it where nothing is there; the value in force, whoever wrote it first."""

    def holds_seals(self) -> bool:
        """True where any connection has sealed credentials."""


class Transaction(Protocol):
    """All ports, inside one transaction."""

    stores: Stores
    projects: Projects
    folders: Folders
    items: Items
    mirrors: Mirrors
    jobs: Jobs
    people: People
    audit: Audit
    idempotency: Idempotency
    instance: Instance


class Facts(Protocol):
    """The database. Its threads are bounded: readers wait for a place, writers for their turn."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` on a snapshot; it must not write."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` and commit; durable when this returns. Any exception rolls back and is raised."""
