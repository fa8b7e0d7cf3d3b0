"""Adopted objects and aliases."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from moorage.web.api.shapes.parts import Encoded, Shape


class FaultShape(Shape):
    """Why an object was not adopted."""

    code: Literal[
        "adoptable_file_not_found",
        "store_not_found",
        "access_denied",
        "address_invalid",
        "address_ambiguous",
        "store_unreachable",
        "name_taken",
    ]
    message: str


class AdoptedShape(Encoded):
    """What became of each address; ``key_encoding``: the addresses are escaped."""

    ok: bool = Field(description="Nothing failed.")
    created: dict[str, str] = Field(examples=[{"s3://reef-2021/2021/frame_0001.jpg": "40960"}])
    existing: dict[str, str]
    errors: dict[str, FaultShape]


class AliasSetShape(Shape):
    """One time that an alias was set."""

    item: str
    set_by: str = Field(description="E-mail.")
    set_at: str


class AliasShape(AliasSetShape):
    """A name, what it stands for, and what it stood for; the last first."""

    name: str
    history: list[AliasSetShape]


class NamedAliasShape(AliasSetShape):
    """A name and what it stands for."""

    name: str


class AliasList(Shape):
    """Names in byte order."""

    aliases: list[NamedAliasShape]
    next: str | None
