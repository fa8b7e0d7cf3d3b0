"""Calls about mirrors."""

from __future__ import annotations

from collections.abc import Sequence

from moorage.client.calls import Calls, given, part, query_of
from moorage.client.codec import decode
from moorage.client.credentials import ANONYMOUS, AnyCredentials, credentials_body
from moorage.client.shapes import Mirror, Started, StartedMirror, Suggestion
from moorage.model.keys import ESCAPED, escape, needs_escape
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
        store: str = "",
        project: str = "",
        *,
        address: str = "",
        store_name: str = "",
        endpoint: str = "",
        port: int | None = None,
        region: str = "",
        path_style: bool | None = None,
        ca: str = "",
        credentials: AnyCredentials = ANONYMOUS,
        writable: bool = False,
        force: bool = False,
        prefix: str = "",
        folder: str = "",
        create_project: bool = False,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        on_vanished: OnVanished | str = OnVanished.HIDE,
    ) -> StartedMirror:
        """Show an ``address``, or ``prefix`` of a store, as a folder of a project; the first index is the job named.

        For an address store and project are made where they are missing; names left out are suggested.
        ``writable``: a new store may be written to. Nothing is made where anything fails: ProbeFailed with the report
        (not with ``force``), StoreDenied, StoreUnreachable, Conflict where no project is named and it is shown already.
        """
        new = {
            "store_name": store_name,
            "endpoint": endpoint,
            "port": port,
            "region": region,
            "path_style": path_style,
            "ca": ca,
            "credentials": None if credentials == ANONYMOUS else credentials_body(credentials),
            "writable": writable or None,
            "force": force or None,
        }
        body = {
            **_escaped(store=store, address=address, prefix=prefix, folder=folder),
            "project": project,
            "create_project": create_project,
            "include": list(include),
            "exclude": list(exclude),
            "on_vanished": on_vanished,
        }
        body |= {name: value for name, value in new.items() if value not in ("", None)}
        return decode(StartedMirror, await self._transport.post("/mirrors", body))

    async def suggest_mirror(self, address: str, *, endpoint: str = "", region: str = "") -> Suggestion:
        """What ``add_mirror`` of an address would use and make. Nothing is asked of any store."""
        body = {**_escaped(address=address), "endpoint": endpoint, "region": region}
        return decode(Suggestion, await self._transport.post("/mirrors/suggest", body))

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


def _escaped(**names: str) -> dict[str, str]:
    """Names as JSON can hold them; what is empty is left out."""
    kept = {name: value for name, value in names.items() if value}
    if not any(map(needs_escape, kept.values())):
        return kept
    return {name: escape(value) for name, value in kept.items()} | {"key_encoding": ESCAPED}
