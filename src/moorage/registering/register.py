"""Registering, changing and removing stores: grant -> probe -> state -> transaction -> audit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from moorage.model.access import Principal, Role
from moorage.model.credentials import Keys
from moorage.model.errors import AlreadyExists, Changed, InUse, Invalid, NotFound, ProbeFailed, Refused
from moorage.model.keys import prefix_of
from moorage.model.probe import ProbeReport
from moorage.model.store import Connection, Provider, Store, StoreId, StoreOpener
from moorage.model.transaction import Facts, Transaction
from moorage.registering.aws import sound_aws
from moorage.registering.azure import sound_azure
from moorage.registering.google import sound_google
from moorage.registering.https import sound_https
from moorage.registering.opening_buckets import (
    free_name,
    need_opening,
    provisional_name,
    store_there,
    wanted_store,
)
from moorage.registering.probe import Checked, probe

BUCKET: Final = re.compile(r"[A-Za-z0-9._:-]{1,255}")
"""Wider than AWS's rules: others allow capitals, underscores and, for tenants, a colon."""
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
ROLE_ARN: Final = re.compile(r"arn:[a-z-]+:iam::[0-9]{0,12}:role/[\w+=,.@/-]+")
"""Servers other than AWS have roles without an account."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A store that was probed and may be registered; ``forced``: whatever the probe found."""

    store: Store
    checked: Checked
    forced: bool


@dataclass(frozen=True, slots=True)
class Registering:
    """The verbs on stores. ``open_store`` makes adapters; ``now_ms`` is the clock."""

    facts: Facts
    open_store: StoreOpener
    now_ms: Callable[[], int]
    forget: Callable[[StoreId], None] = lambda _store: None
    """Called after a store changed, so that open adapters of it are dropped."""
    origin: str = ""
    """That of our own pages, which a check asks CORS for."""

    async def check_new(self, principal: Principal, store: Store) -> ProbeReport:
        """Probe a store that is not registered; nothing is kept."""
        principal.need_everywhere(Role.ADMIN)
        return (await self._probe(sound(store))).report

    async def add(self, principal: Principal, store: Store, *, force: bool = False) -> Store:
        """Register the store after its probe passed, or anyway with ``force``.

        Raises Invalid, AlreadyExists, and ProbeFailed with the report; then nothing was registered.
        """
        principal.need_everywhere(Role.ADMIN)
        candidate = await self.prepare(store, force=force, refused=f"The store {store.name} was not registered.")
        return await self.facts.write(lambda tx: register(tx, principal, candidate))

    async def prepare(self, store: Store, *, force: bool, refused: str) -> Candidate:
        """Probe a store that shall be registered. Raises Invalid, and ProbeFailed, whose message ends with ``refused``.

        Whether the principal may register it, the caller has asked.
        """
        wanted = replace(sound(store), created_ms=self.now_ms())
        checked = await self._probe(wanted)
        if not checked.report.passed and not force:
            raise refusal(checked.report, refused)
        return Candidate(wanted, checked, forced=force)

    async def check(self, principal: Principal, name: str) -> ProbeReport:
        """Probe a registered store again and keep the report."""
        store = await self.facts.read(lambda tx: tx.stores.named(name))
        need_use(principal, store, Role.MANAGER)
        checked = await self._probe(store)
        await self.facts.write(lambda tx: _note(tx, store.id, checked))
        return checked.report

    async def check_quietly(self, store: Store) -> ProbeReport:
        """Probe a registered store without being asked; the report is kept, unless the store changed meanwhile."""
        checked = await self._probe(store)

        def note(tx: Transaction) -> None:
            if store in tx.stores.all():
                _note(tx, store.id, checked)

        await self.facts.write(note)
        return checked.report

    async def change(self, principal: Principal, name: str, changed: Store, *, force: bool = False) -> Store:
        """Replace what is registered under ``name``; the new facts are probed first."""
        principal.need_everywhere(Role.ADMIN)
        before = await self.facts.read(lambda tx: tx.stores.named(name))
        wanted = sound(replace(changed, id=before.id, created_ms=before.created_ms))
        checked = await self._probe(wanted)
        if not checked.report.passed and not force:
            raise refusal(checked.report, f"The store {wanted.name} was not changed.")

        def write(tx: Transaction) -> None:
            tx.stores.update(wanted)
            _note(tx, wanted.id, checked)
            tx.audit.add(principal, "store.change", f"store {wanted.name}", **_told(wanted))

        await self.facts.write(write)
        self.forget(wanted.id)
        return wanted

    async def open_bucket(self, principal: Principal, connection: Connection, bucket: str, *, key: str = "") -> Store:
        """The read-only store of a bucket that a link leads to, made and probed at its first use.

        ``key`` tells which folder is meant where the connection opens several. A repeat, also a concurrent one, is
        answered with the store there is. Raises Refused for what the connection does not open, ProbeFailed.
        """
        need_opening(principal, connection)
        wanted = wanted_store(connection, bucket, key)
        there = await self.facts.read(lambda tx: store_there(tx, wanted))
        if there is not None:
            return there
        named = replace(wanted, name=provisional_name(wanted))
        candidate = await self.prepare(named, force=False, refused=f"The bucket {bucket} was not opened.")

        def write(tx: Transaction) -> Store:
            found = store_there(tx, wanted)
            if found is not None:
                return found
            name = free_name(tx, wanted)
            return register(tx, principal, replace(candidate, store=replace(candidate.store, name=name)))

        try:
            return await self.facts.write(write)
        except (AlreadyExists, Changed):  # another process was quicker
            return await self.facts.write(write)

    async def remove(self, principal: Principal, name: str) -> None:
        """Forget the store. InUse while anything depends on it; no object is touched."""
        principal.need_everywhere(Role.ADMIN)

        def write(tx: Transaction) -> StoreId:
            store = tx.stores.named(name)
            users = tx.stores.users_of(store.id)
            if users:
                raise InUse(
                    f"The store {name} is used by {', '.join(users)}. It was not removed.",
                    "Remove those first; where a mirror was removed and its items were kept, `moorage mirror rm ID "
                    "--with-items` removes them too. No object in the bucket is ever removed by this.",
                    users=users,
                )
            tx.stores.remove(store.id)
            tx.audit.add(principal, "store.remove", f"store {name}")
            return store.id

        self.forget(await self.facts.write(write))

    async def _probe(self, store: Store) -> Checked:
        opened = self.open_store(store)
        try:
            return await probe(store, opened, now_ms=self.now_ms(), origin=self.origin)
        finally:
            await opened.aclose()


