"""Links and keys that would lead out of a disk store's folder."""

from __future__ import annotations

from pathlib import Path

LINKS = {
    "out": "../outside/secret",
    "out-folder": "../outside",
    "absolute": "/{base}/outside/secret",
    "absolute-folder": "/{base}/outside",
    "beside": "../root-beside/secret",
    "hidden": ".moorage/x/secret",
    "loop": "loop",
    "dangling": "nothing/here",
    "in/up": "../../outside/secret",
    "chain": "out-folder/secret",
    "magic": "/proc/self/root{base}/outside/secret",
    "magic-folder": "/proc/self/root{base}/outside",
    "magic-way": "/proc/self/cwd",
    "descriptors": "/proc/self/fd",
}
"""Where links lead; ``{base}`` is the folder above the root."""
OUTSIDE = (
    "..", "../", "../outside/secret", "in/../../outside/secret", "in/..", "./in/file", "in/./file", "in//file",
    "/in/file", "/etc/passwd", "//etc/passwd", "{base}/outside/secret", "\0", "in/file\0", "in\0/../../outside/secret",
    "in/file/",
    "in/file/../../../outside/secret", ".moorage/x/secret", "./.moorage/x/secret", "in/../.moorage/x/secret",
    "..\\outside\\secret", "%2e%2e/outside/secret", "..%2foutside%2fsecret", "..;/outside/secret",
    "\udcff/../../outside", "\uff0e\uff0e/outside/secret", "\udcc0\udcae\udcc0\udcae/outside/secret",
    "~/secret", "$HOME", "file:///etc/passwd",
)  # fmt: skip
"""Keys that would lead out of the root, or round about in it, if anybody took them for a path."""


def make_links(base: Path) -> None:
    """Lay the links into ``base/root``; the folder ``in`` is there."""
    for name, target in LINKS.items():
        here = str(base) if target.startswith("/proc") else str(base).lstrip("/")
        (base / "root" / name).symlink_to(target.format(base=here))
