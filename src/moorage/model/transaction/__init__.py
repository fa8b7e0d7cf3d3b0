"""Ports to the facts: what flows read and write inside one transaction.

A flow passes a plain function to ``Facts.read`` or ``Facts.write``. It runs in a thread of its own, gets a
``Transaction`` and cannot await, so no network call can happen inside it. It may run more than once
(serialisation failures are repeated), so it must have no effect but on the transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from moorage.model.transaction.adopting import Adoptions, Aliases
from moorage.model.transaction.catalogue import Folders, Items, Projects
from moorage.model.transaction.costs import Costs, WarmUps
from moorage.model.transaction.inviting import BucketLinks
from moorage.model.transaction.jobs import Jobs
from moorage.model.transaction.links import Links
from moorage.model.transaction.loans import Loans
from moorage.model.transaction.loose import Loose, LooseId, LooseObject
from moorage.model.transaction.mirrors import Mirrors
from moorage.model.transaction.people import People, SignInLink
from moorage.model.transaction.records import Answered, Audit, AuditRow, Idempotency, Instance
from moorage.model.transaction.rows import ChangedRow, ItemQuery, NewRow, Row, UploadedRow
from moorage.model.transaction.stores import Connections, Stores

__all__ = [
    "Adoptions",
    "Aliases",
    "Answered",
    "Audit",
    "AuditRow",
    "BucketLinks",
    "ChangedRow",
    "Connections",
    "Costs",
    "Facts",
    "Folders",
    "Idempotency",
    "Instance",
    "ItemQuery",
    "Items",
    "Jobs",
    "Links",
    "Loans",
    "Loose",
    "LooseId",
    "LooseObject",
    "Mirrors",
    "NewRow",
    "People",
    "Projects",
    "Row",
    "SignInLink",
    "Stores",
    "Transaction",
    "UploadedRow",
    "WarmUps",
]

T = TypeVar("T")


class Transaction(Protocol):
    """All ports, inside one transaction."""

    connections: Connections
    stores: Stores
    projects: Projects
    folders: Folders
    items: Items
    adoptions: Adoptions
    aliases: Aliases
    links: Links
    bucket_links: BucketLinks
    loans: Loans
    loose: Loose
    mirrors: Mirrors
    jobs: Jobs
    costs: Costs
    warm_ups: WarmUps
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
