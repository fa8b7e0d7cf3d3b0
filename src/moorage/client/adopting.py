"""Calls about adopted objects and aliases."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from moorage.client.calls import Calls, part
from moorage.client.codec import decode
from moorage.model.keys import ESCAPED, escape, needs_escape, unescape

_OUTCOMES: Final = frozenset({403, 404, 422})
"""Statuses that come with the same answer, where no object could be adopted."""


@dataclass(frozen=True, slots=True)
class AdoptFault:
    """Why an object was not adopted."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """Ids of items by address; ``ok``: nothing failed."""

    ok: bool
    created: Mapping[str, str] = field(default_factory=dict)
    existing: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, AdoptFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AliasSet:
    """One time that an alias was set; ``set_by`` is an e-mail."""

    item: str
    set_by: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Alias:
    """A name and what it stands for; ``history``, the last first, is told by ``alias`` and ``set_alias`` only."""

    name: str
    item: str
    set_by: str
    set_at: datetime
    history: tuple[AliasSet, ...] = ()


class AdoptingCalls(Calls):
    """Objects that are registered where they lie, and names for them."""

    async def adopt(
        self,
        project: str,
        urls: Sequence[str] = (),
        *,
        store: str = "",
        prefix: str = "",
        glob: str = "",
        folder: str | None = None,
    ) -> Adopted:
        """Give objects ids that stay, by up to 1,000 addresses, or what lies in a store below a prefix.

        A repeat answers the same ids. Addresses that failed are in ``errors``, be it all of them.
        """
        texts = {"store": store, "prefix": prefix, "glob": glob}
        odd = any(map(needs_escape, [*urls, *texts.values()]))
        body: dict[str, object] = {"urls": [escape(url) for url in urls] if odd else list(urls)}
        body |= {name: escape(text) if odd and name != "store" else text for name, text in texts.items()}
        body |= {"key_encoding": ESCAPED} if odd else {}
        body |= {} if folder is None else {"folder": folder}
        told = await self._transport.post(f"/projects/{part(project)}/adopt", body, also=_OUTCOMES)
        if isinstance(told, dict) and told.pop("key_encoding", None) == ESCAPED:
            told |= {name: {unescape(url): one for url, one in told[name].items()} for name in _BY_URL}
        return decode(Adopted, told)

    async def set_alias(self, project: str, name: str, item: str) -> Alias:
        """Let a name stand for an item from now on."""
        body = {"name": name, "item": item}
        return decode(Alias, await self._transport.post(f"/projects/{part(project)}/aliases", body))

    async def alias(self, project: str, name: str) -> Alias:
        """What a name stands for, and stood for. Raises: NotFound."""
        return decode(Alias, await self._transport.get(f"/projects/{part(project)}/aliases/{part(name)}"))

    async def aliases(self, project: str) -> AsyncGenerator[Alias, None]:
        """The names of a project."""
        async for row in self._transport.pages(f"/projects/{part(project)}/aliases", "aliases"):
            yield decode(Alias, row)


_BY_URL: Final = ("created", "existing", "errors")
