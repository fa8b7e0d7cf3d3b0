"""Media types and kinds by the ending of a name."""

from __future__ import annotations

from typing import Final

from moorage.model.catalogue import Kind

UNKNOWN: Final = "application/octet-stream"
_IMAGES: Final = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg", "png": "image/png",
    "gif": "image/gif", "webp": "image/webp", "avif": "image/avif", "heic": "image/heic", "heif": "image/heif",
    "tif": "image/tiff", "tiff": "image/tiff", "ptif": "image/tiff", "ptiff": "image/tiff", "btf": "image/tiff",
    "tf8": "image/tiff", "svs": "image/tiff", "bmp": "image/bmp", "jp2": "image/jp2", "j2k": "image/jp2",
    "jxl": "image/jxl", "svg": "image/svg+xml", "pgm": "image/x-portable-graymap", "ppm": "image/x-portable-pixmap",
}  # fmt: skip
_RAWS: Final = {
    "dng": "image/x-adobe-dng", "cr2": "image/x-canon-cr2", "cr3": "image/x-canon-cr3", "nef": "image/x-nikon-nef",
    "nrw": "image/x-nikon-nrw", "arw": "image/x-sony-arw", "orf": "image/x-olympus-orf", "raf": "image/x-fuji-raf",
    "rw2": "image/x-panasonic-rw2", "pef": "image/x-pentax-pef", "srw": "image/x-samsung-srw",
}  # fmt: skip
"""What cameras write beside or in place of a JPEG."""
IN_PARTS: Final = frozenset({"image/tiff", *_RAWS.values()})
"""Images of which a preview usually needs a small part, wherever in the object that lies."""
WHOLE: Final = frozenset({"image/svg+xml", *_RAWS.values()})
"""Images of which no parts are cut out: they are shown by a drawing or a picture of one size."""
_VIDEOS: Final = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "mkv": "video/x-matroska", "webm": "video/webm",
    "avi": "video/x-msvideo", "mpg": "video/mpeg", "mpeg": "video/mpeg", "wmv": "video/x-ms-wmv", "ogv": "video/ogg",
    "flv": "video/x-flv", "ts": "video/mp2t", "mts": "video/mp2t",
}  # fmt: skip
_OTHERS: Final = {
    "txt": "text/plain", "csv": "text/csv", "json": "application/json", "xml": "application/xml",
    "pdf": "application/pdf", "zip": "application/zip", "html": "text/html", "md": "text/markdown",
    "yaml": "application/yaml", "yml": "application/yaml", "wav": "audio/wav", "mp3": "audio/mpeg",
    "flac": "audio/flac",
}  # fmt: skip
_BY_ENDING: Final = {
    **{ending: (Kind.IMAGE, media) for ending, media in (_IMAGES | _RAWS).items()},
    **{ending: (Kind.VIDEO, media) for ending, media in _VIDEOS.items()},
    **{ending: (Kind.FILE, media) for ending, media in _OTHERS.items()},
}
_NOTHING: Final = (Kind.FILE, UNKNOWN)


def guess(name: str) -> tuple[Kind, str]:
    """Kind and media type of a name by its ending, in any case of letters."""
    return _BY_ENDING.get(name[name.rfind(".") + 1 :].lower(), _NOTHING)
