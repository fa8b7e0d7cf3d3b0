"""What requests about stores bring."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import Field

from moorage.cataloguing.projects import find
from moorage.model.access import Principal
from moorage.model.access import Role as Rank
from moorage.model.catalogue import id_of
from moorage.model.errors import Conflict, Invalid, NotFound
from moorage.model.keys import Bucket, Prefix
from moorage.model.store import Connection, Provider, Scope, Serve, Store
from moorage.model.transaction import Facts, Transaction
from moorage.registering.owning import need_owner
from moorage.web.api.bodies import Body, ScopeBody, endpoint_of
from moorage.web.api.credentials import AnonymousBody, CredentialsBody, credentials_of

_ROLE: Final = "S3: ARN of the role that is assumed for loans; empty: the store's own credentials ask."


class StoreBody(Body):
    """A store to register or check."""

    name: str = Field(examples=["reef"])
    provider: Provider | None = Field(default=None, description="Needed without a connection.", examples=["s3"])
    connection: str = Field(
        default="", description="Id or name of a connection to share, in place of endpoint and credentials."
    )
    root: str = Field(default="", description="Disk: the absolute directory.", examples=["/data/datasets"])
    follow_symlinks: bool = Field(default=False, description="Disk: follow links that stay inside the root.")
    endpoint: str = Field(
        default="",
        description="URL or host; without a scheme https is meant; empty: AWS, Google, or the account's own at Azure.",
        examples=["https://s3.example.org:9000"],
    )
    port: int | None = Field(default=None, ge=1, le=65535, description="For an endpoint that names none.")
    region: str = Field(default="", examples=["eu-west-1"])
    bucket: str = Field(default="", description="At Azure the container.", examples=["reef-2021"])
    prefix: str = Field(default="", description="Empty, or a folder of the bucket.", examples=["cruise/"])
    path_style: bool | None = Field(default=None, description="Bucket in the path; null: for all endpoints but AWS.")
    ca: str = Field(default="", description="PEM text of the authorities to trust for this endpoint.")
    read_only: bool = Field(default=True, description="Never write to it.")
    serve: Serve = Serve.PROXY
    credentials: CredentialsBody = AnonymousBody()
    scope: ScopeBody = ScopeBody()
    project: str = Field(
        default="", description="In place of scope: the one project, by id or name, that may use it.", examples=[""]
    )
    loan_role_arn: str = Field(default="", description=_ROLE)
    force: bool = Field(default=False, description="Register it though its check failed.")

    async def store(self, asker: Principal, facts: Facts) -> Store:
        """The store that this describes. Raises Invalid, NotFound for its connection, Forbidden for a file's path."""
        connection = await (self._shared(asker, facts) if self.connection else self._own(asker))
        return Store(
            name=self.name,
            connection=connection,
            bucket=Bucket(self.bucket),
            prefix=Prefix(self.prefix),
            read_only=self.read_only,
            serve=self.serve,
            scope=await self._scope(asker, facts),
            loan_role_arn=self.loan_role_arn.strip(),
        )

    async def _scope(self, asker: Principal, facts: Facts) -> Scope:
        scope = self.scope.scope()
        if not self.project:
            return scope
        if scope != Scope():
            raise Invalid("Give project or scope, not both. Nothing was made.", "Leave one out.", field="project")
        return Scope(((await facts.read(lambda tx: find(tx, asker, self.project))).id,))

    async def _own(self, asker: Principal) -> Connection:
        if self.provider is None:
            raise Invalid(
                "The store names neither provider nor connection. Nothing was made.",
                "Give provider: disk, s3, azure or google.",
                field="provider",
            )
        return Connection(
            provider=self.provider,
            endpoint=endpoint_of(self.endpoint, self.port),
            region=self.region,
            path_style=self.path_style,
            ca=self.ca,
            root=self.root,
            follow_symlinks=self.follow_symlinks,
            credentials=await credentials_of(self.credentials, asker),
        )

    async def _shared(self, asker: Principal, facts: Facts) -> Connection:
        asker.need_everywhere(Rank.ADMIN)
        own = ("endpoint", "port", "region", "path_style", "ca", "root", "follow_symlinks", "credentials")
        given = [name for name in own if name in self.model_fields_set and getattr(self, name) not in ("", None, False)]
        if given:
            raise Invalid(
                f"The connection {self.connection} has its own {', '.join(given)}. Nothing was made.",
                "Leave that out, or leave out the connection.",
                field="connection",
            )
        found = await facts.read(lambda tx: connection_called(tx, self.connection))
        if self.provider not in (None, found.provider):
            raise Invalid(
                f"The connection {self.connection} is one to {found.provider}. Nothing was made.",
                "Leave the provider out.",
                field="provider",
            )
        return found


class StorePatch(Body):
    """What to change of a store; what is left out stays. It is checked again before it counts."""

    endpoint: str | None = None
    region: str | None = None
    path_style: bool | None = None
    ca: str | None = None
    read_only: bool | None = None
    serve: Serve | None = None
    follow_symlinks: bool | None = None
    credentials: CredentialsBody | None = None
    scope: ScopeBody | None = None
    loan_role_arn: str | None = Field(default=None, description=_ROLE)
    force: bool = False

    async def patched(self, before: Store, asker: Principal) -> Store:
        """The store with what this names replaced. Conflict where that is declared in a file."""
        need_owner(asker, before)
        return replace(
            before,
            connection=await self._connection(before, asker),
            read_only=before.read_only if self.read_only is None else self.read_only,
            serve=before.serve if self.serve is None else self.serve,
            scope=before.scope if self.scope is None else self.scope.scope(),
            loan_role_arn=before.loan_role_arn if self.loan_role_arn is None else self.loan_role_arn.strip(),
        )

    async def _connection(self, before: Store, asker: Principal) -> Connection:
        was = before.connection
        facts = {
            "endpoint": None if self.endpoint is None else endpoint_of(self.endpoint),
            "region": self.region,
            "path_style": self.path_style,
            "ca": self.ca,
            "follow_symlinks": self.follow_symlinks,
        }
        given = {name: value for name, value in facts.items() if value is not None}
        if was.origin and (given or self.credentials is not None):
            file = was.origin.partition(":")[0]
            raise Conflict(
                f"How the store {before.name} is reached is declared in {was.origin}. Nothing was changed.",
                f"Change it in {file}; what is written there counts within seconds.",
            )
        credentials = was.credentials if self.credentials is None else await credentials_of(self.credentials, asker)
        return replace(was, credentials=credentials, **given)  # type: ignore[arg-type]  # named as its fields


def connection_called(tx: Transaction, called: str) -> Connection:
    """The connection of that id or name. NotFound."""
    number = id_of(called)
    for one in tx.connections.all():
        if called == one.name or (number is not None and number == one.id):
            return one
    raise NotFound(
        f"There is no connection {called[:80]!r}. Nothing was made.",
        "Its id stands in the answers about stores that have it.",
    )
