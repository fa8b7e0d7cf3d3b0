"""Sample facts in the shapes that pages and the JSON API use: projects, a folder of five million rows, and jobs."""

from __future__ import annotations

from typing import Any, Final

Facts = dict[str, Any]

FOLDERS: Final = 24
ITEMS: Final = 5_000_000
NOW: Final = "2026-11-20T15:06:54Z"
THEN: Final = "2026-12-20T15:06:54Z"
KINDS: Final = {3: "video", 7: "broken", 12: "file"}
"""What every sixteenth item is, by the rest; all others are images."""
SIZES: Final = ((4032, 3024), (1920, 1080), (3000, 4000), (6000, 4000), (512, 512))


def counts(items: int, size: int, *, folders: int = 0, direct: int | None = None) -> Facts:
    here = items if direct is None else direct
    share = size if items == 0 else size * here // items
    return {"items": here, "bytes": share, "subtree_items": items, "subtree_bytes": size, "folders": folders}


def child_folder(index: int) -> Facts:
    return {
        "id": str(100 + index),
        "name": f"dive-{2000 + index}",
        "counts": counts(1200 * index, 7_400_000_000 * index),
    }


def item(index: int) -> Facts:
    """The item at an index of the big folder; its id is index + 1,000."""
    odd = KINDS.get(index % 16, "image")
    kind = "image" if odd == "broken" else odd
    ending = {"image": "jpg", "video": "mp4", "file": "csv"}[kind]
    name = f"frame_{index:07d}.{ending}"
    width, height = SIZES[index % len(SIZES)]
    return {
        "id": str(1000 + index),
        "name": name,
        "folder": "7",
        "kind": kind,
        "key": f"2021/{name}",
        "address": f"s3://reef/2021/{name}",
        "size": 1_800_000 + index % 977 * 3001,
        "etag": f"{index * 2654435761 % 2**64:016x}",
        "generation": "",
        "modified": f"2021-0{1 + index % 9}-1{index % 10}T08:15:00Z",
        "media_type": {"image": "image/jpeg", "video": "video/mp4", "file": "text/csv"}[kind],
        "linked": True,
        "state": "live",
        "width": None if kind == "file" else width,
        "height": None if kind == "file" else height,
        "duration": 73.4 if kind == "video" else None,
    }


def lines(item_id: str) -> Facts:
    """What an item's page offers to copy."""
    address = "https://media.example.org/moorage"
    content = f"{address}/api/v1/items/{item_id}/content"
    return {
        "page": f"{address}/items/{item_id}",
        "curl": f'curl -gfL -H "Authorization: Bearer $MOORAGE_TOKEN" -o ./a.jpg {content}',
        "python": f"from moorage.client import Client\nwith Client({address!r}) as client: client.read({item_id!r})",
    }


GONE: Final = 30


def tombstones(query: dict[str, str], restored: set[str]) -> Facts:
    """What is gone from the big folder: every reason, without those that were brought back."""
    why = ("vanished", "hidden", "trashed")
    rows = [item(n) | {"state": why[n % 3], "gone": NOW, "linked": n % 3 != 2} for n in range(GONE)]
    kind, prefix = query.get("kind", ""), query.get("prefix", "")
    rows = [row for row in rows if row["id"] not in restored and kind in ("", row["kind"])]
    left = [row for row in rows if row["name"].startswith(prefix)]
    return {"folders": [], "items": left, "next": None, "position": None, "total": None}


def uploaded(number: int, name: str, size: int) -> Facts:
    """An item that was put into the empty folder."""
    return item(0) | {"id": str(900 + number), "folder": "8", "name": name, "size": size, "linked": False}


