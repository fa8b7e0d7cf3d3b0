"""Which parts of an image are kept: those that its own documents name, whatever viewer reads them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from moorage.model.region import Looks, Quality, Region, RegionFormat
from moorage.web.iiif.foreseen import is_foreseen
from moorage.web.iiif.info import factors, info

PHOTOGRAPH = Looks(5999, 4001)
SCAN = Looks(25_001, 16_003, (256, 256), ((25_001, 16_003), (12_500, 8001), (6250, 4000)))
IMAGES = pytest.mark.parametrize("looks", [PHOTOGRAPH, SCAN, Looks(300, 2000), Looks(9, 9)])


def whole(looks: Looks, width: int, height: int) -> Region:
    return Region(0, 0, looks.width, looks.height, width, height)


@IMAGES
@pytest.mark.parametrize("rounded", [math.ceil, math.floor])
def test_every_tile_is_kept_however_a_viewer_rounds(looks: Looks, rounded: type[int]) -> None:
    side = info(3, "", looks)["tiles"][0]["width"]
    for factor in factors(looks):
        step = side * factor
        for x in {0, (looks.width - 1) // step * step}:
            for y in {0, (looks.height - 1) // step * step}:
                part = min(step, looks.width - x), min(step, looks.height - y)
                width, height = (max(1, rounded(one / factor)) for one in part)
                assert is_foreseen(looks, Region(x, y, *part, width, height)), (factor, x, y)


@IMAGES
def test_all_sizes_that_info_json_tells_are_kept(looks: Looks) -> None:
    for size in info(3, "", looks)["sizes"]:
        assert is_foreseen(looks, whole(looks, size["width"], size["height"]))


def test_sizes_of_previews_are_kept_and_so_is_the_largest_answer() -> None:
    assert is_foreseen(PHOTOGRAPH, whole(PHOTOGRAPH, 256, 171))
    assert is_foreseen(PHOTOGRAPH, whole(PHOTOGRAPH, 384, 256))
    assert is_foreseen(PHOTOGRAPH, whole(PHOTOGRAPH, 5999, 4001))
    assert is_foreseen(SCAN, whole(SCAN, 6249, 4000))
    assert not is_foreseen(PHOTOGRAPH, whole(PHOTOGRAPH, 257, 171))
    assert not is_foreseen(PHOTOGRAPH, whole(PHOTOGRAPH, 256, 256))


TILE = Region(512, 1024, 512, 512, 512, 512)


def test_a_tile_is_kept_in_any_format() -> None:
    assert all(is_foreseen(PHOTOGRAPH, replace(TILE, format=form)) for form in RegionFormat)


@pytest.mark.parametrize(
    "other",
    [
        replace(TILE, x=513),
        replace(TILE, y=1),
        replace(TILE, part_width=511),
        replace(TILE, width=510),
        replace(TILE, width=256, height=256),
        replace(TILE, mirrored=True),
        replace(TILE, degrees=90.0),
        replace(TILE, quality=Quality.GRAY),
    ],
)
def test_what_no_document_names_is_not_kept(other: Region) -> None:
    assert is_foreseen(PHOTOGRAPH, TILE)
    assert not is_foreseen(PHOTOGRAPH, other)
