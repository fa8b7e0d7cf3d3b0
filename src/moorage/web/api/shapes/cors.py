"""CORS of a bucket."""

from __future__ import annotations

from moorage.web.api.shapes.parts import Shape


class RuleShape(Shape):
    """One rule; the id is S3's only."""

    id: str
    origins: list[str]
    methods: list[str]
    request_headers: list[str]
    exposed_headers: list[str]
    max_age_s: int


class LackShape(Shape):
    """What the bucket does not let pages of an origin do: a whole method, or headers with it."""

    origin: str
    method: str
    refused: bool
    request_headers: list[str]
    exposed_headers: list[str]


class PreflightShape(Shape):
    """Whether the server lets a browser's question pass."""

    origin: str
    method: str
    passes: bool


class CorsShape(Shape):
    """What a bucket has and what our pages need; ``rules`` and ``after`` are null where they cannot be read."""

    store: str
    origin: str
    enough: bool
    changes: bool
    applied: bool
    account_wide: bool
    needed: list[RuleShape]
    rules: list[RuleShape] | None
    after: list[RuleShape] | None
    unread: str
    lacks: list[LackShape]
    browser: list[PreflightShape]
    notes: list[str]


class TrialShape(Shape):
    """A signed URL of one object, and the headers that the store sends with it."""

    url: str
    sent: list[str]
