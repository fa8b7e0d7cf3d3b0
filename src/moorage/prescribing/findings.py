"""What the checker finds: which weight it has, where it stands, why it matters, what to write."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """How much a finding matters."""

    DANGER = "danger"
    """Opens more than anybody can want."""
    FAULT = "fault"
    """Does not do what it seems to say, or what is needed."""
    ADVICE = "advice"
    """Works, and could be tighter or clearer."""


class Code(StrEnum):
    """What was found."""

    PUBLIC = "public-principal"
    ALL_ACTIONS = "all-actions"
    ALL_RESOURCES = "all-resources"
    OBJECT_ON_BUCKET = "object-action-on-bucket"
    BUCKET_ON_OBJECT = "bucket-action-on-object"
    LISTS_ALL = "lists-all-buckets"
    MISSING_ACTION = "missing-action"
    MORE_THAN_NEEDED = "more-than-needed"
    NO_VERSION = "no-version"
    NOT_PRINCIPAL = "not-principal"
    NOT_ACTION = "not-action"
    NOT_RESOURCE = "not-resource"
    NO_TLS = "no-tls-condition"
    OTHER_BUCKET = "other-bucket"
    NO_POLICY = "no-policy"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``statement`` counts from 1 (0: the whole policy); ``sid`` is its own name, where it has one."""

    code: Code
    weight: Weight
    line: int
    statement: int
    sid: str
    what: str
    why: str
    write: str
