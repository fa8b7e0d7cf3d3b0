"""What requests about links to connect a bucket bring."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from moorage.inviting import Offer
from moorage.model.access import Principal, UserId
from moorage.model.keys import Bucket, Key, Prefix
from moorage.model.store import Connection, Provider
from moorage.web.api.bodies import Body, KeyedBody, endpoint_of
from moorage.web.api.credentials import AnonymousBody, CredentialsBody, credentials_of

DAY_S = 24 * 3600
NOBODY = Principal(UserId(0), "")
"""Who has a link and no account: may read no file of the server."""


class BucketLinkBody(KeyedBody):
    """A link to make."""

    folder: str = Field(
        default="",
        description="The way below the project's root to the folder that will show the bucket; empty: whoever connects "
        "it chooses.",
        examples=["partners/reef"],
    )
    provider: Literal["", "s3", "azure", "google"] = Field(default="", description="Empty: whoever connects chooses.")
    note: str = Field(default="", description="Shown above the form.", examples=["Read access to the 2021 cruise."])
    expires_in: int = Field(default=7 * DAY_S, description="Seconds: 5 minutes to 30 days.")


class OfferBody(Body):
    """A bucket that the holder of a link connects."""

    link: SecretStr = Field(description="The last part of the link's address.", examples=["SECRET"])
    provider: Provider = Field(examples=["s3"])
    endpoint: str = Field(default="", description="URL or host; empty: AWS, Google, or the account's own at Azure.")
    port: int | None = Field(default=None, ge=1, le=65535, description="For an endpoint that names none.")
    region: str = Field(default="", examples=["eu-west-1"])
    bucket: str = Field(description="At Azure the container.", examples=["reef-2021"])
    prefix: str = Field(default="", description="Empty, or a folder of the bucket.", examples=["cruise/"])
    path_style: bool | None = Field(default=None, description="Bucket in the path; null: for all endpoints but AWS.")
    ca: str = Field(default="", description="PEM text of the authorities to trust for this endpoint.")
    credentials: CredentialsBody = AnonymousBody()
    folder: str = Field(default="", description="Where the link names none: the folder that will show the bucket.")

    async def offer(self) -> Offer:
        """The bucket that this describes. Raises Invalid, and Forbidden for a file of the server."""
        connection = Connection(
            provider=self.provider,
            endpoint=endpoint_of(self.endpoint, self.port),
            region=self.region,
            path_style=self.path_style,
            ca=self.ca,
            credentials=await credentials_of(self.credentials, NOBODY),
        )
        return Offer(connection, Bucket(self.bucket), Prefix(self.prefix), Key(self.folder))
