"""What all shapes of answers share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An RFC 9457 problem document; further members are the error's own fields."""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["/problems/store-denied"])
    title: str
    status: int
    detail: str
    advice: str


class Counts(Shape):
    """Items and bytes, direct and in the whole subtree."""

    items: int
    bytes: int
    subtree_items: int
    subtree_bytes: int
    folders: int


class Encoded(Shape):
    r"""May hold bytes that are no UTF-8: then its keys are escaped as ``\xNN`` and marked so."""

    key_encoding: Literal["escaped"] | None = None