def register(tx: Transaction, principal: Principal, candidate: Candidate) -> Store:
    """Write a probed store down, with its report; inside a transaction. AlreadyExists when the name is taken."""
    added = tx.stores.add(candidate.store)
    _note(tx, added.id, candidate.checked)
    tx.audit.add(principal, "store.add", f"store {added.name}", **_told(added), forced=candidate.forced)
    return added


def _note(tx: Transaction, store: StoreId, checked: Checked) -> None:
    tx.stores.note_check(store, checked.report)
    if checked.had_objects:
        tx.stores.note_had_objects(store)


def may_use(principal: Principal, store: Store) -> bool:
    """Whether the principal may see the store and show what lies in it."""
    try:
        need_use(principal, store, Role.VIEWER)
    except (Refused, NotFound):
        return False
    return True


def need_use(principal: Principal, store: Store, role: Role) -> None:
    """Raise unless the principal has the role on one of the projects that the store is open to."""
    if store.scope.users and principal.user not in store.scope.users and principal.everywhere is not Role.ADMIN:
        raise Refused(f"The store {store.name} is not open to you.", "Ask an admin to add you to its scope.")
    if not store.scope.projects:
        principal.need_everywhere(role)
        return
    for project in store.scope.projects:
        if (principal.role_on(project) or 0) >= role:
            return
    principal.need_everywhere(role)


