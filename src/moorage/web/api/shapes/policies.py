"""Documents for providers, and what the checker of pasted policies finds."""

from __future__ import annotations

from moorage.web.api.shapes.parts import Shape


class DocumentShape(Shape):
    """A document as text, the place where it goes, and what to know first."""

    kind: str
    title: str
    form: str
    where: str
    text: str
    notes: list[str]


class Documents(Shape):
    """The documents of a store for some modes, the main one first."""

    modes: list[str]
    documents: list[DocumentShape]


class FindingShape(Shape):
    """What is wrong in a policy: ``statement`` counts from 1, 0 is the policy as a whole."""

    code: str
    weight: str
    line: int
    statement: int
    sid: str
    what: str
    why: str
    write: str


class Findings(Shape):
    """All that was found, by line; none: nothing is wrong."""

    findings: list[FindingShape]
