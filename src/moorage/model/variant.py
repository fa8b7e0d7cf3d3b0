"""Variants: what is made of an item's bytes, named by recipe and source version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final, Protocol

from moorage.model.catalogue import Measured
from moorage.model.errors import Invalid

Words = Mapping[str, str | int | float | bool | None]
"""What a decoder process is told of a wish: names and plain values."""


class Task(StrEnum):
    """What a decoder process does with an object."""

    PREVIEW = "preview"
    POSTER = "poster"
    MEASURE_IMAGE = "measure image"
    MEASURE_VIDEO = "measure video"


class Wish(Protocol):
    """What shall be made of an object."""

    @property
    def media_type(self) -> str:
        """Of what comes out of it."""

    def name(self, version: str) -> str:
        """The cache name of what is made so of the source ``version``."""

    def words(self) -> Words:
        """For the decoder process; the task's module there reads them back."""


class Fit(StrEnum):
    """How an image is brought into the box; it is never enlarged."""

    INSIDE = "inside"
    """All of it is visible; one side may be shorter than asked."""
    COVER = "cover"
    """The box is filled; what sticks out is cut off around the centre."""


class Format(StrEnum):
    """Formats of variants."""

    WEBP = "webp"
    JPEG = "jpeg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        """Its media type."""
        return f"image/{self.value}"


SIZES: Final = (64, 128, 256, 384, 512, 768, 1024, 1600, 2048, 4096)
"""Widths and heights are snapped up to these, so that a client cannot flood the cache."""
REVISION: Final = 1
"""Raised when the same recipe begins to make other bytes, so that old cache entries are left behind."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a preview shall be. ``width`` and ``height`` are pixels of the box, each one of ``SIZES``."""

    width: int
    height: int
    fit: Fit = Fit.INSIDE
    format: Format = Format.WEBP

    @classmethod
    def asked(cls, width: int | None, height: int | None, fit: str = "inside", format_: str = "webp") -> Recipe:
        """The recipe for what a request asks, snapped. Raises Invalid for what no recipe can be."""
        try:
            fits, makes = Fit(fit), Format("jpeg" if format_ == "jpg" else format_)
        except ValueError as exc:
            raise Invalid(str(exc), "fit is inside or cover; format is webp, jpeg or png.", field="fit") from exc
        return cls(_snapped(width or height or 512), _snapped(height or width or 512), fits, makes)

    @property
    def media_type(self) -> str:
        """Of the finished preview."""
        return self.format.media_type

    def name(self, version: str) -> str:
        """The cache name of this preview of the source ``version``."""
        return wish_name(version, REVISION, self.width, self.height, self.fit, self.format)

    def words(self) -> Words:
        """For the decoder process."""
        return asdict(self)

    @classmethod
    def of(cls, words: Words) -> Recipe:
        """The inverse of ``words``."""
        return cls(
            int(words["width"] or 0), int(words["height"] or 0), Fit(str(words["fit"])), Format(str(words["format"]))
        )


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished variant, and what was learnt of its source on the way."""

    data: bytes
    media_type: str
    source_width: int
    source_height: int
    duration_ms: int | None = None


def wish_name(version: str, *parts: object) -> str:
    """A name for a wish that consists of ``parts``, on the source ``version``."""
    text = "\0".join([*map(str, parts), version])
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _snapped(pixels: int) -> int:
    if pixels < 1:
        raise Invalid(f"{pixels} pixels are too few.", f"Ask for 1 to {SIZES[-1]}.", field="width")
    return next((size for size in SIZES if size >= pixels), SIZES[-1])


class Source(Protocol):
    """Bytes of one object for a decoder: by a file where there is one, by ranges otherwise."""

    @property
    def size(self) -> int:
        """Length of the object in bytes."""

    @property
    def media_type(self) -> str:
        """What its name or its store say that it is."""

    @property
    def descriptor(self) -> int | None:
        """An open, read-only file descriptor of exactly these bytes, or None."""

    async def read(self, start: int, length: int) -> bytes:
        """The bytes [start, start + length), fewer only at the object's end."""


class Imager(Protocol):
    """Makes variants in decoder processes that have no credentials, no network and tight limits.

    Raises Undecodable with a reason that can be shown; Busy when the queue is full.
    """

    async def make(self, task: Task, source: Source, wish: Wish) -> Rendered:
        """What the task makes of the source; reads under the byte budget of the task."""

    async def measure(self, source: Source, *, video: bool) -> Measured:
        """What it tells of itself, by as few bytes as do; nothing is decoded but a video's first frame."""

    async def aclose(self) -> None: ...


class VariantCache(Protocol):
    """Finished variants on disk, bounded in size and age. It may forget anything at any time."""

    async def get(self, store: int, key: str, name: str) -> Rendered | None: ...

    async def put(self, store: int, key: str, name: str, rendered: Rendered) -> None: ...
