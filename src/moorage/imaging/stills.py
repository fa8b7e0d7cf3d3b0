"""An image as a variant, by libvips: shrunk while it loads, upright, in sRGB, without metadata.

Runs in a decoder process only.
"""

from __future__ import annotations

from typing import Any, Final

import pyvips

from moorage.imaging import headers, heif, reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.limits import Limits
from moorage.imaging.reasons import Unreadable, Withheld
from moorage.model.variant import Fit, Format, Recipe, Rendered, Words

_LOADERS: Final = ("Jpeg", "Png", "Nsgif", "Webp", "Tiff", "Heif")
# thumbnail_source ignores its own fail_on (https://github.com/libvips/libvips/issues/5195); the loader's option works.
_FAIL_ON: Final = "fail-on=error"
_TIFF: Final = (b"II", b"MM")
_AT_ONCE: Final = 64 * 1024 * 1024
"""Bytes of an image that is fetched before it is opened; a TIFF is not, since of a pyramid a little is enough."""
_WHOLE: Final = ("gifload", "webpload", "heifload")
_WHITE: Final = (255, 255, 255)
_QUALITY: Final = 80
_SIDEWAYS: Final = range(5, 9)
_COLOURS: Final = 3
_MOST_BANDS: Final = 4


def prepare() -> None:
    """Leaves libvips only the six loaders that Moorage shows, one thread, and no memory of earlier images."""
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    pyvips.concurrency_set(1)
    pyvips.cache_set_max(0)


