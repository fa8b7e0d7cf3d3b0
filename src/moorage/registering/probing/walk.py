"""One probe under way: its lines, its time, and what it may have put into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from moorage.model.administration import Administered, StoreAdministration
from moorage.model.errors import MoorageError, Refused, StoreDenied
from moorage.model.keys import Key
from moorage.model.probe import Finding, Permission, ProbeLine
from moorage.model.store import ObjectStore, Store
from moorage.registering.probing.names import needed

STEP_LIMIT_S: Final = 10.0
WHOLE_LIMIT_S: Final = 60.0
FOLDER: Final = ".moorage-probe/"
"""Below the store's prefix; nothing else is ever written by a probe."""


class NotTried(Exception):
    """The step has nothing to ask here; its text says why."""


class NotTold(Exception):
    """The provider has no such thing to tell; no line is written."""


class Lacking(Exception):
    """The provider refused nothing, and yet it is not as it should be: a sentence, and what to do."""

    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(detail)
        self.detail, self.advice = detail, advice


@dataclass
class Walk:
    """One check. ``origin``: that of our own pages, for CORS; empty: not asked."""

    store: Store
    opened: ObjectStore
    now_ms: int
    origin: str = ""
    lines: list[ProbeLine] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    sample: Key | None = None
    """An object that may be read."""
    sample_size: int = 0
    had_objects: bool = False
    unsure_of_credentials: bool = False
    """The first request was refused in words that both a wrong key and a missing permission have."""
    versioned: bool = False
    base: Key | None = None
    """The object that this check writes; names of its others begin with it."""
    maybe: set[Key] = field(default_factory=set)
    """Objects that may lie there because of this check, whether the store said so or not."""
    written: set[Key] = field(default_factory=set)
    """Those of which the store said so."""
    kept: Key | None = None
    """Where nothing may be deleted: the one object that all checks use."""
    ends_at: float = field(default_factory=lambda: asyncio.get_running_loop().time() + WHOLE_LIMIT_S)

    @property
    def folder(self) -> str:
        """Where probe objects go."""
        return f"{self.store.prefix}{FOLDER}"

    @property
    def administration(self) -> StoreAdministration | None:
        """The bucket's; None where there is no such thing."""
        return self.opened.administration if isinstance(self.opened, Administered) else None

    @property
    def signs(self) -> bool:
        """Whether requests carry credentials."""
        return self.administration is not None and self.store.connection.credentials.kind != "anonymous"

    async def step(self, permission: Permission, ask: Callable[[], Awaitable[str]], *, required: bool = True) -> bool:
        """Run one step and write its line; True when it is ok."""
        detail, advice = "", ""
        left_s = self.ends_at - asyncio.get_running_loop().time()
        if left_s <= 0:
            self.unknown((permission,), f"Not tried: the check had used its {WHOLE_LIMIT_S:.0f} s.", required=required)
            return False
        limit_s = min(STEP_LIMIT_S, left_s)
        try:
            async with asyncio.timeout(limit_s):
                detail = await ask()
            finding = Finding.OK
        except NotTold:
            return False
        except NotTried as why:
            finding, required, detail = Finding.SKIPPED, False, str(why)
        except Lacking as lack:
            finding, detail, advice = Finding.MISSING, lack.detail, lack.advice
        except StoreDenied as exc:
            finding, detail = Finding.MISSING, exc.message
            advice = exc.advice or self.advice(permission)
        except Refused as exc:
            finding, required, detail = Finding.SKIPPED, False, f"Not tried: {exc.message}"
        except TimeoutError:
            finding, detail = Finding.UNKNOWN, f"No answer within {limit_s:.0f} s."
            advice = "Check the endpoint, the network and any firewall between, then check again."
        except MoorageError as exc:
            finding, detail, advice = Finding.UNKNOWN, exc.message, exc.advice
        self.lines.append(ProbeLine(permission, finding, required, detail, advice))
        return finding is Finding.OK

    def skip(self, permissions: Iterable[Permission], detail: str) -> None:
        """Write lines for steps that were not tried."""
        self.lines += [
            ProbeLine(permission, Finding.SKIPPED, required=False, detail=detail) for permission in permissions
        ]

    def unknown(self, permissions: Iterable[Permission], detail: str, *, required: bool = True) -> None:
        """Write lines for steps that could not be tried."""
        self.lines += [
            ProbeLine(permission, Finding.UNKNOWN, required=required, detail=detail) for permission in permissions
        ]

    def found(self, permission: Permission) -> Finding | None:
        """What the step found; None before it."""
        return next((line.finding for line in self.lines if line.permission is permission), None)

    def advice(self, permission: Permission) -> str:
        """What to allow."""
        need = needed(self.store.connection.provider, permission)
        return f"Allow {need}." if need else ""

    @property
    def ordered(self) -> tuple[ProbeLine, ...]:
        """All lines, in the order of ``Permission``."""
        order = list(Permission)
        return tuple(sorted(self.lines, key=lambda line: order.index(line.permission)))
