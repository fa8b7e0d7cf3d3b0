"""Variants: what is made of an item's bytes, named by recipe and source version."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

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
    PROBE_VIDEO = "probe video"
    STRIP = "strip"
    FRAMES = "frames"
    INDEX = "frames by the index"
    """The same, where few bytes tell."""
    FILM = "film"
    SHEET = "sheet"
    MOSAIC = "mosaic"
    LOOK = "look"
    REGION = "region"
    PYRAMID = "pyramid"

    @property
    def of_video(self) -> bool:
        """Whether it opens videos."""
        return self in _OF_VIDEO


_OF_VIDEO: Final = frozenset(
    {Task.POSTER, Task.MEASURE_VIDEO, Task.PROBE_VIDEO, Task.STRIP, Task.FRAMES, Task.INDEX, Task.FILM}
)


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

    @classmethod
    def _missing_(cls, value: object) -> Fit | None:
        """``down``, the word of tools whose ``inside`` enlarges, says what inside does here."""
        return cls.INSIDE if value == "down" else None


class Format(StrEnum):
    """Formats of variants."""

    WEBP = "webp"
    AVIF = "avif"
    JPEG = "jpeg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        """Its media type."""
        return f"image/{self.value}"


SIZES: Final = (64, 128, 256, 384, 512, 768, 1024, 1600, 2048, 4096)
"""Widths and heights are snapped up to these, so that a client cannot flood the cache."""
MOST_PAGES: Final = 10_000
"""The highest number of a page that can be asked for."""
REVISION: Final = 2
"""Raised when the same recipe begins to make other bytes, so that old cache entries are left behind."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a preview shall be. ``width`` and ``height`` are pixels of the box, each one of ``SIZES``.

    ``page`` counts from 1. ``window``: the stored values that are shown black and white, with all between them in
    proportion; None where the image is to say.
    """

    width: int
    height: int
    fit: Fit = Fit.INSIDE
    format: Format = Format.WEBP
    page: int = 1
    window: tuple[float, float] | None = None

    @classmethod
    def asked(
        cls,
        width: int | None,
        height: int | None,
        fit: str = "inside",
        format_: str = "webp",
        *,
        page: int = 1,
        window: str = "",
    ) -> Recipe:
        """The recipe for what a request asks, snapped. Raises Invalid for what no recipe can be."""
        try:
            fits = Fit(fit)
        except ValueError as exc:
            raise Invalid(f"{fit[:20]!r} is no fit.", "Write inside, down or cover.", field="fit") from exc
        try:
            makes = Format("jpeg" if format_ == "jpg" else format_)
        except ValueError as exc:
            known = "Write auto, webp, avif, jpeg or png."
            raise Invalid(f"{format_[:20]!r} is no format of previews.", known, field="format") from exc
        if not 1 <= page <= MOST_PAGES:
            raise Invalid(f"There is no page {page}.", f"Pages count from 1 to {MOST_PAGES:,} at most.", field="page")
        across = None if width is None else snapped(width)
        down = None if height is None else snapped(height, "height")
        return cls(across or down or 512, down or across or 512, fits, makes, page, _window(window))

    @property
    def media_type(self) -> str:
        """Of the finished preview."""
        return self.format.media_type

    @property
    def extras(self) -> dict[str, str]:
        """What it asks beyond size, fit and format, as a query writes it."""
        page = {"page": str(self.page)} if self.page > 1 else {}
        return page | ({"window": "{!r},{!r}".format(*self.window)} if self.window else {})

    def name(self, version: str) -> str:
        """The cache name of this preview of the source ``version``."""
        return _digest(_begin(self) + version)

    def words(self) -> Words:
        """For the decoder process."""
        low, high = self.window or (None, None)
        plain: Words = {"width": self.width, "height": self.height, "fit": self.fit, "format": self.format}
        return {**plain, "page": self.page, "low": low, "high": high}

    @classmethod
    def of(cls, words: Words) -> Recipe:
        """The inverse of ``words``."""
        low, high = words.get("low"), words.get("high")
        return cls(
            int(words["width"] or 0),
            int(words["height"] or 0),
            Fit(str(words["fit"])),
            Format(str(words["format"])),
            int(words.get("page") or 1),
            None if low is None or high is None else (float(low), float(high)),
        )


class Rendered(NamedTuple):
    """A finished variant, and what was learnt of its source on the way."""

    data: bytes
    media_type: str
    source_width: int
    source_height: int
    duration_ms: int | None = None
    pages: int | None = None
    """Pages of a document, frames of an animation; None where there is but one picture."""


def wish_name(version: str, *parts: object) -> str:
    """A name for a wish that consists of ``parts``, on the source ``version``."""
    return _digest("\0".join([*map(str, parts), version]))


@lru_cache(1024)
def _begin(recipe: Recipe) -> str:
    """The part of a preview's name that is the same for all versions: there are many of them and few recipes."""
    extras = [f"{name}={value}" for name, value in recipe.extras.items()]
    parts = (REVISION, recipe.width, recipe.height, recipe.fit, recipe.format, *extras)
    return "".join(f"{part}\0" for part in parts)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def snapped(pixels: int, side: str = "width") -> int:
    """The least of ``SIZES`` that is as large, or the largest. Raises Invalid below 1, which names the ``side``."""
    if pixels < 1:
        raise Invalid(f"A {side} of {pixels} pixels shows nothing.", f"Ask for 1 to {SIZES[-1]:,}.", field=side)
    return next((size for size in SIZES if size >= pixels), SIZES[-1])


def _window(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise Invalid(
            f"{text[:40]!r} is no window.",
            "Write two of the values that the image stores, the lower one first: window=1000,3000.",
            field="window",
        )
    return low, high


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


Put = Callable[[int, bytes], Awaitable[None]]
"""Takes bytes that a decoder writes, with the place where they belong; a place may be written again."""


class Imager(Protocol):
    """Makes variants in decoder processes that have no credentials, no network and tight limits.

    Raises Undecodable with a reason that can be shown; Busy when the queue is full.
    """

    async def make(self, task: Task, source: Source, wish: Wish, put: Put | None = None) -> Rendered:
        """What the task makes of the source; reads under the byte budget of the task. ``put`` takes what is written."""

    async def measure(self, source: Source, *, video: bool) -> Measured:
        """What it tells of itself, by as few bytes as do; nothing is decoded but a video's first frame."""

    async def aclose(self) -> None: ...


class VariantCache(Protocol):
    """Finished variants on disk, bounded in size and age. It may forget anything at any time."""

    trouble: str
    """Why nothing was kept lately; empty where all was."""

    async def get(self, store: int, key: str, name: str) -> Rendered | None: ...

    def get_now(self, store: int, key: str, name: str) -> Rendered | None:
        """One that is known to be kept, and small enough to be read at once."""

    async def lend(self, store: int, key: str, name: str) -> int | None:
        """A descriptor of a file that begins with the variant's bytes, for the caller to close; None for a miss."""

    async def put(self, store: int, key: str, name: str, rendered: Rendered) -> None: ...
