"""Links to hand out: grant -> state -> transaction -> audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from moorage.admitting.bearer import hash_of, new_bearer
from moorage.cataloguing.projects import find
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Project
from moorage.model.errors import AlreadyExists, Invalid, NotFound
from moorage.model.inviting import BucketLink, BucketLinkId
from moorage.model.keys import Key, key_bytes
from moorage.model.store import Provider
from moorage.model.transaction import Facts, Transaction

PROVIDERS: Final = (Provider.S3, Provider.AZURE, Provider.GOOGLE)
"""Kinds of storage that a link connects: what lies in them can be listed, and an admin's machine is not among them."""
SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=30)
_KEPT_MS: Final = 90 * 24 * 3600 * 1000
_LONGEST_NOTE: Final = 1000
_LONGEST_NAME: Final = 1024
_NOWHERE: Final = Key("")


@dataclass(frozen=True, slots=True)
class Made:
    """A link and the secret part of its address, which is shown once."""

    link: BucketLink
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Inviting:
    """The verbs on links; they need a manager of the project."""

    facts: Facts
    now_ms: Callable[[], int]

    async def make(
        self,
        principal: Principal,
        project: str,
        *,
        folder: Key = _NOWHERE,
        provider: str = "",
        note: str = "",
        lives: timedelta = timedelta(days=7),
    ) -> Made:
        """A link by which its holder connects one bucket, once. Raises Invalid, and AlreadyExists for the folder."""
        _sound(provider, note, lives)
        text = new_bearer()

        def write(tx: Transaction) -> Made:
            of = find(tx, principal, project)
            principal.need(Role.MANAGER, of.id)
            way = sound_way(folder)
            _need_free(tx, of, way)
            now = self.now_ms()
            tx.bucket_links.remove_old(now - _KEPT_MS)
            wanted = BucketLink(
                of.id,
                way,
                provider,
                note.strip(),
                principal.user,
                principal.email,
                now,
                now + int(lives.total_seconds() * 1000),
            )
            link = tx.bucket_links.add(wanted, hash_of(text))
            tx.audit.add(principal, "bucket-link.make", f"bucket link {link.id}", project=of.id, folder=way)
            return Made(link, text)

        return await self.facts.write(write)

    async def all(self, principal: Principal, project: str) -> list[BucketLink]:
        """The links of a project, the last one first."""

        def read(tx: Transaction) -> list[BucketLink]:
            of = find(tx, principal, project)
            principal.need(Role.MANAGER, of.id)
            return tx.bucket_links.of_project(of.id)

        return await self.facts.read(read)

    async def revoke(self, principal: Principal, project: str, link: BucketLinkId) -> None:
        """From now on it does nothing; a repeat changes nothing, and neither does it where the link was used."""

        def write(tx: Transaction) -> None:
            of = find(tx, principal, project)
            principal.need(Role.MANAGER, of.id)
            if tx.bucket_links.get(link).project != of.id:
                raise NotFound(f"There is no link {link}.", "List those of the project.")
            tx.bucket_links.revoke(link, self.now_ms())
            tx.audit.add(principal, "bucket-link.revoke", f"bucket link {link}", project=of.id)

        await self.facts.write(write)


def sound_way(folder: str) -> Key:
    """The way to a folder below a project's root, without ``/`` at its ends. Raises Invalid."""
    way = folder.strip("/")
    parts = way.split("/") if way else []
    if any(not part.strip() for part in parts) or any(len(key_bytes(Key(part))) > _LONGEST_NAME for part in parts):
        raise Invalid(
            f"{folder[:80]!r} is not the way to a folder. Nothing was made.",
            "Write names/with/slashes.",
            field="folder",
        )
    return Key(way)


def _sound(provider: str, note: str, lives: timedelta) -> None:
    if provider and provider not in PROVIDERS:
        raise Invalid(
            f"{provider[:40]!r} is no kind of storage that a link connects. Nothing was made.",
            "Name s3, azure or google, or leave it out.",
            field="provider",
        )
    if not SHORTEST <= lives <= LONGEST:
        raise Invalid(
            "A link lives for 5 minutes to 30 days. Nothing was made.", "Choose another time.", field="expires_in"
        )
    if len(note) > _LONGEST_NOTE:
        raise Invalid("The note is too long. Nothing was made.", f"Use {_LONGEST_NOTE} letters.", field="note")


def _need_free(tx: Transaction, project: Project, way: Key) -> None:
    folder = project.root
    for part in way.split("/") if way else ():
        below = tx.folders.child(folder, Key(part))
        if below is None:
            return
        folder = below.id
    if way:
        raise AlreadyExists(f"There is a folder {way!r} already. Nothing was made.", "Name a new one.")
