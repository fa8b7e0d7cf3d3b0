"""Reaching: name, TLS, clock and credentials, by the first request; then where the bucket lies."""

from __future__ import annotations

from typing import Final

from moorage.model.administration import StoreAdministration
from moorage.model.errors import StoreDenied
from moorage.model.probe import Finding, Permission, ProbeLine
from moorage.registering.probing.walk import NotTold, Walk

SKEW_S: Final = 60.0
"""From here on a warning: signatures are refused from 5 to 15 minutes on."""
_LISTING_REFUSED: Final = frozenset({"AccessDenied", "AuthorizationPermissionMismatch"})
"""Codes by which a store that knows the credentials refuses one permission."""


async def reach(walk: Walk) -> bool:
    """Ask for one key; True where the store answers and does not refuse the credentials themselves."""
    refused: list[StoreDenied] = []

    async def ask() -> str:
        try:
            await walk.opened.list_page(walk.store.prefix, limit=1)
        except StoreDenied as exc:
            refused.append(exc)
            if exc.code not in _LISTING_REFUSED and not walk.signs:
                raise
            # An ended token or certificate is refused here already, and nothing was asked.
            known = exc.code in _LISTING_REFUSED
            return "The store answered; it refused the listing." if known else "It ended at the credentials."
        return "The store answered."

    await walk.step(Permission.REACH, ask)
    if walk.found(Permission.REACH) is Finding.UNKNOWN:
        return False
    if not walk.signs:
        return True
    if not refused:
        walk.lines.append(ProbeLine(Permission.SIGN_IN, Finding.OK, True, "The credentials were accepted."))
    elif refused[0].code in _LISTING_REFUSED:
        walk.unsure_of_credentials = True
    else:
        exc = refused[0]
        walk.lines.append(ProbeLine(Permission.SIGN_IN, Finding.MISSING, True, exc.message, exc.advice))
        return False
    return True


def conclude(walk: Walk) -> None:
    """Write the line about the credentials where only the other steps tell, and the warning about the clock."""
    if walk.unsure_of_credentials:
        accepted = any(line.finding is Finding.OK and line.permission is not Permission.REACH for line in walk.lines)
        walk.lines.append(
            ProbeLine(Permission.SIGN_IN, Finding.OK, True, "The credentials were accepted.")
            if accepted
            else ProbeLine(
                Permission.SIGN_IN,
                Finding.UNKNOWN,
                False,
                "Nothing was allowed, so it does not show whether the credentials are right.",
            )
        )
    administration = walk.administration
    if administration is not None and abs(administration.clock_offset_s) >= SKEW_S:
        offset_s = administration.clock_offset_s
        walk.warnings.append(
            f"The clock of this machine is {abs(offset_s):.0f} s {'behind' if offset_s > 0 else 'ahead of'} the "
            "store's. Set it (NTP): most stores refuse requests from 5 or 15 minutes on."
        )


async def locate(walk: Walk, administration: StoreAdministration) -> None:
    """Where the bucket lies. Not being told is no fault."""

    async def ask() -> str:
        region = await administration.region()
        if region is None:
            raise NotTold
        return f"The bucket lies in {region}."

    await walk.step(Permission.REGION, ask, required=False)
