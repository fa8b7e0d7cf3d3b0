"""Blocks as libvips takes them: as one buffer, or as a source that is read where it looks.

Runs in a decoder process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyvips

from moorage.imaging import reasons
from moorage.imaging.blocks import Blocks
from moorage.imaging.reasons import Unreadable, Withheld

_AT_ONCE: Final = 64 * 1024 * 1024
"""Bytes of an image that is fetched before it is opened."""


class Tap:
    """A libvips source over blocks, which remembers what went wrong below libvips."""

    def __init__(self, blocks: Blocks) -> None:
        self.trouble: Exception | None = None
        self._blocks = blocks
        self._made: list[Any] = []  # an image of theirs reads their memory, or calls them, as long as it lives

    def head(self) -> bytes:
        """The first bytes."""
        return self._blocks.head()

    def source(self) -> Any:
        """As one buffer where libvips would read all of it anyway: its 4 KiB reads through Python cost a tenth."""
        blocks = self._blocks
        if blocks.whole is None and blocks.size <= _AT_ONCE:
            return self._kept(pyvips.Source.new_from_memory(blocks.everything()))
        return self.ranges()

    def ranges(self) -> Any:
        """As one that is read where libvips looks, if it does not lie in memory."""
        if self._blocks.whole is not None:
            return self._kept(pyvips.Source.new_from_memory(self._blocks.whole))
        made = pyvips.SourceCustom()
        made.on_read(self._read)
        made.on_seek(self._seek)
        return self._kept(made)

    def close(self) -> None:
        """Lets go of the bytes; no image of theirs may be computed any more."""
        self._made.clear()

    def _kept(self, made: Any) -> Any:
        self._made.append(made)
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


@contextmanager
def tapped(blocks: Blocks) -> Iterator[Tap]:
    """A tap on the blocks. Raises Unreadable for what libvips says, and Withheld where bytes were not handed out."""
    tap = Tap(blocks)
    try:
        yield tap
    except pyvips.Error as exc:
        raise tap.trouble or Unreadable(reasons.of_vips(exc.detail)) from exc
    finally:
        tap.close()


def opened(source: Any, **options: Any) -> Any:
    """The image of a source, from top to bottom. Raises Unreadable for what is none, pyvips.Error for a broken one."""
    try:
        image = pyvips.Image.new_from_source(source, "", access="sequential", fail_on="error", **options)
    except pyvips.Error as exc:
        unknown = "not in a known format" in exc.detail or "is blocked" in exc.detail
        raise Unreadable(reasons.NOT_AN_IMAGE) if unknown else exc from exc
    if str(field(image, "vips-loader")).startswith("svg"):  # drawings have a way of their own, by their first bytes
        raise Unreadable(reasons.NOT_AN_IMAGE)
    return image


def field(image: Any, name: str) -> object:
    """What the loader noted under ``name``, or None."""
    return image.get(name) if image.get_typeof(name) else None
