"""Generated pictures: coasts at all hours, hill behind hill, each from a number and the same every time."""

from __future__ import annotations

import math
import random
from array import array
from pathlib import Path
from typing import Final

import pyvips

WIDTH, HEIGHT, LAYERS = 1600, 1067, 5
Colour = tuple[float, float, float]
HOURS: Final[dict[str, tuple[Colour, Colour, Colour, Colour]]] = {
    "dawn": ((58, 74, 122), (247, 178, 150), (255, 236, 205), (38, 44, 74)),
    "morning": ((104, 156, 205), (226, 235, 226), (255, 252, 232), (26, 66, 74)),
    "noon": ((38, 112, 188), (186, 220, 236), (255, 255, 248), (18, 70, 62)),
    "afternoon": ((88, 132, 176), (246, 216, 160), (255, 244, 208), (66, 62, 44)),
    "dusk": ((48, 36, 88), (238, 112, 88), (255, 214, 150), (34, 20, 44)),
    "night": ((8, 14, 38), (52, 74, 116), (232, 236, 246), (6, 10, 22)),
}
"""The sky's colours above and at the horizon, the sun's or moon's, and that of the nearest hill."""


def landscapes(folder: Path, count: int) -> None:
    """Write ``count`` JPEG files of 1600 x 1067 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    hours = list(HOURS)
    for number in range(count):
        hour = hours[number % len(hours)]
        image = _landscape(random.Random(number), HOURS[hour])  # noqa: S311 - pictures, no secrets
        image.jpegsave(str(folder / f"{number + 1:02} {hour}.jpg"), Q=86)


def _landscape(chance: random.Random, colours: tuple[Colour, Colour, Colour, Colour]) -> pyvips.Image:
    above, horizon, light, near = colours
    place = pyvips.Image.xyz(WIDTH, HEIGHT)
    across, down = place[0], place[1]
    level = HEIGHT * chance.uniform(0.5, 0.62)
    image = _sky(above, horizon, level)
    sun_x, sun_y = WIDTH * chance.uniform(0.15, 0.85), level * chance.uniform(0.25, 0.8)
    radius = chance.uniform(34, 62)
    away = ((across - sun_x) ** 2 + (down - sun_y) ** 2) ** 0.5
    image = _laid(image, light, (away * (-1 / (radius * 7))).exp() * 165)
    image = _laid(image, light, (radius - away) * 150)
    for layer in range(LAYERS):
        share = layer / (LAYERS - 1)
        top = level + (HEIGHT - level) * share * 0.78 - 40
        ridge = _ridge(chance, top, 130 - 50 * share)
        image = _laid(image, _between(horizon, near, 0.3 + 0.7 * share), (down - ridge) * 180)
    return image.copy(interpretation="srgb")


def _sky(above: Colour, horizon: Colour, level: float) -> pyvips.Image:
    column = bytearray()
    for y in range(HEIGHT):
        column += bytes(round(part) for part in _between(above, horizon, min(1.0, y / level)))
    return pyvips.Image.new_from_memory(bytes(column), 1, HEIGHT, 3, "uchar").replicate(WIDTH, 1)


def _ridge(chance: random.Random, top: float, height: float) -> pyvips.Image:
    """The upper edge of a row of hills: for each column the line at which it begins."""
    waves = [
        (height * 0.62**octave, chance.uniform(0.7, 1.3) * 1.9**octave, chance.uniform(0, math.tau))
        for octave in range(8)
    ]
    line = array(
        "f",
        (
            top - sum(size * math.sin(often * math.tau * x / WIDTH + shift) for size, often, shift in waves) * 0.45
            for x in range(WIDTH)
        ),
    )
    return pyvips.Image.new_from_memory(line.tobytes(), WIDTH, 1, 1, "float").replicate(1, HEIGHT)


def _laid(image: pyvips.Image, colour: Colour, cover: pyvips.Image) -> pyvips.Image:
    """The colour laid over the image as thickly as ``cover`` says: 0 is not at all, 255 wholly, beyond is cut off."""
    return cover.cast("uchar").ifthenelse(list(colour), image, blend=True).cast("uchar")


def _between(one: Colour, other: Colour, share: float) -> Colour:
    r, g, b = (a + (z - a) * share for a, z in zip(one, other, strict=True))
    return r, g, b
