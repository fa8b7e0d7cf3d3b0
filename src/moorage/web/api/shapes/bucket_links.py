"""Links to connect a bucket."""

from __future__ import annotations

from typing import Literal

from moorage.web.api.shapes.parts import Encoded, Shape
from moorage.web.api.shapes.stores import Report


class BucketLinkShape(Encoded):
    """A link; its secret is not kept."""

    id: str
    project: str
    folder: str
    provider: str
    note: str
    state: Literal["open", "used", "revoked", "expired", "worn"]
    tries: int
    made_by: str
    created: str | None
    expires: str | None
    used: str | None
    revoked: str | None
    store: str


class MadeBucketLink(BucketLinkShape):
    """A new link, with the address to send on; it is shown now and never again."""

    url: str


class BucketLinkList(Shape):
    """The links of a project, the last one first."""

    links: list[BucketLinkShape]
    next: None


class ConnectedShape(Shape):
    """What was made of an offer."""

    store: str
    project: str
    check: Report
    note: str
