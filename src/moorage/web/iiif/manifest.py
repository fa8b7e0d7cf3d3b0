"""Manifests: the images and videos of a folder, or one of them, as pages of a book that viewers can turn.

Source: IIIF Presentation API 3.0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from moorage.edge.face import Face
from moorage.model.access import Principal, Role
from moorage.model.catalogue import Folder, FolderId, Item, Kind
from moorage.model.errors import Invalid, MoorageError, NotFound
from moorage.model.keys import escape
from moorage.model.secrecy import Claim
from moorage.model.store import Store, StoreId
from moorage.model.transaction import ItemQuery, Transaction
from moorage.web.api.identifiers import IMAGE, Identifier, signed
from moorage.web.iiif.parse import largest
from moorage.web.viewing import is_open

CONTEXT: Final = "http://iiif.io/api/presentation/3/context.json"
CANVASES: Final = 500
"""Canvases of one manifest; a folder with more is a collection of manifests."""
_MEASURED: Final = 50
"""Images that are looked at for one manifest, because their size is not known yet."""
_AT_ONCE: Final = 4
_PATIENCE_S: Final = 15.0
_THUMBNAIL: Final = 256
_MOST_DIGITS: Final = 15
Json = dict[str, Any]
Measure = Callable[[Item], Awaitable[tuple[int, int]]]
"""Width and height of an image whose size is not known."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes manifests for one asker: with signatures in all addresses where one came in the request's own."""

    uses: Face
    address: str
    """Of the manifest or collection."""
    expires_s: int | None

    def manifest(self, label: str, items: list[Item], left_out: list[str]) -> Json:
        """A manifest of items whose size is known."""
        return {
            "@context": CONTEXT,
            "id": self.address,
            "type": "Manifest",
            "label": _words(label),
            **({"summary": _words(*left_out)} if left_out else {}),
            "items": [self._canvas(item) for item in items],
        }

    def _canvas(self, item: Item) -> Json:
        canvas = f"{self.address.partition('/manifest.json')[0]}/canvas/{item.id}"
        size: Json = {"width": item.width, "height": item.height}
        body, thumbnail = self._film(item) if item.kind is Kind.VIDEO else self._image(item)
        length = {"duration": body["duration"]} if "duration" in body else {}
        painting = {
            "id": f"{canvas}/image",
            "type": "Annotation",
            "motivation": "painting",
            "body": body,
            "target": canvas,
        }
        return {
            "id": canvas,
            "type": "Canvas",
            "label": _words(escape(item.name)),
            **size,
            **length,
            **({"thumbnail": [thumbnail]} if thumbnail else {}),
            "items": [{"id": f"{canvas}/page", "type": "AnnotationPage", "items": [painting]}],
        }

    def _image(self, item: Item) -> tuple[Json, Json]:
        width, height = item.width or 1, item.height or 1
        address = f"{self.uses.public_url}/iiif/3/{self._identifier(item)}"
        service = [{"id": address, "type": "ImageService3", "profile": "level2"}]
        shared = {"type": "Image", "format": "image/jpeg"}
        size = largest(width, height)
        body = {"id": f"{address}/full/max/0/default.jpg", **shared, "width": size[0], "height": size[1]}
        share = min(1.0, _THUMBNAIL / width, _THUMBNAIL / height)
        small = max(1, round(width * share)), max(1, round(height * share))
        place = f"{address}/full/{small[0]},{small[1]}/0/default.jpg"
        thumbnail = {"id": place, **shared, "width": small[0], "height": small[1], "service": service}
        return body | {"service": service}, thumbnail

    def _film(self, item: Item) -> tuple[Json, Json]:
        address = f"{self.uses.public_url}/api/v1/items/{item.id}/content"
        if self.expires_s is not None:
            key_id, signature = self.uses.signer.sign(Claim(item.id, "content", self.expires_s))
            address += "?" + urlencode({"expires": self.expires_s, "kid": key_id, "signature": signature})
        length = round((item.duration_ms or 0) / 1000, 3)
        body = {"id": address, "type": "Video", "format": item.media_type, "duration": length}
        return body | {"width": item.width, "height": item.height}, {}

    def _identifier(self, item: Item) -> Identifier:
        if self.expires_s is None:
            return Identifier(item.id)
        return signed(self.uses, item.id, IMAGE, self.expires_s)


async def of_item(uses: Face, item: Item, given: Identifier, measure: Measure) -> Json:
    """The manifest of one image or video. Raises NotFound for a file, and what measuring it raises."""
    if item.kind is Kind.IMAGE and not (item.width and item.height):
        width, height = await measure(item)
        item = replace(item, width=width, height=height)
    if not _is_known(item):
        raise NotFound(f"{escape(item.name)!r} is nothing that a viewer can show.", "Ask for that of an image.")
    address = f"{uses.public_url}/iiif/presentation/3/items/{given}/manifest.json"
    return Writer(uses, address, given.expires_s).manifest(escape(item.name), [item], [])


