"""What requests bring: their bodies, checked before any flow sees them."""

from __future__ import annotations

from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from moorage.model.access import Role
from moorage.model.catalogue import id_of
from moorage.model.errors import Invalid
from moorage.model.keys import Key, needs_escape, unescape
from moorage.model.store import Scope

LONGEST_S: Final = 100 * 365 * 24 * 3600
"""A century: no token needs more, and calendars end."""


class Body(BaseModel):
    """A request body; unknown fields are refused, and so is text that no UTF-8 can write."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*")
    @classmethod
    def _whole(cls, value: Any, info: ValidationInfo) -> Any:
        for text in value if isinstance(value, list) else [value]:
            shown = text.get_secret_value() if isinstance(text, SecretStr) else text
            if isinstance(shown, str) and needs_escape(shown):
                raise Invalid(
                    f"{info.field_name} holds half a character, which no text can. Nothing was changed.",
                    "Send whole characters; names of other bytes go with key_encoding: escaped.",
                    field=info.field_name or "",
                )
        return value


class ScopeBody(Body):
    """Who may use the store; empty: everyone."""

    projects: list[str] = []
    users: list[str] = []

    def scope(self) -> Scope:
        """The scope that this describes. Raises Invalid."""
        return Scope(whole_ids(self.projects), whole_ids(self.users))


class ProjectBody(Body):
    """A project to make."""

    name: str = Field(examples=["Reef 2021"])
    default_store: str = Field(default="", description="Name of a store.")


class ProjectPatch(Body):
    """What to change of a project."""

    name: str | None = None
    default_store: str | None = Field(default=None, description="Name of a store; empty: none.")


class KeyedBody(Body):
    """A body with names of objects or folders."""

    key_encoding: Literal["escaped"] | None = Field(
        default=None, description=r"Names are escaped: bytes that are no UTF-8 as \xNN, a backslash doubled."
    )

    def key(self, text: str) -> Key:
        """The name that a text of this body stands for."""
        return unescape(text) if self.key_encoding else Key(text)


class FolderBody(KeyedBody):
    """A folder to make."""

    parent: str
    name: str


class FolderPatch(KeyedBody):
    """A folder's new name."""

    name: str


class NamesBody(KeyedBody):
    """Names to ask about."""

    names: list[str] = Field(max_length=1000, examples=[["frame_0001.jpg", "frame_0002.jpg"]])


class UrlBody(Body):
    """A signed URL to make."""

    variant: Literal["content", "preview", "poster", "iiif"] = Field(
        default="content", description="iiif: the info.json of an image, which admits a IIIF viewer to all of it."
    )
    expires_in: int = Field(default=3600, ge=1, description="Seconds.")
    disposition: Literal["", "inline", "attachment"] = ""
    width: int | None = None
    height: int | None = None
    fit: str = Field(default="inside", description="inside, down or cover.")
    format: str = Field(default="webp", description="webp, avif, jpeg or png.")
    page: int = Field(default=1, description="Of an image with several; counts from 1.")
    window: str = Field(default="", examples=["1000,3000"], description="Stored values shown black and white.")


class ManifestUrlBody(Body):
    """A signed URL of a folder's IIIF manifest to make."""

    expires_in: int = Field(default=3600, ge=1, description="Seconds.")


class UrlsBody(UrlBody, KeyedBody):
    """Signed URLs to make for many items."""

    path: str = Field(default="", description="A folder or item below the project's root; empty: all of it.")
    kind: Literal["", "image", "video", "file"] = ""
    prefix: str = Field(default="", description="What the names of the items begin with.")
    min_size: int | None = Field(default=None, description="Bytes, inclusive.")
    max_size: int | None = Field(default=None, description="Bytes, inclusive.")


class ConfirmBody(Body):
    """An answer to a job's question: the choice, and the figures that it accepts."""

    choice: str = Field(examples=["accept"])
    figures: dict[str, int] = Field(examples=[{"vanished": 12400, "live": 50000}])


class SignInBody(Body):
    """E-mail and password."""

    email: str
    password: SecretStr


def endpoint_of(text: str, port: int | None = None) -> str:
    """The endpoint with its scheme and port. Without a scheme it is https: a guess of http would send keys in clear.

    Raises Invalid when the text and ``port`` name two different ports.
    """
    given = text.strip().rstrip("/")
    if not given:
        return ""
    whole = given if "://" in given else f"https://{given}"
    try:
        named = urlsplit(whole).port
    except ValueError as exc:
        # It is not shown: a password may stand in it.
        raise Invalid("That is no endpoint.", "Write https://host or https://host:port.", field="endpoint") from exc
    if port is None or named == port:
        return whole
    if named is not None:
        raise Invalid(f"The endpoint names port {named}, the field port {port}.", "Give one of them.", field="port")
    return f"{whole}:{port}"


RoleWord = Literal["viewer", "editor", "manager", "admin"]


class UserBody(Body):
    """A user to add; the answer holds a one-time link to send."""

    email: str
    role: RoleWord | None = None
    project: str | None = None


class UserPatch(Body):
    """What to change of a user."""

    role: RoleWord | None = Field(default=None, description="The role on everything; null withdraws it.")
    disabled: bool | None = Field(default=None, description="Shut the user out, ending all sessions.")


class GrantBody(Body):
    """A role on a project, or on everything."""

    user: str
    role: RoleWord
    project: str | None = None


class UngrantBody(Body):
    """A role to withdraw."""

    user: str
    project: str | None = None


class TokenBody(Body):
    """A token to make for oneself."""

    name: str
    role: RoleWord | None = None
    project: str | None = None
    expires_in: int | None = Field(default=None, ge=60, le=LONGEST_S, description="Seconds; null: never.")


def role_of(word: str) -> Role:
    """The role of that word."""
    return Role[word.upper()]


def whole_id(text: str, field: str = "id") -> int:
    """An id from its decimal text. Raises Invalid for anything else."""
    found = id_of(text)
    if found is not None:
        return found
    raise Invalid(f"{text[:40]!r} is not an id.", "Ids are decimal numbers as other answers give them.", field=field)


def whole_ids(texts: list[str]) -> tuple[int, ...]:
    """Several ids."""
    return tuple(whole_id(text) for text in texts)