def children(query: dict[str, str], total: int = ITEMS) -> Facts:
    """A page of the big folder: folders first, then items; filtered ones have no total."""
    limit = int(query.get("limit", "100"))
    prefix, kind = query.get("prefix", ""), query.get("kind", "")
    folders = [] if kind else [row for row in map(child_folder, range(FOLDERS)) if row["name"].startswith(prefix)]
    start = int(query.get("after") or query.get("at") or 0)
    taken = folders[start : start + limit]
    items: list[Facts] = []
    at = max(0, start - len(folders))
    first = _first_of(prefix) if prefix else 0
    at = max(at, first)
    while len(taken) + len(items) < limit and at < total:
        row = _placed(at, query, total)
        if prefix and not row["name"].startswith(prefix):
            break
        if not kind or row["kind"] == kind:
            items.append(row)
        at += 1
    more = at < total and not (prefix and not item(at)["name"].startswith(prefix))
    return {
        "folders": taken,
        "items": items,
        "next": str(at + len(folders)) if more else None,
        "position": start,
        "total": FOLDERS + total,
    }


def _placed(at: int, query: dict[str, str], total: int) -> Facts:
    return item(total - 1 - at if query.get("order") == "desc" else at)


def _first_of(prefix: str) -> int:
    digits = prefix.removeprefix("frame_")
    return (
        int(digits.ljust(7, "0"))
        if digits.isdigit() and prefix.startswith("frame_")
        else (0 if "frame_".startswith(prefix) else ITEMS)
    )


def job(number: int, state: str, **changed: Any) -> Facts:
    return {
        "id": str(number),
        "kind": "scan",
        "title": "Mirror s3://reef/2021/ into Reef survey",
        "state": state,
        "created": NOW,
        "started": NOW,
        "ended": None if state in ("running", "queued", "paused", "needs_confirmation") else NOW,
        "project": "1",
        "folder": "7",
        "done": 12_400,
        "total": 50_000,
        "bytes": 73_400_000_000,
        "unit": "objects",
        "rate": 1250.4,
        "errors": [],
        "outcome": {},
        "message": "",
        "question": None,
        "cancel_asked": False,
        "pause_asked": False,
        "no_worker": False,
    } | changed


QUESTION: Final[Facts] = {
    "text": "12,400 of 50,000 objects are gone from s3://reef/2021/.",
    "figures": {"vanished": 12_400, "live": 50_000},
    "choices": [
        {"name": "show", "label": "Show 20 of them"},
        {"name": "accept", "label": "They are really gone"},
        {"name": "keep", "label": "Keep everything and look again"},
    ],
}
JOBS: Final = [
    job(41, "running"),
    job(40, "needs_confirmation", question=QUESTION),
    job(
        39,
        "queued",
        started=None,
        done=0,
        total=None,
        bytes=0,
        rate=0,
        no_worker=True,
        title="Mirror fs://local-datasets/persons/ into Persons",
    ),
    job(
        38,
        "partial",
        done=49_997,
        outcome={"added": 1200, "changed": 31, "vanished": 4},
        errors=[
            {
                "cause": "access denied",
                "count": 3,
                "example": "s3://reef/2021/private/a.jpg: the provider refused our credentials.",
                "advice": "Grant s3:GetObject on arn:aws:s3:::reef/2021/private/*, then try again.",
            },
            {
                "cause": "name cannot be shown",
                "count": 1,
                "example": "A key with a line break below 2021/odd/",
                "advice": "",
            },
        ],
    ),
    job(37, "succeeded", done=50_000, outcome={"added": 50_000}),
    job(
        36,
        "failed",
        done=0,
        total=None,
        bytes=0,
        rate=0,
        message="The store reef did not answer within 10 s. Nothing was changed.",
    ),
]

COVERS: Final = [["1000", "1001", "1002", "1004"], ["1005"], []]
PROJECTS: Final = [
    {
        "id": str(n),
        "name": name,
        "root": "7",
        "counts": counts(size, size * 2_400_000, folders=3),
        "default_store": None,
        "cover": cover,
    }
    for n, name, size, cover in (
        (1, "Reef survey 2021", 5_000_000, COVERS[0]),
        (2, "Street scenes", 8_412, COVERS[1]),
        (3, "Glass plates of the municipal archive, 1890 to 1931", 1, COVERS[2]),
    )
]
