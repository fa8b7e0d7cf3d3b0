"""What a demo's page offers to try: five lines for a terminal, and the files that ready one for them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import quote
from typing import Final

from home import Home
from moorage.client import Client, Item, Mirror
from server import programs

MANY: Final = 20_000
PIECE: Final = 32_768
NAME: Final = "demo"
LIFE_S: Final = 7 * 24 * 3600


@dataclass(frozen=True)
class Thing:
    """One line, what it is about, and what will be seen."""

    title: str
    seen: str
    line: str


def write_strip(home: Home, client: Client, address: str, mirror: Mirror) -> None:
    """Make a new token in place of the last one, ready shells with it, and tell the server what to show."""
    for old in client.tokens():
        if old.name == NAME:
            client.remove_token(old.id)
    token = client.add_token(NAME, role="admin", expires_in=LIFE_S).token
    _write(
        home.environment,
        f"# Readies a shell for the lines on the demo's page: . {quote(str(home.environment))}\n"
        f'export PATH={quote(str(programs()))}:"$PATH"\n'
        f"export MOORAGE_URL={quote(address)}\n"
        f"export MOORAGE_TOKEN={token}\n",
    )
    _write(home.header, f"Authorization: Bearer {token}\n")
    root = client.project(mirror.project).root
    strip = {
        "folders": [root, mirror.folder],
        "ready": f". {quote(str(home.environment))}",
        "things": [asdict(one) for one in _things(home, client, address, mirror)],
    }
    _write(home.strip, json.dumps(strip, indent=1))


def _things(home: Home, client: Client, address: str, mirror: Mirror) -> list[Thing]:
    shown = f"{mirror.project_name}/{mirror.path}"
    picture, below = _picture(home, client, mirror)
    file, aside = quote(str(home.media / below)), quote(str(home.root / Path(below).name))
    place, folder = quote(f"{shown}/{below}"), quote(f"{shown}/{Path(below).parent}/")
    video = client.lookup(mirror.project, f"{mirror.path}/videos/pan, index at the end.mp4")
    assert isinstance(video, Item)
    first = video.size // 2
    last = min(first + PIECE, video.size) - 1
    header = quote(f"@{home.header}")
    return [
        Thing(
            "Lose a file, get it back",
            f"{Path(below).name} is moved away from the folder on the disk: its item becomes a tombstone, which keeps "
            "its id. Once the file is back, the item is restored.",
            f"mv {file} {aside} && moorage mirror reindex {mirror.id} --wait; moorage ls --gone {folder}; "
            f"mv {aside} {file} && moorage restore {place}",
        ),
        Thing(
            "Seek in a video",
            f"A player that jumps to the middle asks for a range of bytes like this one: the answer is 206 and "
            f"{last + 1 - first:,} of {video.size:,} bytes.",
            f"curl -s -o /dev/null -r {first}-{last} -H {header} "
            rf"-w '%{{http_code}}, %{{size_download}} bytes\n' {address}/api/v1/items/{video.id}/content",
        ),
        Thing(
            "Kill the server in an index",
            f"Makes {MANY:,} small files, shows them as the project Many, kills the server with kill -9 on the way, "
            "and sees it go on until every file is there once.",
            f"python {quote(str(Path(__file__).parent / 'many.py'))} --files {MANY} {quote(str(home.root))}",
        ),
        Thing(
            "Give a picture away",
            "A signed URL opens this one picture for a week, without signing in: the answer is 200 and an image.",
            r"curl -s -o /dev/null -w '%{http_code} %{content_type}\n' " + f'"$(moorage presign {place})"',
        ),
        Thing(
            "Read it from Python",
            "The same picture through the Python library: its name, its size, and its first bytes.",
            'python -c "import os; from moorage.client import Client; '
            f"c = Client('{address}', os.environ['MOORAGE_TOKEN']); i = c.item('{picture.id}'); "
            'print(i.name, i.size, c.read(i.id, end=4).hex()); c.close()"',
        ),
    ]


def _picture(home: Home, client: Client, mirror: Mirror) -> tuple[Item, str]:
    """The first of the larger folder's pictures that is on the disk and in the catalogue, and where it lies."""
    for folder in ("photographs", "generated"):
        for path in sorted((home.media / folder).glob("*.jpg")):
            below = f"{folder}/{path.name}"
            found = client.lookup(mirror.project, f"{mirror.path}/{below}")
            if isinstance(found, Item):
                return found, below
    raise SystemExit(f"No picture of {home.media} is in the catalogue. Begin anew: make demo-clean, then make demo")


def _write(target: Path, text: str) -> None:
    """Write the whole file for its owner alone, in place of the last one."""
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(target)