async def of_folder(
    uses: Face, principal: Principal | None, given: Identifier, at: str | None, measure: Measure
) -> tuple[Json, list[StoreId]]:
    """The manifest of a folder, of a part of it from the index ``at`` on, or a collection of all such parts.

    And the store of each item in it. ``principal`` None: the signature was seen to be right.
    """
    start = _index(at)

    def read(tx: Transaction) -> tuple[Folder, str, list[Item], set[StoreId]]:
        folder = tx.folders.get(FolderId(given.id))
        if principal is not None:
            principal.need(Role.VIEWER, folder.project)
        name = tx.projects.get(folder.project).name if folder.parent is None else escape(folder.name)
        if at is None and folder.counts.items > CANVASES:
            return folder, name, [], set()
        rows = tx.items.page(folder.id, ItemQuery(), limit=CANVASES, at=start or None).rows
        stores = [tx.stores.get(store) for store in {one.store for one in rows}]
        return folder, name, rows, {one.id for one in stores if _is_shown(one, folder.project, principal)}

    folder, name, items, shown = await uses.facts.read(read)
    address = f"{uses.public_url}/iiif/presentation/3/folders/{given}/manifest.json"
    if at is None and folder.counts.items > CANVASES:
        return _collection(address, name, folder.counts.items), []
    if at is not None:
        address, name = f"{address}?at={start}", _ranged(name, start, len(items))
    wanted = [one for one in items if one.kind is not Kind.FILE]
    known, left_out = await _measured([one for one in wanted if one.store in shown], measure)
    if closed := sum(one.store not in shown for one in wanted):
        left_out.append(f"{_counted(closed, 'item')} left out: the store is not open to whoever asks.")
    made = Writer(uses, address, given.expires_s).manifest(name, known, left_out)
    return made, [one.store for one in known]


def _is_shown(store: Store, project: int, principal: Principal | None) -> bool:
    """Whether a folder's manifest may show what the store holds.

    A signed one knows nobody, not even who made it: what is for certain people is left out.
    """
    return is_open(store, project, principal) and not (principal is None and store.scope.users)


def _collection(address: str, name: str, items: int) -> Json:
    parts = [
        {
            "id": f"{address}?at={start}",
            "type": "Manifest",
            "label": _words(_ranged(name, start, min(CANVASES, items - start))),
        }
        for start in range(0, items, CANVASES)
    ]
    return {"@context": CONTEXT, "id": address, "type": "Collection", "label": _words(name), "items": parts}


async def _measured(items: list[Item], measure: Measure) -> tuple[list[Item], list[str]]:
    """The items whose size is known, once some that are not were looked at; and why the others are left out."""
    unknown = [one for one in items if one.kind is Kind.IMAGE and not (one.width and one.height)]
    looking, turns = unknown[:_MEASURED], asyncio.Semaphore(_AT_ONCE)
    found: dict[int, tuple[int, int]] = {}
    broken = 0

    async def look(item: Item) -> None:
        nonlocal broken
        async with turns:
            try:
                found[item.id] = await measure(item)
            except MoorageError:
                broken += 1

    tasks = [asyncio.create_task(look(one)) for one in looking]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=_PATIENCE_S)
        for one in late:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    sized = [replace(one, width=found[one.id][0], height=found[one.id][1]) if one.id in found else one for one in items]
    known = [one for one in sized if _is_known(one)]
    films = sum(one.kind is Kind.VIDEO for one in sized) - sum(one.kind is Kind.VIDEO for one in known)
    return known, _notes(broken, len(unknown) - len(found) - broken, films)


def _notes(broken: int, later: int, films: int) -> list[str]:
    notes = []
    if broken:
        notes.append(f"{_counted(broken, 'image')} left out: {'it' if broken == 1 else 'they'} cannot be opened.")
    if later:
        why = "size is not known yet. More of it is each time that this is opened."
        notes.append(f"{_counted(later, 'image')} left out: {'its' if later == 1 else 'their'} {why}")
    if films:
        why = "length is not known before somebody looks at it in Moorage."
        notes.append(f"{_counted(films, 'video')} left out: {'its' if films == 1 else 'their'} {why}")
    return notes


def _counted(number: int, what: str) -> str:
    return f"{number} {what} is" if number == 1 else f"{number} {what}s are"


def _is_known(item: Item) -> bool:
    """Whether a canvas can be made of it."""
    if not (item.width and item.height):
        return False
    return item.kind is Kind.IMAGE or (item.kind is Kind.VIDEO and bool(item.duration_ms))


def _index(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise Invalid(f"{text[:40]!r} is no index.", "Write a whole number.", field="at")
    return int(text)


def _ranged(name: str, start: int, length: int) -> str:
    return f"{name}, {start + 1} to {start + length}"


def _words(*texts: str) -> dict[str, list[str]]:
    """Text without a language: names of files are in none."""
    return {"none": list(texts)}
