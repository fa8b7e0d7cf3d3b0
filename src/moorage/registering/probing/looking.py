"""Looking at the bucket: its CORS rules, versions, lifecycle and notifications. Nothing of it is needed."""

from __future__ import annotations

from typing import TypeVar

from moorage.model.administration import StoreAdministration
from moorage.model.probe import Permission
from moorage.registering.probing.walk import NotTold, Walk

T = TypeVar("T")


async def look(walk: Walk, administration: StoreAdministration) -> None:
    """A line for each; where the provider does not tell, none."""

    async def rules() -> str:
        found = await administration.cors()
        count = len(found.rules)
        return f"The bucket has {count} CORS {'rule' if count == 1 else 'rules'}." if count else "It has no CORS rules."

    async def versions() -> str:
        kept = _told(await administration.versioning())
        walk.versioned = kept
        return "Older versions of objects are kept." if kept else "Older versions of objects are not kept."

    async def lifecycle() -> str:
        rules = _told(await administration.lifecycle())
        return f"The bucket does by itself: {'; '.join(rules)}." if rules else "The bucket has no lifecycle rules."

    async def notifications() -> str:
        hear = _told(await administration.notifications())
        return f"Changes are told to {', '.join(hear)}." if hear else "Changes are told to nobody."

    await walk.step(Permission.CORS_RULES, rules, required=False)
    await walk.step(Permission.VERSIONS, versions, required=False)
    await walk.step(Permission.LIFECYCLE, lifecycle, required=False)
    await walk.step(Permission.NOTIFICATIONS, notifications, required=False)


def _told(value: T | None) -> T:
    if value is None:
        raise NotTold
    return value
