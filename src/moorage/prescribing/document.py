"""Documents: what one is, how JSON of it is written, and which kinds and forms there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | bool
VERSION: Final = "2012-10-17"
"""Of the policy language. Without it the rules of 2008 hold, in which ``${*}`` is no escape."""


class Kind(StrEnum):
    """What a document is for."""

    USER_POLICY = "user-policy"
    SETUP_POLICY = "setup-policy"
    ROLE_POLICY = "role-policy"
    TRUST_POLICY = "trust-policy"
    SESSION_POLICY = "session-policy"
    ROLES_ANYWHERE = "roles-anywhere"
    TRUST_ANCHOR = "trust-anchor"
    BUCKET_POLICY = "bucket-policy"
    CORS = "cors"
    LIFECYCLE = "lifecycle"
    QUEUE_POLICY = "queue-policy"
    TOPIC_POLICY = "topic-policy"
    NOTIFICATION = "notification"
    SAS = "sas"
    ROLE_ASSIGNMENT = "role-assignment"
    ROLE = "role"
    CUSTOM_ROLE = "custom-role"
    PUBLIC_ROLE = "public-role"


class Form(StrEnum):
    """How a document is written."""

    JSON = "json"
    XML = "xml"
    AWS = "aws"
    GCLOUD = "gcloud"
    AZ = "az"
    MC = "mc"
    TERRAFORM = "terraform"


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it is written in a form. ``where``: the place where a person puts it."""

    kind: Kind
    title: str
    body: Json
    where: str
    notes: tuple[str, ...] = ()
    public: bool = False
    """Whether it opens something to the world."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as text. ``where``: what to do with it; ``notes``: what to know first."""

    kind: Kind
    title: str
    form: Form
    where: str
    text: str
    notes: tuple[str, ...] = ()


def pretty(body: Json) -> str:
    """JSON to read, in ASCII, with a final line break."""
    return json.dumps(body, indent=2) + "\n"


def minified(body: Json) -> str:
    r"""JSON without a single blank; those inside texts are written ``\u0020``.

    STS takes letters up to U+00FF only, hence ASCII. Ceph takes the ``+`` that a form's blank becomes as it is, and
    then finds no JSON.
    """
    return json.dumps(body, separators=(",", ":")).replace(" ", "\\u0020")


def policy(*statements: Json) -> Json:
    """A policy of these statements."""
    return {"Version": VERSION, "Statement": list(statements)}
