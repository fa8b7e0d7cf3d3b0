"""What requests about loans bring."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from moorage.lending import MOST_PARTS, Claimed, Wish
from moorage.model.errors import Invalid
from moorage.model.keys import ETag, Key
from moorage.model.lending import Action, Method
from moorage.web.api.bodies import Body, KeyedBody

SMALLEST_PART: Final = 5 << 20
LARGEST_PART: Final = 5 << 30
DEFAULT_PART: Final = 64 << 20


class LoanBody(KeyedBody):
    """A loan to ask for."""

    action: Literal["read", "write"]
    prefix: str = Field(
        default="",
        description="A folder, with its final slash, or one key, from the beginning of the bucket on; empty: the "
        "store's own prefix.",
        examples=["incoming/ada/"],
    )
    expires_in: int = Field(default=3600, ge=1, description="Seconds. Providers have limits of their own.")
    keys: list[str] = Field(
        default=[], max_length=1000, description="Objects below the prefix for which URLs are wanted.", examples=[[]]
    )
    parts: int = Field(
        default=0, ge=0, le=10_000, description="To write large objects in so many parts each; 0: in one request."
    )
    part_size: int = Field(
        default=DEFAULT_PART,
        ge=SMALLEST_PART,
        le=LARGEST_PART,
        description="Bytes of a part; only told again in the answer.",
    )
    method: Literal["auto", "sts", "presigned", "sas", "session", "token"] = "auto"
    list_uploads: bool = Field(
        default=False, description="S3 session keys: show the uploads in parts of the whole bucket, all names too."
    )

    def wish(self) -> Wish:
        """The loan that this asks for."""
        return Wish(
            action=Action(self.action),
            prefix=self.key(self.prefix),
            life_s=self.expires_in,
            keys=tuple(self.key(key) for key in self.keys),
            parts=self.parts,
            method=None if self.method == "auto" else Method(self.method),
            list_uploads=self.list_uploads,
        )


class MorePartsBody(KeyedBody):
    """More parts of an upload of a loan."""

    name: str = Field(alias="key", examples=["incoming/ada/dive.mp4"])
    first: int = Field(ge=1, le=10_000, description="Number of the first part.")
    count: int = Field(default=1000, ge=1, le=1000)

    def numbers(self) -> range:
        """The numbers of the parts that are meant."""
        return range(self.first, min(self.first + self.count, MOST_PARTS + 1))


class PartBody(Body):
    """A part that was sent."""

    number: int = Field(ge=1, le=10_000)
    etag: str = Field(min_length=1, max_length=200, description="As the answer to its PUT had it.")


class PartsBody(Body):
    """All parts of one object."""

    key: str
    parts: list[PartBody] = Field(min_length=1, max_length=10_000)


class CompleteBody(KeyedBody):
    """Objects to be made of their parts."""

    objects: list[PartsBody] = Field(min_length=1, max_length=1000)

    def parts(self) -> dict[Key, list[tuple[int, ETag]]]:
        """The parts of each object in ascending order. Raises Invalid for what comes twice."""
        told = {self.key(one.key): sorted((part.number, ETag(part.etag)) for part in one.parts) for one in self.objects}
        twice = len(told) < len(self.objects) or any(
            len({number for number, _ in parts}) < len(parts) for parts in told.values()
        )
        if twice:
            raise Invalid("An object or a part comes twice. Nothing was made.", "Name each once.", field="objects")
        return told


class WrittenBody(Body):
    """An object that was written with a loan."""

    key: str
    size: int = Field(ge=0)
    etag: str = ""


class FinishedBody(KeyedBody):
    """What was written with a loan."""

    objects: list[WrittenBody] = Field(min_length=1, max_length=1000)
    project: str | None = Field(default=None, description="Show what is there as items of this project.")
    folder: str | None = Field(default=None, description="In this folder of it; null: at its top.")

    def claims(self) -> list[Claimed]:
        """The objects as the borrower tells of them."""
        return [Claimed(self.key(one.key), one.size, ETag(one.etag)) for one in self.objects]
