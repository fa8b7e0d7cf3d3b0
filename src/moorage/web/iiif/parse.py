"""Requests for images: the last four parts of their addresses, in versions 2 and 3 of the Image API.

``parse`` says what a request asks for, without knowing the image; ``Asked.resolve`` what that is of one image.
Source: IIIF Image API 2.1.1 and 3.0, section 4.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from moorage.model.errors import Invalid, Unsupported
from moorage.model.region import Quality, Region, RegionFormat

MOST_PIXELS: Final = 25_000_000
"""Pixels of one answer (maxArea): all of a photograph of 24 megapixels."""
LONGEST: Final = 16_383
"""Width and height of one answer (maxWidth, maxHeight): those of the largest WebP."""
_NUMBER: Final = r"(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})"
_PIXELS: Final = re.compile(r"(\d{1,12}),(\d{1,12}),(\d{1,12}),(\d{1,12})", re.ASCII)
_PARTS: Final = re.compile(rf"pct:({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})", re.ASCII)
_SIZE: Final = re.compile(r"(!?)(\d{0,12}),(\d{0,12})", re.ASCII)
_PERCENT: Final = re.compile(rf"pct:({_NUMBER})", re.ASCII)
_ROTATION: Final = re.compile(rf"(!?)({_NUMBER})", re.ASCII)
_FULL_TURN: Final = 360
_ELSEWHERE: Final = ("jp2", "pdf")
"""Formats of the specification that are not made here."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large the answer shall be.

    ``fixed`` are width and height, each None where it follows from the other; ``percent`` a share of the part;
    neither: as large as may be. ``within``: no larger than ``fixed``, with the proportions of the part.
    """

    fixed: tuple[int | None, int | None] | None = None
    percent: Fraction | None = None
    within: bool = False
    enlarges: bool = False
    exact: bool = False
    """``full`` of version 2: the size of the part, and no other."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks of an image that is not known yet."""

    version: int
    part: str
    """As it was written; it was seen to be well formed."""
    size: Size
    mirrored: bool
    degrees: float
    quality: Quality
    format: RegionFormat

    def resolve(self, width: int, height: int) -> Region:
        """The wish for an image of that size. Raises Invalid for what cannot be of it, and for what is too large."""
        x, y, part_width, part_height = _part(self.part, width, height)
        size = _sized(self.size, part_width, part_height)
        return Region(x, y, part_width, part_height, *size, self.mirrored, self.degrees, self.quality, self.format)


def parse(version: int, region: str, size: str, rotation: str, last: str) -> Asked:
    """What the parts of an address ask for. Raises Invalid, and Unsupported for formats that are not made here."""
    quality, _, form = last.rpartition(".")
    mirrored, degrees = _rotation(rotation)
    if region not in ("full", "square") and not _PIXELS.fullmatch(region) and not _PARTS.fullmatch(region):
        raise _invalid("region", region, "Write full, square, x,y,w,h or pct:x,y,w,h.")
    wanted = (_size_2 if version == 2 else _size_3)(size)  # noqa: PLR2004 - the version
    return Asked(version, region, wanted, mirrored, degrees, _quality(quality), _format(form))


def canonical(version: int, region: Region, width: int, height: int) -> str:
    """The canonical form of the last four parts, for an image of that size.

    Source: IIIF Image API 2.1.1 and 3.0, section 4.7.
    """
    part = (region.part_width, region.part_height)
    place = "full" if part == (width, height) else f"{region.x},{region.y},{part[0]},{part[1]}"
    size = (_canonical_2 if version == 2 else _canonical_3)(region)  # noqa: PLR2004 - the version
    turned = f"{'!' if region.mirrored else ''}{_plain(region.degrees)}"
    quality = "default" if region.quality is Quality.COLOR else region.quality.value
    return f"{place}/{size}/{turned}/{quality}.{region.format.value}"


def largest(width: int, height: int) -> tuple[int, int]:
    """The size of the largest answer for a part of that size, which is never enlarged."""
    return _bounded(width, height, Fraction(1))


def _canonical_3(region: Region) -> str:
    size, part = (region.width, region.height), (region.part_width, region.part_height)
    if size == largest(*part):
        return "max"
    enlarged = "^" if size[0] > part[0] or size[1] > part[1] else ""
    return f"{enlarged}{size[0]},{size[1]}"


def _canonical_2(region: Region) -> str:
    size, part = (region.width, region.height), (region.part_width, region.part_height)
    if size == part:
        return "full"
    return f"{size[0]}," if size[1] == _rounded(Fraction(part[1] * size[0], part[0])) else f"{size[0]},{size[1]}"


def _part(text: str, width: int, height: int) -> tuple[int, int, int, int]:
    if text == "full":
        return 0, 0, width, height
    if text == "square":
        side = min(width, height)
        return (width - side) // 2, (height - side) // 2, side, side
    if text.startswith("pct:"):
        shares = [Fraction(number) / 100 for number in text[4:].split(",")]
        left, right = shares[0] * width, (shares[0] + shares[2]) * width
        top, bottom = shares[1] * height, (shares[1] + shares[3]) * height
        x, y = math.floor(left), math.floor(top)
        wide, high = (_rounded(right - left), _rounded(bottom - top)) if shares[2] and shares[3] else (0, 0)
    else:
        x, y, wide, high = (int(number) for number in text.split(","))
    if x >= width or y >= height or not wide or not high:
        raise _invalid("region", text, f"It has no pixel of the image, which is {width} x {height}.")
    return x, y, min(wide, width - x), min(high, height - y)


