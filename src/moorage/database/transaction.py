"""One transaction: all repositories over the same statements."""

from __future__ import annotations

from moorage.database.adoptions import Adoptions
from moorage.database.aliases import Aliases
from moorage.database.audit import Audit
from moorage.database.connections import Connections
from moorage.database.costs import Costs
from moorage.database.counters import Deltas
from moorage.database.folders import Folders
from moorage.database.idempotency import Idempotency
from moorage.database.instance import Instance
from moorage.database.inviting import BucketLinks
from moorage.database.items import Items
from moorage.database.jobs import Jobs
from moorage.database.links import Links
from moorage.database.loans import Loans
from moorage.database.loose import Loose
from moorage.database.mirrors import Mirrors
from moorage.database.people import People
from moorage.database.projects import Projects
from moorage.database.statements import Statements
from moorage.database.stores import Stores
from moorage.database.warming import WarmUps
from moorage.model import transaction as ports


class Repositories:
    """The ports of one transaction; implements ``moorage.model.transaction.Transaction``."""

    def __init__(self, statements: Statements) -> None:
        connection = statements.connection
        self.statements = statements
        self.instance: ports.Instance = Instance(statements)
        self._deltas = Deltas(statements)
        folders = Folders(statements, self._deltas)
        mirrors = Mirrors(statements, folders.unmount)
        self.folders: ports.Folders = folders
        self.mirrors: ports.Mirrors = mirrors
        connections = Connections(statements)
        self.connections: ports.Connections = connections
        self.stores: ports.Stores = Stores(statements, connections)
        self.projects: ports.Projects = Projects(statements, mirrors)
        self.items: ports.Items = Items(statements, self._deltas)
        self.adoptions: ports.Adoptions = Adoptions(statements, self._deltas)
        self.aliases: ports.Aliases = Aliases(statements)
        self.links: ports.Links = Links(statements, self._deltas)
        self.bucket_links: ports.BucketLinks = BucketLinks(statements)
        self.loans: ports.Loans = Loans(statements)
        self.loose: ports.Loose = Loose(statements)
        self.jobs: ports.Jobs = Jobs(statements)
        self.costs: ports.Costs = Costs(statements)
        self.warm_ups: ports.WarmUps = WarmUps(statements)
        self.people: ports.People = People(connection)
        self.audit: ports.Audit = Audit(connection)
        self.idempotency: ports.Idempotency = Idempotency(connection)

    def flush(self) -> None:
        """Write down what was gathered; called once, just before the commit."""
        self._deltas.flush()
