"""``/resolve``: which registered store an address lies in. The bytes of objects are served elsewhere."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from moorage.model.keys import ESCAPED, unescape
from moorage.reading.resolve import resolve
from moorage.web.api.asking import Asker, Uses, answer
from moorage.web.api.render import keys
from moorage.web.api.shapes import ResolvedShape
from moorage.web.api.stores import usable

router = APIRouter(tags=["stores"])


@router.get("/resolve", responses={200: {"model": ResolvedShape}})
async def resolved(uses: Uses, asker: Asker, address: str, key_encoding: str = "") -> Response:
    """The store and the key of an address such as ``s3://bucket/key``; no request is made to any store.

    ``key_encoding=escaped`` when the address is escaped.
    """
    stores = [store for store, _ in await usable(uses, asker)]
    found = resolve(unescape(address) if key_encoding == ESCAPED else address, stores)
    return answer(keys({"store": found.store.name, "key": found.key}, "key"))
