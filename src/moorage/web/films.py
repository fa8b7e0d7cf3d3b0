"""The bytes of a converted video, by ranges."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from moorage.converting import Conversions
from moorage.edge.admission import headers_of
from moorage.model.costs import Meter
from moorage.model.errors import Changed, RangeUnsatisfiable
from moorage.model.keys import escape
from moorage.model.objects import ByteRange, ObjectBody
from moorage.reading.locate import Located
from moorage.web.sending import Answer, send_content


@dataclass(frozen=True, slots=True)
class FilmBytes:
    """A Source: one conversion of one version of an item."""

    conversions: Conversions
    located: Located
    size: int
    version: str
    media_type: str = "video/mp4"

    @property
    def name(self) -> str:
        return PurePosixPath(self.located.item.name).stem + ".mp4"

    @property
    def modified_ms(self) -> int:
        return self.located.item.modified_ms

    async def open(self, wanted: ByteRange | None = None) -> ObjectBody:
        found = await self.conversions.film(self.located)
        if found is None or (found.info.etag, found.info.size) != (self.version, self.size):
            if found is not None:
                await found.aclose()
            raise Changed("The converted video was forgotten meanwhile.", "Ask for it again.")
        return found.part(wanted)

    async def confirmed(self) -> FilmBytes:
        return self

    async def renewed(self) -> FilmBytes:
        return self

    def unsatisfiable(self) -> RangeUnsatisfiable:
        return RangeUnsatisfiable(
            f"{escape(self.name)!r} has {self.size} bytes; the range begins after its end.",
            "Ask for a range within it.",
            size=self.size,
        )


class FilmResponse(Response):
    """Sends a film as the byte routes send content."""

    def __init__(self, source: FilmBytes, meter: Meter) -> None:
        super().__init__()
        self._source = source
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        store = self._source.located.store.id
        answer = Answer(scope["method"], headers_of(scope), "", receive, send, store=store, meter=self._meter)
        await send_content(answer, self._source)