def preview(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """The variant of the image in ``blocks``. Raises Unreadable, and Withheld where bytes were not handed out."""
    recipe, kind = Recipe.of(words), _kind_of(blocks)
    tap = _Tap(blocks)
    try:
        if kind == "heic":
            image = heif.image(blocks, limits)
            return finish(image.thumbnail_image(recipe.width, **box(recipe)), recipe, (image.width, image.height))
        return _preview(tap.source(), recipe, limits)
    except pyvips.Error as exc:
        raise tap.trouble or Unreadable(reasons.of_vips(exc.detail)) from exc


def measure(blocks: Blocks, words: Words, limits: Limits) -> Rendered:
    """Width and height, upright, and no picture; raises as ``preview`` does."""
    del words, limits  # nothing is decoded
    _kind_of(blocks)
    size, tap = headers.size_of(blocks.head()), _Tap(blocks)
    try:
        size = size or _upright_size(_image(tap.ranges()))
    except pyvips.Error as exc:
        raise tap.trouble or Unreadable(reasons.of_vips(exc.detail)) from exc
    return Rendered(b"", "", *size)


def _kind_of(blocks: Blocks) -> str:
    """What the first bytes say. Raises Unreadable for what is no image that can be shown."""
    kind = reasons.sniff(blocks.head())
    if not blocks.size:
        raise Unreadable(reasons.EMPTY)
    if kind == "svg":
        raise Unreadable(reasons.SVG)
    if kind == "video":
        raise Unreadable(reasons.VIDEO_NOT_IMAGE)
    return kind


def finish(image: Any, recipe: Recipe, size: tuple[int, int], duration_ms: int | None = None) -> Rendered:
    """An image that fits its box as the variant's bytes. ``size`` is that of the source, upright."""
    flat = _in_srgb(image)
    if recipe.format is Format.JPEG:
        if flat.hasalpha():
            flat = flat.flatten(background=_WHITE)
        data = flat.jpegsave_buffer(Q=_QUALITY, optimize_coding=True, keep="none")
    elif recipe.format is Format.PNG:
        data = flat.pngsave_buffer(keep="none")
    else:
        data = flat.webpsave_buffer(Q=_QUALITY, effort=2, keep="none")
    return Rendered(data, recipe.media_type, *size, duration_ms)


def box(recipe: Recipe) -> dict[str, Any]:
    """What libvips' thumbnail has to know beside the width."""
    return {"height": recipe.height, "size": "down", "crop": "centre" if recipe.fit is Fit.COVER else "none"}


class _Tap:
    """A libvips source over blocks, which remembers what went wrong below libvips."""

    def __init__(self, blocks: Blocks) -> None:
        self.trouble: Exception | None = None
        self._blocks = blocks

    def source(self) -> Any:
        """As one buffer where libvips would read all of it anyway: its 4 KiB reads through Python cost a tenth."""
        blocks = self._blocks
        if blocks.whole is not None:
            return pyvips.Source.new_from_memory(blocks.whole)
        if blocks.size <= _AT_ONCE and not blocks.head().startswith(_TIFF):
            return pyvips.Source.new_from_memory(blocks.read())
        return self.ranges()

    def ranges(self) -> Any:
        """As one that is read where libvips looks."""
        made = pyvips.SourceCustom()
        made.on_read(self._read)
        made.on_seek(self._seek)
        return made

    def _read(self, length: int) -> bytes | None:
        try:
            return self._blocks.read(length)
        except (Withheld, OSError) as exc:
            # An exception cannot pass through C; libvips is told that the bytes end here.
            self.trouble = exc
            return None

    def _seek(self, offset: int, whence: int) -> int:
        try:
            return self._blocks.seek(offset, whence)
        except OSError:
            return -1


def _preview(source: Any, recipe: Recipe, limits: Limits) -> Rendered:
    image = _image(source)
    width, height = image.width, image.height
    limit = limits.most_pixels(limits.whole_pixels) if _needs_all(image) else limits.pixels
    if width * height > limit:
        raise Unreadable(reasons.too_many_pixels(width, height, limit))
    size = _upright_size(image)
    if _is_measured(image):
        return finish(_measured(image, recipe), recipe, size)
    small = pyvips.Image.thumbnail_source(
        source, recipe.width, option_string=_FAIL_ON, output_profile="srgb", intent="perceptual", **box(recipe)
    )
    return finish(small, recipe, size)


def _image(source: Any) -> Any:
    try:
        return pyvips.Image.new_from_source(source, "", access="sequential", fail_on="error")
    except pyvips.Error as exc:
        unknown = "not in a known format" in exc.detail or "is blocked" in exc.detail
        raise Unreadable(reasons.NOT_AN_IMAGE) if unknown else exc from exc


def _upright_size(image: Any) -> tuple[int, int]:
    sideways = _field(image, "orientation") in _SIDEWAYS
    return (image.height, image.width) if sideways else (image.width, image.height)


def _needs_all(image: Any) -> bool:
    loader = str(_field(image, "vips-loader"))
    return loader.startswith(_WHOLE) or bool(_field(image, "jpeg-multiscan")) or bool(_field(image, "interlaced"))


def _field(image: Any, name: str) -> object:
    return image.get(name) if image.get_typeof(name) else None


def _is_measured(image: Any) -> bool:
    """True for depths, temperatures, many bands: values of an instrument, not a photograph."""
    return image.bands > _MOST_BANDS or image.format not in ("uchar", "ushort")


def _measured(image: Any, recipe: Recipe) -> Any:
    """The first three bands (or one), from their least to their greatest value spread over what a screen shows."""
    bands = _COLOURS if image.bands >= _COLOURS else 1
    chosen = image.extract_band(0, n=bands)
    shares = (recipe.width / image.width, recipe.height / image.height)
    share = min(1.0, max(shares) if recipe.fit is Fit.COVER else min(shares))
    small = chosen.resize(share).copy_memory().scaleimage()
    shown = small.copy(interpretation="srgb" if bands > 1 else "b-w")
    return shown.thumbnail_image(recipe.width, **box(recipe))


def _in_srgb(image: Any) -> Any:
    if image.interpretation != "srgb":
        image = image.colourspace("srgb")
    return image.cast("uchar") if image.format != "uchar" else image
