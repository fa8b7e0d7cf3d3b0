"""Calls about mirrors."""

from __future__ import annotations

from collections.abc import Sequence

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode
from moorage.client.shapes import Mirror, Started
from moorage.model.mirror import OnVanished


class MirrorCalls(Calls):
    """Mirrors."""

    async def mirrors(self, project: str | None = None) -> list[Mirror]:
        """The mirrors of a project, or of all that you may see."""
        query = query_of(project=project)
        return [decode(Mirror, row) async for row in self._transport.pages("/mirrors", "mirrors", query)]

    async def mirror(self, mirror: str) -> Mirror:
        """One mirror, with the question of its last job, if any. Raises: NotFound."""
        return decode(Mirror, await self._transport.get(f"/mirrors/{part(mirror)}"))

    async def add_mirror(
        self,
        store: str,
        project: str,
        *,
        prefix: str = "",
        folder: str = "",
        create_project: bool = False,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        on_vanished: OnVanished | str = OnVanished.HIDE,
    ) -> Started:
        """Show ``prefix`` of a store as a folder of a project; the first index is the job that is named."""
        body = {
            "store": store,
            "project": project,
            "prefix": prefix,
            "folder": folder,
            "create_project": create_project,
            "include": list(include),
            "exclude": list(exclude),
            "on_vanished": on_vanished,
        }
        return decode(Started, await self._transport.post("/mirrors", body))

    async def change_mirror(
        self,
        mirror: str,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        on_vanished: OnVanished | str | None = None,
    ) -> Mirror:
        """Change what is given; it counts from the next re-index on."""
        body = given(
            include=None if include is None else list(include),
            exclude=None if exclude is None else list(exclude),
            on_vanished=on_vanished,
        )
        return decode(Mirror, await self._transport.patch(f"/mirrors/{part(mirror)}", body))

    async def reindex_mirror(self, mirror: str, *, dry_run: bool = False) -> Started:
        """Compare a mirror with its store; ``dry_run`` only counts. Raises: Conflict while a scan runs."""
        query = query_of(dry_run=dry_run or None)
        return decode(Started, await self._transport.post(f"/mirrors/{part(mirror)}/reindex", query=query))

    async def pause_mirror(self, mirror: str) -> Mirror:
        """Let a mirror be as it is until it is resumed."""
        return decode(Mirror, await self._transport.post(f"/mirrors/{part(mirror)}/pause"))

    async def resume_mirror(self, mirror: str) -> Mirror:
        """Keep a paused mirror current again."""
        return decode(Mirror, await self._transport.post(f"/mirrors/{part(mirror)}/resume"))

    async def remove_mirror(self, mirror: str, *, with_items: bool = False) -> None:
        """Give a mirror up. Its items stay as links unless ``with_items``; no object is touched either way."""
        await self._transport.delete(f"/mirrors/{part(mirror)}", query_of(with_items=with_items or None))
