"""What requests about mirrors bring."""

from __future__ import annotations

from pydantic import Field

from moorage.mirroring import Wanted
from moorage.model.access import Principal
from moorage.model.errors import Invalid
from moorage.model.mirror import OnVanished
from moorage.showing import Wish
from moorage.web.api.bodies import Body, KeyedBody, endpoint_of
from moorage.web.api.credentials import AnonymousBody, CredentialsBody, credentials_of


class MirrorBody(KeyedBody):
    """A place to show: by its address, or as a prefix of a registered store. What is missing is made with it."""

    address: str = Field(
        default="",
        description="A directory of the server, s3://bucket/prefix, https://host:port/bucket/prefix, or STORE:prefix.",
        examples=["s3://reef-2021/frames/"],
    )
    store: str = Field(default="", description="In place of an address: a registered store.", examples=["reef"])
    prefix: str = Field(default="", description="With store: the key prefix in its bucket.", examples=["2021/"])
    endpoint: str = Field(
        default="",
        description="Of an s3:// address: URL or host; without a scheme https is meant; empty: AWS.",
        examples=["https://s3.example.org:9000"],
    )
    port: int | None = Field(default=None, ge=1, le=65535, description="For an endpoint that names none.")
    region: str = Field(default="", examples=["eu-west-1"])
    path_style: bool | None = Field(default=None, description="Bucket in the path; null: for all endpoints but AWS.")
    ca: str = Field(default="", description="PEM text of the authorities to trust for this endpoint.")
    credentials: CredentialsBody = AnonymousBody()
    store_name: str = Field(default="", description="What a new store is called; empty: after directory or bucket.")
    writable: bool = Field(default=False, description="A new store may be written to; else it is only read.")
    force: bool = Field(default=False, description="Make it though its check failed.")
    project: str = Field(default="", description="Id or name; empty: one is suggested.", examples=["Reef 2021"])
    create_project: bool = Field(
        default=False, description="With store: make the project when there is none of that name."
    )
    folder: str = Field(default="", description="Name of the mount below the project's root; empty: after the prefix.")
    include: list[str] = Field(default=[], description="Globs on the key below the prefix.", examples=[["**/*.jpg"]])
    exclude: list[str] = Field(default=[], description="Globs; they win over include.")
    on_vanished: OnVanished = OnVanished.HIDE

    async def wish(self, asker: Principal) -> Wish:
        """What this asks for. Raises Invalid."""
        if self.port is not None and not self.endpoint:
            raise Invalid(
                "A port belongs to an endpoint, and none was given. Nothing was made.",
                "Write it in the address: https://host:port/bucket/prefix.",
                field="port",
            )
        return Wish(
            address=self.key(self.address),
            store=self.store,
            endpoint=endpoint_of(self.endpoint, self.port),
            region=self.region,
            path_style=self.path_style,
            ca=self.ca,
            credentials=await credentials_of(self.credentials, asker),
            store_name=self.store_name,
            writable=self.writable,
            force=self.force,
            project=self.project,
            create_project=self.create_project,
            folder=self.key(self.folder),
            wanted=Wanted(self.key(self.prefix), tuple(self.include), tuple(self.exclude), self.on_vanished),
        )


class SuggestBody(KeyedBody):
    """A place about which is asked what showing it would use and make."""

    address: str = Field(examples=["s3://reef-2021/frames/"])
    endpoint: str = ""
    region: str = ""


class MirrorPatch(Body):
    """What to change of a mirror; it counts from the next re-index."""

    include: list[str] | None = None
    exclude: list[str] | None = None
    on_vanished: OnVanished | None = None
