"""Why nothing can be made of an object, in words for the person who looks at the empty frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from moorage.model.variant import Task

EMPTY: Final = "The file is empty."
CUT_OFF: Final = "The image is cut off: its end is missing."
DAMAGED: Final = "The image is damaged."
DAMAGED_VIDEO: Final = "The video is damaged."
RARE: Final = "The image is stored in a rare way that cannot be shown here."
NOT_AN_IMAGE: Final = "This is not an image, or not of a kind that can be shown."
SVG: Final = "Of drawings in SVG there are previews only; no parts are cut out of them."
NOT_A_DRAWING: Final = "This is not a drawing in SVG, or it is damaged."
NO_SUCH_PART: Final = "The image has no such part: it was another one when its size was looked at."
NO_PARTS: Final = "Parts of drawings and of camera files are not cut out; a preview shows the whole."
LARGE_SVG: Final = "The drawing is too large: up to 16 MiB of SVG are shown."
RAW_WITHOUT_PREVIEW: Final = "This camera file carries no preview in it, or one of a kind that cannot be shown."
NO_PILLOW: Final = "Images of this kind need an extra that is not installed here: pip install 'moorage[heif]'."
NO_JXL: Final = "JPEG XL images cannot be shown here."
NO_PAGES: Final = "Images of this kind have one page only."
VIDEO_NOT_IMAGE: Final = "This is a video, though its name says that it is an image."
NO_HEIC: Final = "HEIC images need an extra that is not installed here: pip install 'moorage[heif]'."
NOT_A_VIDEO: Final = "This is not a video, or not of a kind that can be shown."
NO_PICTURES: Final = "The file has sound but no moving pictures."
NO_FRAME: Final = "No picture of this video can be decoded: it is damaged, or its end is missing."
TOO_FAR_APART: Final = "The parts of this file that are needed lie too far apart to fetch them."
TOO_SLOW: Final = "Opening it takes longer than one file may take."
TOO_MUCH_MEMORY: Final = "Opening it takes more memory than one file may use."
CRASHED: Final = "The decoder broke down on it; the file may be damaged."
TOO_LONG: Final = "What is made of it would be too large."

_PARTS: Final = "No parts of it can be shown."
_SHEET: Final = "No contact sheet can be made."
_FRAMES: Final = "Its frames cannot be counted."
_NOT_DONE: Final[Mapping[Task, str]] = {
    Task.PREVIEW: "No preview can be made.",
    Task.POSTER: "No preview can be made.",
    Task.MEASURE_IMAGE: "The image cannot be measured.",
    Task.MEASURE_VIDEO: "The video cannot be measured.",
    Task.PROBE_VIDEO: "The video cannot be looked at.",
    Task.STRIP: "No contact strip can be made.",
    Task.FRAMES: _FRAMES,
    Task.INDEX: _FRAMES,
    Task.FILM: "The video cannot be converted.",
    Task.SHEET: _SHEET,
    Task.MOSAIC: _SHEET,
    Task.LOOK: _PARTS,
    Task.REGION: _PARTS,
    Task.PYRAMID: _PARTS,
}


class Unreadable(Exception):
    """The decoder's verdict: one of the sentences above. It becomes ``Undecodable`` in the server."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Withheld(Exception):
    """The server did not hand out bytes that a decoder asked for; it knows why."""


def not_done(task: Task) -> str:
    """The sentence that comes before the reason."""
    return _NOT_DONE[task]


def damaged(task: Task) -> str:
    """The sentence for bytes that nobody understands."""
    return DAMAGED_VIDEO if task.of_video else DAMAGED


def too_many_pixels(width: int, height: int, limit: int, what: str = "image") -> str:
    """The sentence for an image or a video above its limit."""
    return (
        f"The {what} has {width:,} x {height:,} pixels, {_millions(width * height)}; "
        f"of this kind, up to {_millions(limit)} are shown."
    )


def too_wide(width: int, height: int, limit: int) -> str:
    """The sentence for an image with longer lines than are held in memory."""
    return (
        f"The image has {width:,} x {height:,} pixels, as it is stored; up to {limit:,} from left to right are shown."
    )


def too_high(width: int, height: int, limit: int) -> str:
    """The sentence for an image with more lines than are read."""
    return (
        f"The image has {width:,} x {height:,} pixels, as it is stored; up to {limit:,} from top to bottom are shown."
    )


def no_page(page: int, pages: int) -> str:
    """The sentence for a page behind the last one."""
    return f"There is no page {page:,}; the image has {pages:,}."


def too_large_to_cut(width: int, height: int, limit: int) -> str:
    """The sentence for an image that has no tiles and is too large to be given some."""
    return (
        f"The image has {width:,} x {height:,} pixels, {_millions(width * height)}, and is not stored in tiles; "
        f"parts are cut out of such an image up to {_millions(limit)}. Stored as a tiled TIFF with its halves "
        "(vips tiffsave in.tif out.tif --tile --pyramid --compression jpeg) it can be of any size."
    )


def _millions(pixels: int) -> str:
    return f"{pixels / 1_000_000:,.1f}".removesuffix(".0") + " million"


def of_vips(detail: str) -> str:
    """The sentence for what libvips said."""
    words = detail.lower()
    if any(hint in words for hint in ("premature end", "unexpected end", "truncated", "end of", "read error", "eof")):
        return CUT_OFF
    if any(hint in words for hint in ("out of memory", "memory allocation", "unable to allocate", "malloc")):
        return TOO_MUCH_MEMORY
    if any(hint in words for hint in ("unsupported", "not supported", "out of range", "unimplemented")):
        return RARE
    return DAMAGED


_MAGIC: Final = (
    (b"\x1aE\xdf\xa3", "video"),
    (b"OggS", "video"),
    (b"FLV\x01", "video"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video"),
    (b"\x00\x00\x01\xba", "video"),
    (b"\x00\x00\x01\xb3", "video"),
)
_RAW: Final = (b"FUJIFILMCCD-RAW ", b"IIU\0", b"IIRO", b"IIRS", b"MMOR")
_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_JXL: Final = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_BY_PILLOW: Final = (b"BM", b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")
_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_AVIF_BRANDS: Final = (b"avif", b"avis")


def sniff(head: bytes) -> str:
    """What the first 64 bytes say: ``heic``, ``svg``, ``video``, ``raw``, ``tiff``, ``jxl``, ``pillow``.

    For all else ``image``. A camera file may also be a ``tiff``.
    """
    if head[4:8] == b"ftyp":
        brand, also = head[8:12], head[16:64]
        if brand == b"crx ":
            return "raw"
        if brand in _AVIF_BRANDS or (brand in (b"mif1", b"msf1") and any(a in also for a in _AVIF_BRANDS)):
            return "image"
        return "heic" if brand in _HEIC_BRANDS else "video"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video"
    for kind, beginnings in (("raw", _RAW), ("tiff", _TIFF), ("jxl", _JXL), ("pillow", _BY_PILLOW)):
        if head.startswith(beginnings):
            return kind
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        return "svg"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), "image")
