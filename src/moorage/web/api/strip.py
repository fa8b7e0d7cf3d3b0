"""``/strip``: the things to try that a demo shows can be put away for good."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from moorage.model.access import Principal, Role
from moorage.model.transaction import Transaction
from moorage.web.api.asking import Asker, Uses

CLOSED: Final = "strip closed"
"""The name of the fact that somebody closed it, for every browser and for good."""
router = APIRouter(prefix="/strip", tags=["running it"])


@router.delete("", status_code=204)
async def close(uses: Uses, asker: Asker) -> Response:
    """Close the demo's strip of things to try, in every browser and for good. Needs an admin; a repeat does nothing."""
    asker.need_everywhere(Role.ADMIN)
    await uses.facts.write(lambda tx: _close(tx, asker))
    return Response(status_code=204)


def _close(tx: Transaction, asker: Principal) -> None:
    if tx.instance.get(CLOSED) is None:
        tx.instance.set(CLOSED, b"1")
        tx.audit.add(asker, "strip.close", "strip")
