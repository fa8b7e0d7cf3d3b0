"""The last parts of IIIF addresses, as tables: what they ask for, and what is none."""

from __future__ import annotations

import pytest

from moorage.model.errors import Invalid, Unsupported
from moorage.model.region import Looks, Quality, Region, RegionFormat
from moorage.web.iiif.info import info, tile_of
from moorage.web.iiif.parse import LONGEST, MOST_PIXELS, canonical, parse

WIDE, HIGH = 600, 400
HUGE = "9" * 40


def region(version: int, part: str = "full", size: str = "", rotation: str = "0", last: str = "default.jpg") -> Region:
    return parse(version, part, size or ("full" if version == 2 else "max"), rotation, last).resolve(WIDE, HIGH)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("full", (0, 0, 600, 400)),
        ("square", (100, 0, 400, 400)),
        ("10,20,30,40", (10, 20, 30, 40)),
        ("590,390,100,100", (590, 390, 10, 10)),
        ("0,0,999999999999,999999999999", (0, 0, 600, 400)),
        ("pct:0,0,100,100", (0, 0, 600, 400)),
        ("pct:25,50,50,25", (150, 200, 300, 100)),
        ("pct:99.9,99.9,50,50", (599, 399, 1, 1)),
        ("pct:.5,.5,0.1,0.1", (3, 2, 1, 1)),
        ("pct:50,50,200,200", (300, 200, 300, 200)),
    ],
)
def test_parts_of_an_image(version: int, text: str, part: tuple[int, int, int, int]) -> None:
    found = region(version, text)
    assert (found.x, found.y, found.part_width, found.part_height) == part


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    "text",
    [
        "", "all", "FULL", "1,2,3", "1,2,3,4,5", "-1,0,10,10", "0,0,-5,5", "0,0,0,10", "0,0,10,0", "600,0,1,1",
        "0,400,1,1", "1.5,0,10,10", "pct:0,0,0,50", "pct:-1,0,50,50", "pct:100,0,5,5", "pct:nan,0,5,5", "pct:1e3,0,5,5",
        "nan,0,5,5", "inf,0,5,5", "0,0,10,10 ", "\u0663,0,10,10", f"{HUGE},0,1,1", f"pct:{HUGE},0,1,1", "square,",
    ],
)  # fmt: skip
def test_what_is_no_part_is_refused(version: int, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        region(version, text)
    assert refused.value.field == "region"


@pytest.mark.parametrize(
    ("version", "text", "size"),
    [
        (3, "max", (600, 400)),
        (3, "300,", (300, 200)),
        (3, ",100", (150, 100)),
        (3, "pct:50", (300, 200)),
        (3, "pct:0.01", (1, 1)),
        (3, "100,50", (100, 50)),
        (3, "!300,300", (300, 200)),
        (3, "!900,900", (600, 400)),
        (3, "^1200,", (1200, 800)),
        (3, "^,800", (1200, 800)),
        (3, "^pct:150", (900, 600)),
        (3, "^700,10", (700, 10)),
        (3, "^!900,900", (900, 600)),
        (3, "^!900,100", (150, 100)),
        (3, "^max", (6123, 4082)),
        (3, "1,", (1, 1)),
        (2, "full", (600, 400)),
        (2, "max", (600, 400)),
        (2, "1200,", (1200, 800)),
        (2, "pct:200", (1200, 800)),
        (2, "!900,900", (900, 600)),
        (2, "200,300", (200, 300)),
    ],
)
def test_sizes(version: int, text: str, size: tuple[int, int]) -> None:
    found = region(version, size=text)
    assert (found.width, found.height) == size


@pytest.mark.parametrize(
    ("version", "text"),
    [
        *((3, text) for text in ("full", "601,", ",401", "601,400", "pct:101", "^", "^^max", "!601", "!,5", "!5,")),
        *((3, text) for text in ("^1000000000,", "^,1000000000", "^1000000000,1000000000", f"^{HUGE},", "^16384,")),
        *((3, text) for text in ("^pct:999999999", "^6000,6000", f"pct:{HUGE}", "maximum", "10;20", "\uff1100,")),
        *((2, text) for text in ("^max", "1000000000,", "pct:999999999", "16384,1", "5001,5001", "best")),
        *((v, text) for v in (2, 3) for text in (",", "0,", ",0", "0,0", "-5,", "1.5,", "nan,", "pct:0", "pct:-5")),
        *((v, text) for v in (2, 3) for text in ("pct:nan", "pct:", "10,20,30", "!0,5", "inf,", " 10,", "10,20 ")),
    ],
)  # fmt: skip
def test_what_is_no_size_or_too_large_a_one_is_refused(version: int, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        region(version, size=text)
    assert refused.value.field == "size"


@pytest.mark.parametrize(
    ("text", "mirrored", "degrees"),
    [
        ("0", False, 0),
        ("90", False, 90),
        ("!0", True, 0),
        ("!180", True, 180),
        ("22.5", False, 22.5),
        ("360", False, 0),
    ],
)
def test_rotations(text: str, mirrored: bool, degrees: float) -> None:
    found = region(3, rotation=text)
    assert (found.mirrored, found.degrees) == (mirrored, degrees)


@pytest.mark.parametrize("text", ["", "!", "-90", "361", "nan", "inf", "1e2", "!!90", "90!", "\uff190", HUGE, "."])
def test_what_is_no_rotation_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        region(3, rotation=text)
    assert refused.value.field == "rotation"


def test_qualities_and_formats() -> None:
    assert region(3, last="gray.png").quality is Quality.GRAY
    assert region(3, last="default.webp") == region(3, last="color.webp")
    assert region(3, last="bitonal.tif").media_type == "image/tiff"
    for last in ("grey.jpg", "native.jpg", "default.JPG", "default.jpeg", "default.", "default", ".jpg", "a.b.jpg"):
        with pytest.raises(Invalid):
            region(2, last=last)
    for last in ("default.pdf", "default.jp2"):
        with pytest.raises(Unsupported):
            region(3, last=last)


@pytest.mark.parametrize(
    ("version", "asked", "answer"),
    [
        (3, "full/max/0/default.jpg", "full/max/0/default.jpg"),
        (3, "pct:0,0,100,100/600,/360/color.jpg", "full/max/0/default.jpg"),
        (3, "square/200,/!90.0/gray.png", "100,0,400,400/200,200/!90/gray.png"),
        (3, "0,0,999,999/300,/022.50/bitonal.webp", "full/300,200/22.5/bitonal.webp"),
        (3, "full/^1200,/0/default.jpg", "full/^1200,800/0/default.jpg"),
        (2, "full/600,/0/default.jpg", "full/full/0/default.jpg"),
        (2, "full/300,200/0/color.jpg", "full/300,/0/default.jpg"),
        (2, "full/300,300/0/color.jpg", "full/300,300/0/default.jpg"),
        (2, "10,20,30,40/max/0/default.tif", "10,20,30,40/full/0/default.tif"),
    ],
)
def test_canonical_forms_which_ask_for_the_same(version: int, asked: str, answer: str) -> None:
    wish = region(version, *asked.split("/"))
    assert canonical(version, wish, WIDE, HIGH) == answer
    assert region(version, *answer.split("/")) == wish


@pytest.mark.parametrize("sides", [(1, 1), (30_000, 20), (20, 40_000), (60_000, 60_000), (6016, 4016)])
def test_no_answer_is_larger_than_the_bounds_that_are_told(sides: tuple[int, int]) -> None:
    for version, size in ((3, "max"), (3, "^max"), (3, "!99999,99999"), (3, "^!99999,99999"), (2, "max")):
        found = parse(version, "full", size, "0", "default.jpg").resolve(*sides)
        assert 0 < max(found.width, found.height) <= LONGEST
        assert found.width * found.height <= MOST_PIXELS


def test_info_tells_tiles_that_end_with_one_for_all_of_it() -> None:
    told = info(3, "https://media.example.org/iiif/3/5", Looks(6000, 4000))
    assert told["tiles"] == [{"width": 512, "scaleFactors": [1, 2, 4, 8, 16]}]
    assert [one["width"] for one in told["sizes"]] == [375, 750, 1500, 3000, 6000]
    assert {one.value for one in RegionFormat} == {"jpg", "png", *told["extraFormats"]}


@pytest.mark.parametrize(
    ("stored", "told"),
    [((256, 256), (512, 512)), ((240, 160), (480, 480)), ((1024, 512), (1024, 512)), ((64, 8), (512, 512))],
)
def test_tiles_that_are_told_are_whole_ones_that_are_stored(stored: tuple[int, int], told: tuple[int, int]) -> None:
    assert tile_of(Looks(9000, 9000, stored)) == told


def test_info_of_a_pyramid_tells_its_own_tiles_and_levels_but_none_too_large_to_send() -> None:
    looks = Looks(20_000, 10_000, (256, 256), ((20_000, 10_000), (10_000, 5000), (5000, 2500), (2500, 1250)))
    for version in (2, 3):
        told = info(version, "https://media.example.org/iiif/5", looks)
        assert told["tiles"][0] == {"width": 512, "scaleFactors": [1, 2, 4, 8, 16, 32, 64]}
        assert [one["width"] for one in told["sizes"]] == [2500, 5000]