def _sized(size: Size, width: int, height: int) -> tuple[int, int]:
    if size.percent is not None:
        found = _rounded(width * size.percent), _rounded(height * size.percent)
        if not size.percent:
            raise _invalid("size", "pct:0", "Ask for one pixel at least.")
    elif size.fixed is None:
        share = _greatest(width, height) if size.enlarges else Fraction(1)
        found = (width, height) if size.exact else _bounded(width, height, share)
    elif size.within:
        box = [Fraction(LONGEST if one is None else one) for one in size.fixed]
        share = min(box[0] / width, box[1] / height)
        found = _bounded(width, height, share if size.enlarges else min(share, Fraction(1)))
    else:
        wide, high = size.fixed
        found = (
            _rounded(Fraction(width * (high or 0), height)) if wide is None else wide,
            _rounded(Fraction(height * (wide or 0), width)) if high is None else high,
        )
    _need_allowed(size, found, (width, height))
    return found


def _need_allowed(size: Size, found: tuple[int, int], part: tuple[int, int]) -> None:
    if not size.enlarges and (found[0] > part[0] or found[1] > part[1]):
        raise Invalid(
            f"{found[0]} x {found[1]} is larger than the part of the image, which is {part[0]} x {part[1]}.",
            "Put ^ before the size to have it enlarged.",
            field="size",
        )
    if max(found) > LONGEST or found[0] * found[1] > MOST_PIXELS:
        raise Invalid(
            f"{found[0]} x {found[1]} is larger than any answer here.",
            f"Ask for at most {LONGEST} pixels a side and {MOST_PIXELS:,} in all; max gives the largest.",
            field="size",
        )


def _bounded(width: int, height: int, share: Fraction) -> tuple[int, int]:
    """Width and height by a share, but no larger than an answer may be; the proportions are kept."""
    share = min(share, _greatest(width, height))
    return max(1, math.floor(width * share)), max(1, math.floor(height * share))


def _greatest(width: int, height: int) -> Fraction:
    """The share at which a part is as large as an answer may be."""
    area = Fraction(math.isqrt(MOST_PIXELS * 10**12 // (width * height)), 10**6)
    return min(Fraction(LONGEST, width), Fraction(LONGEST, height), area)


def _size_3(text: str) -> Size:
    enlarges, plain = text.startswith("^"), text.removeprefix("^")
    if plain == "max":
        return Size(enlarges=enlarges)
    return _written_size(text, plain, enlarges=enlarges)


def _size_2(text: str) -> Size:
    if text in ("full", "max"):
        return Size(exact=text == "full")
    return _written_size(text, text, enlarges=True)


def _written_size(text: str, plain: str, *, enlarges: bool) -> Size:
    if match := _PERCENT.fullmatch(plain):
        return Size(percent=Fraction(match[1]) / 100, enlarges=enlarges)
    match = _SIZE.fullmatch(plain)
    if match is None or not (match[2] or match[3]) or (match[1] and not (match[2] and match[3])):
        raise _invalid("size", text, "Write max, w,  ,h  w,h  !w,h or pct:n.")
    width, height = (int(number) if number else None for number in match.groups()[1:])
    if 0 in (width, height):
        raise _invalid("size", text, "Ask for one pixel at least.")
    return Size((width, height), within=bool(match[1]), enlarges=enlarges)


def _rotation(text: str) -> tuple[bool, float]:
    match = _ROTATION.fullmatch(text)
    if match is None or float(match[2]) > _FULL_TURN:
        raise _invalid("rotation", text, "Write degrees from 0 to 360, after a ! to mirror first.")
    return bool(match[1]), float(match[2]) % _FULL_TURN


def _quality(text: str) -> Quality:
    try:
        return Quality.COLOR if text == "default" else Quality(text)
    except ValueError:
        raise _invalid("quality", text, "Write default, color, gray or bitonal.") from None


def _format(text: str) -> RegionFormat:
    if text in _ELSEWHERE:
        raise Unsupported(
            f"Images are not made as {text} here.",
            f"Ask for one of {', '.join(RegionFormat)}.",
            field="format",
        )
    try:
        return RegionFormat(text)
    except ValueError:
        raise _invalid("format", text, f"Write one of {', '.join(RegionFormat)}.") from None


def _invalid(field: str, text: str, advice: str) -> Invalid:
    return Invalid(f"{text[:60]!r} is no {field} of this image.", advice, field=field)


def _rounded(number: Fraction) -> int:
    return max(1, math.floor(number + Fraction(1, 2)))


def _plain(degrees: float) -> str:
    return f"{degrees:.9f}".rstrip("0").rstrip(".")