def refusal(report: ProbeReport, refused: str) -> ProbeFailed:
    """The error for a probe that failed: what the first line at fault found, then what was not done."""
    line = next(line for line in report.lines if line.refuses)
    found = line.detail or f"The permission to {line.permission} is {line.finding}."
    return ProbeFailed(
        f"{found} {refused}",
        line.advice or "Mend what the lines name, then try again, or do it anyway with force.",
        report=report,
    )


def sound(store: Store) -> Store:
    """The store with its prefix completed. Raises Invalid, naming the field, for what cannot be."""
    if not NAME.fullmatch(store.name):
        raise Invalid(
            f"{store.name!r} cannot be a store's name.",
            "Use 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit.",
            field="name",
        )
    if store.connection.provider is Provider.DISK:
        _sound_disk(store)
    elif store.connection.provider is Provider.S3:
        _sound_s3(store)
        store = sound_aws(store)
    elif store.connection.provider is Provider.AZURE:
        sound_azure(store)
    elif store.connection.provider is Provider.GOOGLE:
        sound_google(store)
    elif store.connection.provider is Provider.HTTPS:
        sound_https(store)
    elif store.connection.provider is not Provider.MEMORY:
        raise Invalid(
            f"The provider {store.connection.provider} is not built yet.",
            "Use azure, disk, google, https or s3.",
            field="provider",
        )
    _sound_loan_role(store)
    return replace(store, prefix=prefix_of(store.prefix))


def _sound_loan_role(store: Store) -> None:
    arn = store.loan_role_arn
    if arn and (store.connection.provider is not Provider.S3 or not ROLE_ARN.fullmatch(arn)):
        raise Invalid(
            f"{arn[:200]!r} is not the ARN of a role for loans."
            if store.connection.provider is Provider.S3
            else f"A store of the provider {store.connection.provider} takes no role for loans.",
            "Write it whole, such as arn:aws:iam::111122223333:role/media-loans; only S3 stores have one.",
            field="loan_role_arn",
        )


def _sound_disk(store: Store) -> None:
    root = store.connection.root
    if not root.startswith("/") or "\0" in root:
        raise Invalid(
            f"{root!r} is not an absolute directory.", "Write the whole path, such as /data/photos.", field="root"
        )
    if store.connection.endpoint:
        raise Invalid("A disk store has no endpoint.", "Leave it empty.", field="endpoint")


def _sound_s3(store: Store) -> None:
    if not BUCKET.fullmatch(store.bucket):
        raise Invalid(f"{store.bucket!r} is not a bucket.", "Write the bucket's name alone.", field="bucket")
    _sound_words(store)
    if store.connection.root:
        raise Invalid("An S3 store has no root.", "Leave it empty, or choose the provider disk.", field="root")
    endpoint = store.connection.endpoint
    if not endpoint:
        return
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Invalid(
            f"{endpoint!r} is not an endpoint.",
            "Write it with its scheme, such as https://s3.example.org:9000.",
            field="endpoint",
        )
    if parts.username or parts.password:
        raise Invalid("The endpoint holds credentials.", "Give keys in the fields for them.", field="endpoint")


def _sound_words(store: Store) -> None:
    """Region and keys go into headers: Raises Invalid, without showing them, for what no header can hold."""
    words = {"region": store.connection.region}
    keys = store.connection.credentials
    if isinstance(keys, Keys):
        words |= {"access_key": keys.access_key, "secret_key": keys.secret_key, "session_token": keys.session_token}
    for field, word in words.items():
        if not (word.isascii() and word.isprintable()) or word != word.strip():
            raise Invalid(
                f"The {field.replace('_', ' ')} holds blanks at its ends or letters that no provider uses.",
                "Copy it again, without a line break.",
                field=field if field == "region" else f"credentials.{field}",
            )


def _told(store: Store) -> dict[str, object]:
    return {
        "provider": store.connection.provider.value,
        "endpoint": store.connection.endpoint,
        "root": store.connection.root,
        "bucket": store.bucket,
        "prefix": store.prefix,
        "read_only": store.read_only,
    }
