"""Registering, changing and removing stores: grant -> probe -> state -> transaction -> audit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from moorage.model.access import Principal, Role
from moorage.model.credentials import Keys
from moorage.model.errors import AlreadyExists, Changed, Forbidden, InUse, Invalid, NotFound, ProbeFailed
from moorage.model.keys import prefix_of
from moorage.model.probe import ProbeReport
from moorage.model.store import Connection, Provider, Store, StoreId, StoreOpener
from moorage.model.transaction import Facts, Transaction
from moorage.registering.aws import sound_aws
from moorage.registering.azure import sound_azure
from moorage.registering.former import keep, settle, stores_of
from moorage.registering.google import sound_google
from moorage.registering.https import sound_https
from moorage.registering.opening_buckets import (
    free_name,
    need_opening,
    provisional_name,
    store_there,
    wanted_store,
)
from moorage.registering.owning import need_force, need_known, need_owner, owned, owned_change, owned_store
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
        return (await self.probed(sound(owned(principal, store)))).report

    async def add(self, principal: Principal, store: Store, *, force: bool = False) -> Store:
        """Register the store after its probe passed, or anyway with ``force``.

        Raises Invalid, AlreadyExists, and ProbeFailed with the report; then nothing was registered.
        """
        wanted = owned(principal, store)
        need_force(principal, force=force)
        await self.facts.read(lambda tx: need_known(tx, wanted.scope))
        candidate = await self.prepare(wanted, force=force, refused=f"The store {store.name} was not registered.")
        return await self.facts.write(lambda tx: register(tx, principal, candidate))

    async def prepare(self, store: Store, *, force: bool, refused: str) -> Candidate:
        """Probe a store that shall be registered. Raises Invalid, and ProbeFailed, whose message ends with ``refused``.

        Whether the principal may register it, the caller has asked.
        """
        wanted = replace(sound(store), created_ms=self.now_ms())
        checked = await self.probed(wanted)
        if not checked.report.passed and not force:
            raise refusal(checked.report, refused)
        return Candidate(wanted, checked, forced=force)

    async def check(self, principal: Principal, name: str) -> ProbeReport:
        """Probe a registered store again and keep the report."""
        store = await self.facts.read(lambda tx: tx.stores.named(name))
        need_use(principal, store, Role.MANAGER)
        checked = await self.probed(store)
        await self.facts.write(lambda tx: note(tx, store.id, checked))
        return checked.report

    async def check_quietly(self, store: Store) -> ProbeReport:
        """Probe a registered store without being asked; the report is kept, unless the store changed meanwhile."""
        checked = await self.probed(store)

        def write(tx: Transaction) -> None:
            if store in tx.stores.all():
                note(tx, store.id, checked)

        await self.facts.write(write)
        return checked.report

    async def change(self, principal: Principal, name: str, changed: Store, *, force: bool = False) -> Store:
        """Replace what is registered under ``name``; the new facts are probed first."""
        need_force(principal, force=force)
        before = await self.facts.read(lambda tx: owned_store(tx, principal, name))
        wanted = sound(owned_change(principal, before, replace(changed, id=before.id, created_ms=before.created_ms)))
        await self.facts.read(lambda tx: need_known(tx, wanted.scope))
        checked = await self.probed(wanted)
        if not checked.report.passed and not force:
            raise refusal(checked.report, f"The store {wanted.name} was not changed.")
        beside = await self._beside(before, wanted.connection, force=force)

        def write(tx: Transaction) -> None:
            keep(tx, principal, before.connection, wanted.connection, now_ms=self.now_ms())
            tx.stores.update(wanted)
            for store, found in {**beside, wanted.id: checked}.items():
                note(tx, store, found)
            tx.audit.add(principal, "store.change", f"store {wanted.name}", **_told(wanted))

        await self.facts.write(write)
        for store in (wanted.id, *beside):
            self.forget(store)
        return wanted

    async def _beside(self, store: Store, changed: Connection, *, force: bool) -> dict[StoreId, Checked]:
        """What the other stores of its connection say to the changed one. ProbeFailed for one that passed until now."""
        if changed == store.connection:
            return {}
        sharing = await self.facts.read(
            lambda tx: [(one, tx.stores.last_check(one.id)) for one in stores_of(tx, changed.id) if one.id != store.id]
        )
        found = {}
        for other, last in sharing:
            found[other.id] = await self.probed(replace(other, connection=changed))
            if not force and not found[other.id].report.passed and (last is None or last.passed):
                refused = f"The store {other.name} has the same connection and would fail. Nothing was changed."
                raise refusal(found[other.id].report, refused)
        return found

    async def open_bucket(self, principal: Principal, connection: Connection, bucket: str, *, key: str = "") -> Store:
        """The read-only store of a bucket that a link leads to, made and probed at its first use.

        ``key`` tells which folder is meant where the connection opens several. A repeat, also a concurrent one, is
        answered with the store there is. Raises Refused for what the connection does not open, ProbeFailed.
        """
        need_opening(principal, connection)
        wanted = wanted_store(connection, bucket, key)
        there = await self.facts.read(lambda tx: store_there(tx, wanted))
        if there is not None:
            if there.scope != connection.scope:  # an admin limited it since
                need_use(principal, there, Role.VIEWER)
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

        def write(tx: Transaction) -> StoreId:
            store = tx.stores.named(name)
            need_owner(principal, store)
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

    async def probed(self, store: Store) -> Checked:
        """What a probe of the store finds; nothing is kept."""
        opened = self.open_store(store)
        try:
            return await probe(store, opened, now_ms=self.now_ms(), origin=self.origin)
        finally:
            await opened.aclose()


def register(tx: Transaction, principal: Principal, candidate: Candidate) -> Store:
    """Write a probed store down, with its report; inside a transaction. AlreadyExists when the name is taken."""
    added = tx.stores.add(candidate.store)
    note(tx, added.id, candidate.checked)
    tx.audit.add(principal, "store.add", f"store {added.name}", **_told(added), forced=candidate.forced)
    return added


def note(tx: Transaction, store: StoreId, checked: Checked) -> None:
    """Keep what a check of a registered store found; former credentials are forgotten once those of now held."""
    tx.stores.note_check(store, checked.report)
    if checked.had_objects:
        tx.stores.note_had_objects(store)
    settle(tx, store)


def may_use(principal: Principal, store: Store) -> bool:
    """Whether the principal may see the store and show what lies in it."""
    try:
        need_use(principal, store, Role.VIEWER)
    except (Forbidden, NotFound):
        return False
    return True


def need_use(principal: Principal, store: Store, role: Role) -> None:
    """Raise unless the principal has the role where the store is open to it; NotFound where it may not even see it."""
    held = _held(principal, store)
    if held is None:
        raise NotFound(f"There is no store {store.name}, or it is not open to you.", "List them with store ls.")
    if held < role:
        raise Forbidden(
            f"This needs the role {role.word} where the store {store.name} is open to you; you are {held.word}. "
            "Nothing was changed.",
            "Ask an admin or a manager of the project.",
            role_needed=role.word,
        )


def _held(principal: Principal, store: Store) -> Role | None:
    """The greatest role on one of the projects that the store is open to; on everything, where it is open to all."""
    if principal.everywhere is Role.ADMIN:
        return Role.ADMIN
    projects, users = store.scope.projects, store.scope.users
    if users and principal.user not in users:
        return None
    # Who is named sees it with any role; what is open to all is shown whole only to who may see all.
    roles = [principal.role_on(one) for one in projects] if projects else [principal.everywhere]
    roles += list(principal.roles.values()) if users and not projects else []
    return max((role for role in roles if role is not None), default=None)


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
            "That is no endpoint.",
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
